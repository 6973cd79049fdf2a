use super::*;

#[test]
fn numbers_as_the_real_server_writes_them() {
    for (number, expected) in [
        (1000.0, "1000"),
        (0.5, "0.5"),
        (-0.0, "-0"),
        (0.000_001, "0.000001"),
        (1e-7, "1e-7"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1.5e300, "-1.5e+300"),
        (18_446_744_073_709_551_616.0, "18446744073709552000"),
    ] {
        assert_eq!(float(number), Ok(expected.to_owned()));
    }
    assert_eq!(float(f64::INFINITY), Err("+Inf"));
    assert_eq!(float(f64::NEG_INFINITY), Err("-Inf"));
    assert_eq!(float(f64::NAN), Err("NaN"));
}
