"""The life of a namespace, through each SDK, and the regions."""

from expectations import NAMESPACES, REGIONS

REGION = REGIONS[0]
NAME = "名 n+a*m~e & 100%"
DESCRIPTION = "說明 = \"quoted\" #1"


def short(namespace):
    return namespace.split(":")[1]


def test_create_describe_update_delete(cloud, new_namespace, identifier):
    named = {identifier: new_namespace if identifier == "NamespaceId" else short(new_namespace)}

    def expect(name, description, data):
        assert data["NamespaceId"] == new_namespace
        assert data["NamespaceName"] == name
        assert data["NamespaceDescription"] == description
        assert data["RegionId"] == REGION
        if "NameSpaceShortId" in cloud.adapter.namespace_identifiers:
            assert data["NameSpaceShortId"] == short(new_namespace)

    created = cloud.call("CreateNamespace", **named, NamespaceName=NAME, NamespaceDescription="")
    expect(NAME, "", created["Data"])
    expect(NAME, "", cloud.call("DescribeNamespace", **named)["Data"])

    updated = cloud.call("UpdateNamespace", **named, NamespaceName="plain", NamespaceDescription=DESCRIPTION)
    expect("plain", DESCRIPTION, updated["Data"])
    expect("plain", DESCRIPTION, cloud.call("DescribeNamespace", **named)["Data"])

    resources = cloud.call("DescribeNamespaceResources", **named)["Data"]
    assert resources["NamespaceId"] == new_namespace
    assert resources["NamespaceName"] == "plain"
    assert resources["Description"] == DESCRIPTION
    assert resources["BelongRegion"] == REGION
    assert resources["AppCount"] == 0
    assert type(resources["AppCount"]) is int

    deleted = cloud.call("DeleteNamespace", **named)
    assert "Data" not in deleted
    cloud.refused("InvalidNamespaceId.NotFound", [], "DescribeNamespace", **named)


def test_a_namespace_of_the_world(cloud):
    data = cloud.call("DescribeNamespace", NamespaceId=NAMESPACES["standing"])["Data"]
    assert data["NamespaceId"] == NAMESPACES["standing"]
    assert data["NamespaceName"] == "test"
    assert data["NamespaceDescription"] == ""


def test_deletion_takes_the_secrets_along(cloud, new_namespace):
    create = {"NamespaceId": new_namespace, "NamespaceName": "short-lived", "NamespaceDescription": ""}
    cloud.call("CreateNamespace", **create)
    secret_id = cloud.create(new_namespace, "inside", {"k": "v"})
    cloud.call("DeleteNamespace", NamespaceId=new_namespace)
    cloud.refused("InvalidNamespaceId.NotFound", [], "ListSecrets", NamespaceId=new_namespace)

    # And a namespace that is made anew under the same id does not bring them back.
    cloud.call("CreateNamespace", **create)
    assert cloud.listed(new_namespace) == []
    cloud.refused(
        "InvalidSecretId.NotFound", [str(secret_id)], "DescribeSecret", NamespaceId=new_namespace, SecretId=secret_id
    )
    cloud.call("DeleteNamespace", NamespaceId=new_namespace)


def test_pages_of_namespaces(cloud, namespace):
    size = 2
    found = []
    total = None
    page = 1
    while total is None or (page - 1) * size < total:
        data = cloud.call("DescribeNamespaces", CurrentPage=page, PageSize=size)["Data"]
        assert data["CurrentPage"] == page
        assert data["PageSize"] == size
        assert type(data["TotalSize"]) is int
        assert total in (None, data["TotalSize"])
        total = data["TotalSize"]
        assert len(data["Namespaces"]) == min(size, total - len(found))
        found += data["Namespaces"]
        page += 1
    ids = [entry["NamespaceId"] for entry in found]
    assert len(ids) == len(set(ids)) == total
    assert {NAMESPACES["standing"], NAMESPACES["tiny"], namespace} <= set(ids)
    entry = found[ids.index(namespace)]
    assert entry["NamespaceName"] == "scratch"
    assert entry["NamespaceDescription"] == ""
    assert entry["RegionId"] == REGION


def test_the_list_starts_with_the_default_namespace(cloud, namespace):
    bare = cloud.call("DescribeNamespaceList")["Data"]
    assert bare[0]["NamespaceId"] == NAMESPACES["default"]
    assert bare[0]["RegionId"] == REGION

    complete = cloud.call("DescribeNamespaceList", ContainCustom=True, HybridCloudExclude=True)["Data"]
    assert complete[0]["NamespaceId"] == NAMESPACES["default"]
    names = {entry["NamespaceId"]: entry["NamespaceName"] for entry in complete}
    assert names[NAMESPACES["standing"]] == "test"
    assert names[namespace] == "scratch"


def test_regions(cloud):
    regions = cloud.call("DescribeRegions")["Regions"]["Region"]
    assert sorted(region["RegionId"] for region in regions) == REGIONS
    for region in regions:
        assert region["LocalName"]
        assert region["RegionEndpoint"]
        assert region["RecommendZones"]["RecommendZone"] == []
