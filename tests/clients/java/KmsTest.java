import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** KMS through each SDK. */
@SuppressWarnings("unchecked")
class KmsTest {
    static final Map<String, Object> RDS = Map.of(
            "VersionId", "v1",
            "SecretType", "Rds",
            "SecretData", "{\"Accounts\":[{\"AccountName\":\"app\",\"AccountPassword\":\"not-a-real-one\"}]}",
            "ExtendedConfig",
                    Map.of(
                            "SecretSubType", "SingleUser",
                            "DBInstanceId", "rm-fake00000000000001",
                            "CustomData", Map.of()));

    // What that SDK itself makes of a signature that is not right.
    private static final List<String> WRONG_SECRET =
            List.of("SDK.InvalidAccessKeySecret", "Specified Access Key Secret is not valid.");

    @TestFactory
    Stream<DynamicNode> ways() {
        var ways = new LinkedHashMap<String, KmsWay>();
        ways.put("Tea", new KmsTeaWay(null, "http"));
        ways.put("Tea, RPC signature", new KmsTeaWay("v2", "http"));
        for (var way : KmsCoreWay.values()) {
            ways.put("classic, " + way, way);
        }
        return ways.entrySet().stream().map(way -> dynamicContainer(way.getKey(), tests(way.getValue())));
    }

    private static Stream<DynamicTest> tests(KmsWay way) {
        var scenarios = KmsScenarios.SCENARIOS.stream()
                .filter(scenario -> scenario.getOrDefault("over", way.method()).equals(way.method()))
                .filter(scenario -> !way.lacks().contains(scenario.get("title")))
                .map(scenario -> dynamicTest((String) scenario.get("title"), () -> KmsScenarios.play(way, scenario)));
        var refusals = KmsScenarios.CALLER_REFUSALS.stream()
                .filter(refusal -> way.hasClock() || !refusal.containsKey("clock_seconds"))
                .map(refusal -> dynamicTest((String) refusal.get("title"), () -> refused(way, refusal)));
        var addresses = Stream.of(dynamicTest("what is long or odd in an address", () -> addresses(way.as("dev"))));
        return Stream.of(scenarios, refusals, addresses).flatMap(tests -> tests);
    }

    private static void refused(KmsWay way, Map<String, Object> refusal) {
        var caller = (String) refusal.get("caller");
        var keys = Expectations.CALLERS.get(caller).get("secret");
        var client = way.as(keys, (long) refusal.getOrDefault("clock_seconds", 0L));
        var refused = way.comparesSigned() && caller.equals("forger")
                ? WRONG_SECRET
                : (List<String>) refusal.get("refused");
        KmsScenarios.refused("", client, "GetSecretValue", Map.of("SecretName", "unwelcome"), refused);
    }

    /** These SDKs write everything into the address, as they do with a value that is empty. */
    private static void addresses(KmsWay.Client dev) {
        String name = KmsScenarios.newPrefix() + "/odd";
        String data = "密".repeat(7000);
        KmsScenarios.call("create", dev, "CreateSecret", secret(name, "版本 1", "x".repeat(30720)));
        KmsScenarios.call("put", dev, "PutSecretValue", secret(name, "2", data));
        KmsScenarios.assertLike(
                "get",
                Map.of("SecretData", data, "VersionId", "2"),
                KmsScenarios.call("get", dev, "GetSecretValue", named(name)));
        remove(dev, name);

        KmsScenarios.call("create", dev, "CreateSecret", with(RDS, named(name)));
        Map<String, Object> custom = Map.of("城市", "北京", "n.m", "+ &=%~*");
        KmsScenarios.call("update", dev, "UpdateSecret", with(named(name), Map.of("ExtendedConfig.CustomData", custom)));
        KmsScenarios.assertLike(
                "describe",
                Map.of("ExtendedConfig", Map.of("$json", Map.of("CustomData", custom))),
                KmsScenarios.call("describe", dev, "DescribeSecret", named(name)));
        remove(dev, name);
    }

    static Map<String, Object> named(String name) {
        return Map.of("SecretName", name);
    }

    static Map<String, Object> secret(String name, String version, String data) {
        return Map.of("SecretName", name, "VersionId", version, "SecretData", data);
    }

    /** The same with other members. */
    static Map<String, Object> with(Map<String, Object> whole, Map<String, Object> members) {
        var all = new HashMap<>(whole);
        all.putAll(members);
        return all;
    }

    static void remove(KmsWay.Client dev, String name) {
        KmsScenarios.call("remove", dev, "DeleteSecret", with(named(name), Map.of("ForceDeleteWithoutRecovery", "true")));
    }
}
