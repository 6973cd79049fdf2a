import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/** Who may call: what a program is told when its key, its clock or its rights are wrong. */
record Callers(Way way) {
    private static final Map<String, Object> LISTING = Map.of("NamespaceId", Expectations.STANDING);
    private static final Map<String, Object> SECRET =
            Cloud.creation(Expectations.STANDING, "unwelcome", "Opaque", Map.of("k", "v"));

    Stream<DynamicTest> all() {
        var refusals = Expectations.CALLER_REFUSALS.stream()
                .filter(refusal -> isKnown((String) refusal.get("caller")))
                .map(refusal -> dynamicTest((String) refusal.get("title"), () -> refused(refusal)));
        var clocks = Stream.of(-14, 14).map(minutes -> dynamicTest(
                "a clock that is almost right: " + minutes + " minutes",
                () -> Cloud.of(way, "dev").call("ListSecrets", LISTING, way.date(minutes * 60))));
        var nonce = Stream.of(dynamicTest("a nonce counts once", this::nonceCountsOnce));
        var denials = Expectations.DENIALS.stream()
                .filter(denial -> isKnown(denial.get("caller")))
                .map(denial -> dynamicTest("denied actions: " + denial.get("caller"), () -> denied(denial)));
        return Stream.of(refusals, clocks, nonce, denials).flatMap(tests -> tests);
    }

    private boolean isKnown(String caller) {
        return Expectations.CALLERS.get(caller).containsKey(way.key());
    }

    private void refused(Map<String, Object> refusal) {
        var headers = way.date((long) refusal.getOrDefault("clock_seconds", 0L));
        Cloud.of(way, (String) refusal.get("caller"))
                .gatewayRefused((String) refusal.get("code"), "CreateSecret", SECRET, headers);
        assertEquals(List.of(), Cloud.of(way, "dev").list(Expectations.STANDING));
    }

    private void nonceCountsOnce() {
        var nonce = Map.of("x-acs-signature-nonce", UUID.randomUUID().toString());
        // A signature that is not right must not use it up.
        Cloud.of(way, "forger").gatewayRefused("SignatureDoesNotMatch", "ListSecrets", LISTING, nonce);
        Cloud.of(way, "dev").call("ListSecrets", LISTING, nonce);
        Cloud.of(way, "dev").gatewayRefused("SignatureNonceUsed", "ListSecrets", LISTING, nonce);
        // Another key may happen to use the same one.
        Cloud.of(way, "reader").call("ListSecrets", LISTING, nonce);
    }

    private void denied(Map<String, String> denial) {
        Cloud denied = Cloud.of(way, denial.get("caller"));
        Failure failure = denied.gatewayRefused("NoPermission", "CreateSecret", SECRET, Map.of());
        assertEquals(
                Map.of(
                        "AuthAction", "sae:CreateSecret",
                        "AuthPrincipalDisplayName", denial.get("principal"),
                        "AuthPrincipalOwnerId", Expectations.ACCOUNT,
                        "AuthPrincipalType", denial.get("principal_type"),
                        "NoPermissionType", denial.get("kind"),
                        "PolicyType", "AccountLevelIdentityBasedPolicy"),
                failure.accessDenied());
        assertEquals(List.of(), denied.list(Expectations.STANDING));
    }
}
