import java.util.Map;

/** Methods and paths of the operations: those who call a core without generated classes write them themselves. */
record Route(String method, String path) {
    private static final String SECRET = "/pop/v1/sam/secret/secret";
    private static final String NAMESPACE = "/pop/v1/paas/namespace";

    private static final Map<String, Route> ALL = Map.ofEntries(
            Map.entry("CreateSecret", new Route("POST", SECRET)),
            Map.entry("UpdateSecret", new Route("PUT", SECRET)),
            Map.entry("DescribeSecret", new Route("GET", SECRET)),
            Map.entry("DeleteSecret", new Route("DELETE", SECRET)),
            Map.entry("ListSecrets", new Route("GET", "/pop/v1/sam/secret/secrets")),
            Map.entry("CreateNamespace", new Route("POST", NAMESPACE)),
            Map.entry("UpdateNamespace", new Route("PUT", NAMESPACE)),
            Map.entry("DescribeNamespace", new Route("GET", NAMESPACE)),
            Map.entry("DeleteNamespace", new Route("DELETE", NAMESPACE)),
            Map.entry("DescribeNamespaces", new Route("GET", "/pop/v1/paas/namespaces")),
            Map.entry("DescribeNamespaceList", new Route("GET", "/pop/v1/sam/namespace/describeNamespaceList")),
            Map.entry(
                    "DescribeNamespaceResources",
                    new Route("GET", "/pop/v1/sam/namespace/describeNamespaceResources")),
            Map.entry("DescribeRegions", new Route("GET", "/pop/v1/paas/regionConfig")));

    static Route of(String operation) {
        return ALL.get(operation);
    }
}
