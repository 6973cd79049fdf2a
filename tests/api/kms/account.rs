//! DescribeRegions, ListKmsInstances, OpenKmsService, DescribeAccountKmsStatus.

use super::harness::*;

#[test]
fn the_regions_are_those_of_the_world_in_its_order() {
    let kms = Kms::start();
    let regions =
        json!({"Regions": {"Region": [{"RegionId": REGION}, {"RegionId": "cn-beijing"}]}});
    assert_eq!(kms.ok("DescribeRegions", &[]), regions);
    assert_eq!(kms.ok("DescribeRegions", &[("RegionId", "cn-beijing")]), regions);
    let reply = kms.call("DescribeRegions", &[("Format", "XML")]);
    let list = "<Regions><Region><RegionId>cn-hangzhou</RegionId></Region>\
                <Region><RegionId>cn-beijing</RegionId></Region></Regions>";
    assert!(reply.text().contains(list), "{}", reply.text());
    let message = not_valid("RegionId", "is not served here");
    let nowhere = [("RegionId", "cn-nowhere")];
    kms.refused("DescribeRegions", &nowhere, 400, "InvalidParameter", &message);
}

#[test]
fn instances_are_listed_page_by_page() {
    let kms = Kms::start();
    let instance = |id: &str| json!({"KmsInstanceId": id, "KmsInstanceArn": format!("acs:kms:{REGION}:{ACCOUNT}:keystore/{id}")});
    let page = |instances: Value, number: u32, size: u32| {
        json!({
            "KmsInstances": {"KmsInstance": instances},
            "PageNumber": number, "PageSize": size, "TotalCount": 2,
        })
    };
    let (away, good) = (instance("kst-away"), instance("kst-good"));
    let listed = |given: Given| kms.ok("ListKmsInstances", given);
    assert_eq!(listed(&[]), page(json!([away, good]), 1, 20));
    let one = ("PageSize", "1");
    assert_eq!(listed(&[one]), page(json!([away]), 1, 1));
    assert_eq!(listed(&[one, ("PageNumber", "2")]), page(json!([good]), 2, 1));
    assert_eq!(listed(&[one, ("PageNumber", "9")]), page(json!([]), 9, 1));
    assert_eq!(listed(&[("PageSize", "100")]), page(json!([away, good]), 1, 100));
    for (name, value, most) in
        [("PageSize", "101", "100"), ("PageSize", "0", "100"), ("PageNumber", "0", "2147483647")]
    {
        let message = not_valid(name, &format!("is not a whole number from 1 to {most}"));
        kms.refused("ListKmsInstances", &[(name, value)], 400, "InvalidParameter", &message);
    }
    // Where the world names none, the list is there.
    let none = Kms::start_with("").ok("ListKmsInstances", &[]);
    assert_eq!(
        (&none["KmsInstances"], &none["TotalCount"]),
        (&json!({"KmsInstance": []}), &json!(0))
    );
}

#[test]
fn the_service_is_open() {
    let kms = Kms::start();
    assert_eq!(kms.ok("OpenKmsService", &[]), json!({}));
    assert_eq!(kms.ok("DescribeAccountKmsStatus", &[]), json!({"AccountStatus": "Enabled"}));
}
