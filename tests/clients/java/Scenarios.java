import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * The life of secrets and namespaces, and the refusals, through whichever way of calling it is given. The suites of the
 * other languages run the same scenarios; the values and the errors stand in expectations.json for all.
 */
@SuppressWarnings("unchecked")
record Scenarios(Way way, Cloud dev) {
    private static final String OPAQUE = "Opaque";
    private static final String DOCKER = "kubernetes.io/dockerconfigjson";
    private static final String TLS = "kubernetes.io/tls";
    private static final Map<String, String> KV = Map.of("k", "v");
    private static final long MINUTE = 60_000;

    private record Life(String title, String type, Map<String, String> first, Map<String, String> second) {}

    private static final List<Life> LIVES = List.of(
            new Life("opaque", OPAQUE, Expectations.VALUES, Map.of("other", "value", "plain", "changed")),
            new Life(
                    "docker",
                    DOCKER,
                    Expectations.dockerConfig("docker_config"),
                    Expectations.dockerConfig("docker_config_changed")),
            new Life(
                    "tls",
                    TLS,
                    Map.of("tls.crt", Expectations.CERTIFICATE, "tls.key", Expectations.PRIVATE_KEY),
                    Map.of(
                            "tls.crt", Expectations.base64(Expectations.CERTIFICATE),
                            "tls.key", Expectations.base64(Expectations.PRIVATE_KEY))));

    Scenarios(Way way) {
        this(way, Cloud.of(way, "dev"));
    }

    private static Map<String, Object> without(Map<String, Object> whole, String... names) {
        var rest = new HashMap<>(whole);
        List.of(names).forEach(rest::remove);
        return rest;
    }

    private static List<Object> members(List<Map<String, Object>> entries, String name) {
        return entries.stream().map(entry -> entry.get(name)).toList();
    }

    // --- secrets

    Stream<DynamicTest> secrets() {
        var lives = LIVES.stream().map(life -> dynamicTest(
                "create, update, describe, list, delete: " + life.title(),
                () -> dev.inNamespace(namespace -> live(namespace, life))));
        var values = Expectations.VALUES.entrySet().stream().map(value -> dynamicTest(
                "a value comes back as it was sent: " + value.getKey(),
                () -> comesBack(value.getKey(), value.getValue())));
        var others = Stream.of(
                dynamicTest("a value of 60 KiB", () -> dev.inNamespace(this::largeValue)),
                dynamicTest("a list is in the order of the ids", () -> dev.inNamespace(this::orderOfList)),
                dynamicTest("a name is free after deletion and an id never is", () -> dev.inNamespace(this::freeName)),
                dynamicTest("a name is taken once in a namespace", () -> dev.inNamespace(this::takenName)),
                dynamicTest("the default namespace holds secrets", this::defaultNamespace),
                dynamicTest("a secret is not found from another namespace", () -> dev.inNamespace(this::elsewhere)),
                dynamicTest("the quota of a namespace", this::quota),
                dynamicTest("a docker config whose auth contradicts its password", this::contradiction),
                dynamicTest(
                        "an update must keep the key that the type requires", () -> dev.inNamespace(this::requiredKey)),
                dynamicTest("a certificate needs its private key", this::missingPrivateKey));
        return Stream.of(lives, values, others).flatMap(tests -> tests);
    }

    private void live(String namespace, Life life) {
        String name = "registry-auth_" + life.title();
        long id = dev.create(namespace, name, life.type(), life.first());
        assertTrue(id > 0);

        var created = dev.describe(namespace, id);
        assertEquals(
                Map.of(
                        "NamespaceId", namespace,
                        "SecretId", id,
                        "SecretName", name,
                        "SecretType", life.type(),
                        "SecretData", life.first(),
                        "RelateApps", List.of()),
                without(created, "CreateTime", "UpdateTime"));
        // Within a minute of our own clock only if the unit is milliseconds.
        assertTrue(Math.abs((long) created.get("CreateTime") - System.currentTimeMillis()) < MINUTE);
        assertEquals(created.get("CreateTime"), created.get("UpdateTime"));

        pause();
        var reply = dev.call("UpdateSecret", Cloud.change(namespace, id, life.second()));
        assertEquals(Map.of("SecretId", id), reply.get("Data"));

        var updated = dev.describe(namespace, id);
        assertTrue((long) updated.get("UpdateTime") > (long) created.get("UpdateTime"));
        // An update replaces the whole map: no key of the first may be left.
        assertEquals(life.second(), updated.get("SecretData"));
        assertEquals(without(created, "SecretData", "UpdateTime"), without(updated, "SecretData", "UpdateTime"));

        // A list shows all but the values.
        assertEquals(List.of(without(updated, "SecretData")), dev.list(namespace));

        assertEquals(Map.of("SecretId", id), dev.delete(namespace, id));
        assertEquals(List.of(), dev.list(namespace));
        dev.refused("InvalidSecretId.NotFound", List.of("" + id), "DescribeSecret", Cloud.named(namespace, id));
    }

    /** So that a moved UpdateTime shows even on a coarse clock. */
    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private void comesBack(String key, String value) {
        // A second key, for a map with the one key SecretData is by rule an envelope and not a secret.
        var data = Map.of(key, value, "beside", "it");
        long id = dev.create(Expectations.STANDING, "value", OPAQUE, data);
        try {
            assertEquals(data, dev.describe(Expectations.STANDING, id).get("SecretData"));
        } finally {
            dev.delete(Expectations.STANDING, id);
        }
    }

    private void largeValue(String namespace) {
        assertEquals(60 * 1024, Expectations.LARGE_VALUE.length());
        long id = dev.create(namespace, "large", OPAQUE, Map.of("k", Expectations.LARGE_VALUE));
        assertEquals(Map.of("k", Expectations.LARGE_VALUE), dev.describe(namespace, id).get("SecretData"));
        var changed = Map.of("k", new StringBuilder(Expectations.LARGE_VALUE).reverse().toString());
        dev.call("UpdateSecret", Cloud.change(namespace, id, changed));
        assertEquals(changed, dev.describe(namespace, id).get("SecretData"));
    }

    private void orderOfList(String namespace) {
        var names = List.of("zeta", "alpha", "Mid_dle");
        var ids = names.stream().map(name -> dev.create(namespace, name, OPAQUE, KV)).toList();
        assertEquals(ids.stream().sorted().distinct().toList(), ids);
        assertEquals(ids, members(dev.list(namespace), "SecretId"));
        assertEquals(names, members(dev.list(namespace), "SecretName"));
    }

    private void freeName(String namespace) {
        long first = dev.create(namespace, "again", OPAQUE, KV);
        dev.delete(namespace, first);
        assertTrue(dev.create(namespace, "again", OPAQUE, KV) > first);
    }

    private void takenName(String namespace) {
        dev.create(namespace, "taken", OPAQUE, KV);
        dev.refused(
                "SecretNameConflict.AlreadyExist",
                List.of("taken"),
                "CreateSecret",
                Cloud.creation(namespace, "taken", OPAQUE, KV));
        // Elsewhere it is free.
        dev.delete(Expectations.STANDING, dev.create(Expectations.STANDING, "taken", OPAQUE, KV));
    }

    private void defaultNamespace() {
        long id = dev.create(Expectations.DEFAULT, "in_default", OPAQUE, KV);
        assertEquals(Expectations.DEFAULT, dev.describe(Expectations.DEFAULT, id).get("NamespaceId"));
        assertEquals(List.of(id), members(dev.list(Expectations.DEFAULT), "SecretId"));
        dev.delete(Expectations.DEFAULT, id);
        assertEquals(List.of(), dev.list(Expectations.DEFAULT));
    }

    private void elsewhere(String namespace) {
        long id = dev.create(namespace, "mine", OPAQUE, KV);
        var arguments = List.of("" + id);
        var named = Cloud.named(Expectations.STANDING, id);
        dev.refused("InvalidSecretId.NotFound", arguments, "DescribeSecret", named);
        var change = Cloud.change(Expectations.STANDING, id, Map.of("k", "w"));
        dev.refused("InvalidSecretId.NotFound", arguments, "UpdateSecret", change);
        dev.refused("InvalidSecretId.NotFound", arguments, "DeleteSecret", named);
        assertEquals(KV, dev.describe(namespace, id).get("SecretData"));
    }

    private void quota() {
        // Emptied on both sides, so that a failure does not spread.
        empty(Expectations.TINY);
        try {
            long only = dev.create(Expectations.TINY, "only", OPAQUE, KV);
            var second = Cloud.creation(Expectations.TINY, "second", OPAQUE, KV);
            dev.refused("QuotaExceeded.SecretInNamespace", null, "CreateSecret", second);
            assertEquals(List.of(only), members(dev.list(Expectations.TINY), "SecretId"));
            dev.delete(Expectations.TINY, only);
            dev.call("CreateSecret", second);
        } finally {
            empty(Expectations.TINY);
        }
    }

    private void empty(String namespace) {
        members(dev.list(namespace), "SecretId").forEach(id -> dev.delete(namespace, (long) id));
    }

    private void contradiction() {
        var data = Expectations.dockerConfig("docker_config_contradicting");
        var creation = Cloud.creation(Expectations.STANDING, "refused", DOCKER, data);
        dev.refused("InvalidParameter.WithMessage", null, "CreateSecret", creation);
    }

    private void requiredKey(String namespace) {
        var config = Expectations.dockerConfig("docker_config");
        long id = dev.create(namespace, "registry", DOCKER, config);
        dev.refused(
                "InvalidSecretDataKey.NotFound",
                List.of(".dockerconfigjson", "registry"),
                "UpdateSecret",
                Cloud.change(namespace, id, Map.of("config.json", "e30=")));
        assertEquals(config, dev.describe(namespace, id).get("SecretData"));
    }

    private void missingPrivateKey() {
        var alone = Map.of("tls.crt", Expectations.CERTIFICATE);
        dev.refused(
                "InvalidSecretDataKey.NotFound",
                List.of("tls.key", "refused"),
                "CreateSecret",
                Cloud.creation(Expectations.STANDING, "refused", TLS, alone));
        var twice = Map.of("tls.crt", Expectations.CERTIFICATE, "tls.key", Expectations.CERTIFICATE);
        dev.refused(
                "InvalidParameter.WithMessage",
                null,
                "CreateSecret",
                Cloud.creation(Expectations.STANDING, "refused", TLS, twice));
    }

    // --- refusals

    Stream<DynamicTest> refusals(Predicate<String> operations) {
        return Expectations.REFUSALS.stream()
                .filter(refusal -> operations.test((String) refusal.get("operation")))
                .map(refusal -> dynamicTest((String) refusal.get("title"), () -> {
                    var before = dev.list(Expectations.STANDING);
                    dev.refused(
                            (String) refusal.get("code"),
                            (List<String>) refusal.get("arguments"),
                            (String) refusal.get("operation"),
                            (Map<String, Object>) refusal.get("parameters"));
                    assertEquals(before, dev.list(Expectations.STANDING));
                }));
    }

    // --- namespaces

    Stream<DynamicTest> namespaces() {
        var lives = way.identifiers().stream().map(identifier -> dynamicTest(
                "create, describe, update, delete by " + identifier, () -> liveNamespace(identifier)));
        var others = Stream.of(
                dynamicTest("a namespace of the world", this::ofTheWorld),
                dynamicTest("deletion takes the secrets along", this::deletion),
                dynamicTest("pages of namespaces", () -> dev.inNamespace(this::pages)),
                dynamicTest("the list starts with the default namespace", () -> dev.inNamespace(this::listed)),
                dynamicTest("regions", this::regions));
        return Stream.concat(lives, others);
    }

    private void liveNamespace(String identifier) {
        String name = "名 n+a*m~e & 100%";
        String description = "說明 = \"quoted\" #1";
        String id = Cloud.newNamespace();
        Object value = identifier.equals("NamespaceId") ? id : id.split(":")[1];
        Map<String, Object> named = Map.of(identifier, value);
        var first = Map.of(identifier, value, "NamespaceName", name, "NamespaceDescription", "");
        var second = Map.of(identifier, value, "NamespaceName", "plain", "NamespaceDescription", description);

        assertNamespace(dev.call("CreateNamespace", first), id, name, "");
        assertNamespace(dev.call("DescribeNamespace", named), id, name, "");

        assertNamespace(dev.call("UpdateNamespace", second), id, "plain", description);
        assertNamespace(dev.call("DescribeNamespace", named), id, "plain", description);

        var resources = Cloud.data(dev.call("DescribeNamespaceResources", named));
        assertEquals(id, resources.get("NamespaceId"));
        assertEquals("plain", resources.get("NamespaceName"));
        assertEquals(description, resources.get("Description"));
        assertEquals(Expectations.REGION, resources.get("BelongRegion"));
        assertEquals(0L, resources.get("AppCount"));

        assertFalse(dev.call("DeleteNamespace", named).containsKey("Data"));
        dev.refused("InvalidNamespaceId.NotFound", List.of(), "DescribeNamespace", named);
    }

    private void assertNamespace(Map<String, Object> reply, String id, String name, String description) {
        var found = new HashMap<>(Cloud.data(reply));
        if (!way.hasOldModels()) {
            assertInstanceOf(Boolean.class, found.remove("EnableMicroRegistration"));
            assertEquals(id.split(":")[1], found.remove("NameSpaceShortId"));
        }
        assertEquals(
                Map.of(
                        "NamespaceId", id,
                        "NamespaceName", name,
                        "NamespaceDescription", description,
                        "RegionId", Expectations.REGION),
                found);
    }

    private void ofTheWorld() {
        var data = Cloud.data(dev.call("DescribeNamespace", Map.of("NamespaceId", Expectations.STANDING)));
        assertEquals(Expectations.STANDING, data.get("NamespaceId"));
        assertEquals("test", data.get("NamespaceName"));
        assertEquals("", data.get("NamespaceDescription"));
    }

    private void deletion() {
        String namespace = Cloud.newNamespace();
        Map<String, Object> named = Map.of("NamespaceId", namespace);
        dev.call("CreateNamespace", Cloud.namespace(namespace, "short-lived"));
        long id = dev.create(namespace, "inside", OPAQUE, KV);
        dev.call("DeleteNamespace", named);
        dev.refused("InvalidNamespaceId.NotFound", List.of(), "ListSecrets", named);

        // And a namespace that is made anew under the same id does not bring them back.
        dev.call("CreateNamespace", Cloud.namespace(namespace, "short-lived"));
        assertEquals(List.of(), dev.list(namespace));
        dev.refused("InvalidSecretId.NotFound", List.of("" + id), "DescribeSecret", Cloud.named(namespace, id));
        dev.call("DeleteNamespace", named);
    }

    private void pages(String namespace) {
        int size = 2;
        var found = new ArrayList<Map<String, Object>>();
        long total = 1;
        for (int page = 1; found.size() < total; page++) {
            var data = Cloud.data(dev.call("DescribeNamespaces", Map.of("CurrentPage", page, "PageSize", size)));
            assertEquals((long) page, data.get("CurrentPage"));
            assertEquals((long) size, data.get("PageSize"));
            total = (long) data.get("TotalSize");
            var entries = (List<Map<String, Object>>) data.get("Namespaces");
            assertEquals(Math.min(size, total - found.size()), entries.size());
            found.addAll(entries);
        }
        var ids = members(found, "NamespaceId");
        assertEquals(total, new HashSet<>(ids).size());
        assertTrue(ids.containsAll(List.of(Expectations.STANDING, Expectations.TINY, namespace)));
        var entry = found.get(ids.indexOf(namespace));
        assertEquals("scratch", entry.get("NamespaceName"));
        assertEquals("", entry.get("NamespaceDescription"));
        assertEquals(Expectations.REGION, entry.get("RegionId"));
    }

    private void listed(String namespace) {
        // Serverless Devs asks without parameters and takes the first entry.
        var bare = (List<Map<String, Object>>) dev.call("DescribeNamespaceList", Map.of()).get("Data");
        assertEquals(Expectations.DEFAULT, bare.get(0).get("NamespaceId"));
        assertEquals(Expectations.REGION, bare.get(0).get("RegionId"));

        Map<String, Object> all = Map.of("ContainCustom", true, "HybridCloudExclude", true);
        var complete = (List<Map<String, Object>>) dev.call("DescribeNamespaceList", all).get("Data");
        var ids = members(complete, "NamespaceId");
        assertEquals(Expectations.DEFAULT, ids.get(0));
        assertEquals("test", complete.get(ids.indexOf(Expectations.STANDING)).get("NamespaceName"));
        assertEquals("scratch", complete.get(ids.indexOf(namespace)).get("NamespaceName"));
    }

    private void regions() {
        var regions = (Map<String, Object>) dev.call("DescribeRegions", Map.of()).get("Regions");
        var served = (List<Map<String, Object>>) regions.get("Region");
        assertEquals(Expectations.REGIONS, members(served, "RegionId").stream().sorted().toList());
        for (var region : served) {
            assertFalse(region.getOrDefault("LocalName", "").equals(""));
            assertFalse(region.getOrDefault("RegionEndpoint", "").equals(""));
            if (!way.hasOldModels()) {
                assertEquals(Map.of("RecommendZone", List.of()), region.get("RecommendZones"));
            }
        }
    }
}
