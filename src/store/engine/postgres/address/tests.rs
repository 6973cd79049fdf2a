//! Which addresses are taken, and what is said of the others.

use super::*;

#[test]
fn addresses_are_read() {
    let address = PostgresAddress::parse(
        "u:p%40ss%3Aw%2F@h:5433,h2/db?sslmode=verify-full&sslrootcert=/ca.pem&pool_size=3&prepare=off\
         &application_name=it%27s&connect_timeout=7&keepalives_count=4",
    )
    .unwrap();
    let config = &address.config;
    assert_eq!(config.get_password(), Some(&b"p@ss:w/"[..]));
    assert_eq!(config.get_user(), Some("u"));
    assert_eq!(config.get_dbname(), Some("db"));
    assert_eq!(config.get_hosts().len(), 2);
    assert_eq!(config.get_application_name(), Some("it's"));
    assert_eq!(config.get_connect_timeout(), Some(&Duration::from_secs(7)));
    assert_eq!(config.get_keepalives_retries(), Some(4));
    assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::ReadWrite);
    assert_eq!(config.get_ssl_mode(), SslMode::Require);
    assert_eq!(address.trust, Trust::NamedBy("/ca.pem".into()));
    assert_eq!((address.pool_size, address.names_statements), (3, false));
    let shown = format!("{address} {address:?}");
    assert!(shown.starts_with("postgres://u@h:5433,h2:5432/db"), "{shown}");
    assert!(!shown.contains("ss:w") && !shown.contains("p%40"), "{shown}");
}

#[test]
fn sockets_are_found_by_their_folder() {
    for (text, shown) in [
        ("/db?host=%2Frun%2Fpg&user=u", "postgres://u@/run/pg/db"),
        ("u@%2Frun%2Fpg/db", "postgres://u@/run/pg:5432/db"),
    ] {
        let address = PostgresAddress::parse(text).unwrap();
        assert_eq!(address.config.get_hosts(), [Host::Unix("/run/pg".into())], "{text}");
        assert_eq!(address.to_string(), shown);
    }
}

#[test]
fn hosts_and_passwords_can_be_parameters() {
    let parameters = "host=h1,h2&hostaddr=127.0.0.1,::1&port=5433,&user=u&password=a%2Bb+c&load_balance_hosts=random";
    let address = PostgresAddress::parse(&format!("/db?{parameters}")).unwrap();
    assert_eq!(address.to_string(), "postgres://u@h1:5433,h2:5432/db");
    assert_eq!(address.config.get_hostaddrs().len(), 2);
    assert_eq!(address.config.get_password(), Some(&b"a+b+c"[..]));

    let bare = PostgresAddress::parse("u@/db?hostaddr=127.0.0.1&port=5433").unwrap();
    assert_eq!(bare.to_string(), "postgres://u@127.0.0.1:5433/db");
    assert_eq!(bare.config.get_password(), None);
}

#[test]
fn what_is_left_out_is_filled_in() {
    let address = PostgresAddress::parse("u@h/db?sslmode=require&sslrootcert=/ca.pem").unwrap();
    assert_eq!(address.trust, Trust::SignedBy("/ca.pem".into()), "as libpq infers it");
    assert_eq!((address.pool_size, address.names_statements), (POOL_SIZE, true));
    assert_eq!(address.config.get_connect_timeout(), Some(&CONNECT_TIMEOUT));
    assert_eq!(address.config.get_keepalives_idle(), KEEPALIVES_IDLE);
    assert_eq!(address.config.get_target_session_attrs(), TargetSessionAttrs::Any);
}

#[test]
fn what_is_given_stays_also_where_it_is_the_librarys_default() {
    let given = "keepalives_idle=7200&target_session_attrs=any";
    let config = PostgresAddress::parse(&format!("u@h,h2/db?{given}")).unwrap().config;
    assert_eq!(config.get_keepalives_idle(), Duration::from_hours(2));
    assert_eq!(config.get_target_session_attrs(), TargetSessionAttrs::Any);
}

#[test]
fn mistakes_are_named_without_their_values() {
    for (text, named) in [
        ("u:hidden@h/db?sslmod=hidden", "sslmod"),
        ("u:hidden@h/db?sslmode=hidden", "sslmode"),
        ("u:hidden@h/db?sslmode=allow", "sslmode"),
        ("u:hidden@h/db?sslmode=verify-full", "sslrootcert"),
        ("u:hidden@h/db?sslmode=verify-ca&sslrootcert=system", "verify-full"),
        ("u:hidden@h/db?sslmode=verify-full&sslrootcert=", "sslrootcert"),
        ("u:hidden@h/db?sslcert=hidden", "sslkey"),
        ("u:hidden@h/db?pool_size=0", "pool_size"),
        ("u:hidden@h/db?pool_size=hidden", "pool_size"),
        ("u:hidden@h/db?prepare=hidden", "prepare"),
        ("u:hidden@h/db?connect_timeout=hidden", "connect_timeout"),
        ("u:hidden@h/db?host=hidden", "host"),
        ("u:hidden@h:hidden/db", "port"),
        ("u:hidden@h:%ff/db", "host:port"),
        ("u:hidden@:5433/db", "without a name"),
        ("u:hidden@h/db?port=1,2", "ports"),
        ("u:hidden@h/db?hostaddr=hidden", "hostaddr"),
        ("u:hidden@h/db?hostaddr=127.0.0.1,127.0.0.2", "hostaddrs"),
        ("u:hidden@h/db?keepalives_count=hidden", "keepalives_count"),
        ("u:hidden@h/db?application_name=%ff", "UTF-8"),
        ("u@h/db?password=12&hidden%21=3", "no name"),
        ("u@h/db?password=12&4=hidden", "no name"),
        ("u:12?hidden=x@h/db", "%40"),
        ("u:hidden@hidden@h/db", "%40"),
        ("u:1234/hidden@h/db", "%40"),
        ("u:hidden@h/db?sslmode=disable&sslmode=require", "sslmode twice"),
        ("u:hidden@h/db?%68idden1=1", "no name"),
    ] {
        let refused = PostgresAddress::parse(text).unwrap_err().to_string();
        assert!(refused.contains(named) && !refused.contains("hidden"), "{text}: {refused}");
    }
}
