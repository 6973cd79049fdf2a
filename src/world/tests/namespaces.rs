//! The `namespaces` of a world file.

use super::*;

#[test]
fn a_namespace_is_read_with_what_stands_in_it() {
    let world = world(
        "\
quotas: { namespaces: 2 }
namespaces:
  - { id: cn-beijing:a1 }
  - id: cn-beijing:b
    name: Bé
    description: about b
    quotas: { keys_per_secret: 0 }
    applications:
      - { name: one, secrets: [not-there-yet, s] }
      - { id: f16b4000, name: two }
    clusters: [c1, 2]
  - { id: cn-beijing, quotas: { secrets_per_namespace: 1 }, applications: [{ name: a }], clusters: [c] }
",
    );
    let [a, b] = &world.namespaces[..] else { panic!("two namespaces") };
    assert_eq!((a.name.as_str(), a.description.as_str()), ("a1", ""));
    assert_eq!((b.name.as_str(), b.description.as_str()), ("Bé", "about b"));
    let cloud = &world.cloud;
    assert_eq!((cloud.quotas.keys_in(&b.id), cloud.quotas.secrets_in(&b.id)), (0, 100));
    let [one, two] = cloud.applications_in(&b.id) else { panic!("two applications") };
    assert_eq!(
        (one.name.as_str(), &one.secrets[..]),
        ("one", &["not-there-yet".into(), "s".into()][..])
    );
    assert_eq!((two.id.as_str(), two.name.as_str(), two.secrets.len()), ("f16b4000", "two", 0));
    assert_eq!(cloud.clusters[&b.id], ["c1", "2"]);
    assert!(!cloud.has_clusters(&a.id));
    let default = id("cn-beijing");
    assert_eq!(cloud.quotas.secrets_in(&default), 1);
    assert!(cloud.has_clusters(&default) && cloud.applications_in(&default).len() == 1);
}

#[test]
fn an_application_without_an_id_has_the_same_one_at_every_start() {
    let made = |account: u32, name: &str| {
        let applications = format!("applications: [{{ name: {name} }}]");
        let text =
            format!("account: {account}\nnamespaces: [{{ id: cn-beijing:b, {applications} }}]");
        world(&text).cloud.applications_in(&id("cn-beijing:b"))[0].id.clone()
    };
    assert_eq!(made(1, "one"), "ad87f71e-bcb8-5dda-8662-1ac6731281ab");
    assert_ne!(made(1, "one"), made(2, "one"));
    assert_ne!(made(1, "one"), made(1, "two"));
}

#[test]
fn namespaces_have_rules() {
    for bad in ["cn-x:", "cn-x:A", "cn-x:a_b", "cn-x:a:b", "cn-x: a", "beijing", ":a", ""] {
        check(
            "namespaces: [{ id: … }]",
            &format!("@'{bad}' => not a namespace id; one is REGION:ID, "),
        );
    }
    let (name, description) = ("é".repeat(64), "é".repeat(100));
    let field = "namespaces: [{ id: cn-beijing:a, … }]";
    world(&field.replace('…', &format!("name: {name}, description: {description}")));
    check(
        field,
        &format!(
            "name: @{name}n => a namespace's name has 1 to 64 characters, no control characters"
        ),
    );
    check(
        field,
        &format!(
            "description: @{description}d => a namespace's description has at most 100 characters"
        ),
    );
    check(
        field,
        r#"
        name: @'' => a namespace's name has 1 to 64 characters, no control characters
        name: @"\a" => a namespace's name
        description: @"\0" => a namespace's description
        applications: [{ name: @'' }] => expected a text that is not empty, no control characters
        applications: [{ name: a, id: @'' }] => expected a text that is not empty
        applications: [{ name: a, secrets: [@-s] }] => a secret's name is a letter, then letters, digits, '-' and '_'
        applications: [{ name: a }, @{ name: a }] => this application stands twice; the first is at 1:49
        clusters: [@"\0"] => expected a text that is not empty, no control characters
        "#,
    );
    check(
        "{ regions: [cn-x], quotas: { namespaces: 1 }, namespaces: [{ id: cn-x }, …] }",
        "
        @{ id: cn-x } => this namespace stands twice; the first is at 1:60
        { id: @cn-y:a } => the region of this namespace is not served; `regions` says which are
        { id: cn-x:a }, @{ id: cn-x:b }, { id: cn-x:c } => the quota of 1 namespaces is full before this one
        ",
    );
    check(
        "namespaces: [{ id: cn-beijing, … }]",
        "
        name: @a => a region's default namespace has no name or description
        description: @'' => a region's default namespace has no name or description
        ",
    );
}
