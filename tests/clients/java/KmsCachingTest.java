import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.aliyuncs.auth.AlibabaCloudCredentialsProvider;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.auth.BasicSessionCredentials;
import com.aliyuncs.auth.StaticCredentialsProvider;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClient;
import com.aliyuncs.kms.secretsmanager.client.SecretCacheClientBuilder;
import com.aliyuncs.kms.secretsmanager.client.exception.CacheSecretException;
import com.aliyuncs.kms.secretsmanager.client.model.RegionInfo;
import com.aliyuncs.kms.secretsmanager.client.service.BaseSecretManagerClientBuilder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The caching client, which asks for XML over HTTPS alone and takes any certificate; another changes what it reads. */
class KmsCachingTest {
    private static final String ODD = KmsScenarios.TEXTS.get("odd");

    private final KmsWay.Client dev = new KmsTeaWay(null, "https").as("dev");

    @Test
    void keepsAValueUntilItIsToBeFresh() throws Exception {
        String name = created(ODD, Map.of());
        try (var cache = cache("dev", null)) {
            assertCached(cache, name, "v1", ODD);
            put(name);
            assertCached(cache, name, "v1", ODD);
            assertTrue(cache.refreshNow(name));
            assertCached(cache, name, "v2", "second");
        }
        KmsTest.remove(dev, name);
    }

    @Test
    void readsAnotherStageByATemporaryKey() throws Exception {
        String name = created(ODD, Map.of());
        put(name);
        try (var cache = cache("session", "ACSPrevious")) {
            assertCached(cache, name, "v1", ODD);
        }
        KmsTest.remove(dev, name);
    }

    @Test
    void readsWhatXmlCannotHold() throws Exception {
        // Of the JSON that it is answered instead, its reader knows no \\u.
        String data = "backspace \b, form feed \f, none \uffff";
        String name = created(data, Map.of());
        try (var cache = cache("dev", null)) {
            assertCached(cache, name, "v1", data);
        }
        KmsTest.remove(dev, name);
    }

    @Test
    void readsBinaryData() throws Exception {
        String name = created("/w==", Map.of("SecretDataType", "binary"));
        try (var cache = cache("dev", null)) {
            assertEquals("/w==", StandardCharsets.UTF_8.decode(cache.getBinaryValue(name)).toString());
        }
        KmsTest.remove(dev, name);
    }

    @Test
    void readsAManagedSecret() throws Exception {
        String name = KmsScenarios.newPrefix() + "/rds";
        var rotation = Map.<String, Object>of("EnableAutomaticRotation", true, "RotationInterval", "7d");
        var secret = KmsTest.with(KmsTest.RDS, KmsTest.with(KmsTest.named(name), rotation));
        KmsScenarios.call("create", dev, "CreateSecret", secret);
        try (var cache = cache("dev", null)) {
            var told = Map.of(
                    "secretType", "Rds",
                    "automaticRotation", "Enabled",
                    "rotationInterval", "604800s",
                    "nextRotationDate", "<time +604800>",
                    "secretValue", Map.of("$json", Map.of("AccountName", "app")),
                    "extendedConfig", Map.of("$json", Map.of("DBInstanceId", "rm-fake00000000000001")));
            KmsScenarios.assertLike("told", told, told(cache, name));
        }
        KmsTest.remove(dev, name);
    }

    @Test
    void isToldThatASecretIsBeingDeleted() throws Exception {
        String name = created(ODD, Map.of());
        KmsScenarios.call("delete", dev, "DeleteSecret", KmsTest.named(name));
        assertRefused("dev", name, "Rejected.ResourceInDeleteWindow");
        KmsTest.remove(dev, name);
    }

    @TestFactory
    Stream<DynamicTest> refusals() {
        return Stream.of(
                dynamicTest("no secret", () -> assertRefused("dev", "absent", "Forbidden.ResourceNotFound")),
                dynamicTest("no name", () -> assertRefused("dev", "a b", "InvalidParameter")),
                // Its own code for a signature that is not right.
                dynamicTest("wrong key", () -> assertRefused("forger", "absent", "SDK.InvalidAccessKeySecret")),
                dynamicTest("unknown key", () -> assertRefused("stranger", "absent", "InvalidAccessKeyId.NotFound")),
                dynamicTest("disabled key", () -> assertRefused("retired", "absent", "Forbidden.AccessKey")));
    }

    private String created(String data, Map<String, Object> members) {
        String name = KmsScenarios.newPrefix() + "/cached";
        KmsScenarios.call("create", dev, "CreateSecret", KmsTest.with(KmsTest.secret(name, "v1", data), members));
        return name;
    }

    private void put(String name) {
        KmsScenarios.call("put", dev, "PutSecretValue", KmsTest.secret(name, "v2", "second"));
    }

    private static SecretCacheClient cache(String caller, String stage) throws CacheSecretException {
        var keys = Expectations.CALLERS.get(caller).get("secret");
        var credentials = keys.containsKey("token")
                ? new BasicSessionCredentials(keys.get("id"), keys.get("secret"), keys.get("token"))
                : new BasicCredentials(keys.get("id"), keys.get("secret"));
        AlibabaCloudCredentialsProvider provider = new StaticCredentialsProvider(credentials);
        var manager = BaseSecretManagerClientBuilder.standard()
                .withCredentialsProvider(provider)
                .addRegion(new RegionInfo(Expectations.REGION, false, Cloud.SERVER))
                .build();
        var builder = SecretCacheClientBuilder.newCacheClientBuilder(manager);
        if (stage != null) {
            builder.withCacheStage(stage);
        }
        return builder.build();
    }

    private static void assertCached(SecretCacheClient cache, String name, String version, String value)
            throws CacheSecretException {
        Map<String, Object> told = Map.of(
                "secretName", name,
                "versionId", version,
                "secretValue", value,
                "secretType", "Generic",
                "secretDataType", "text",
                "createTime", "<time>");
        KmsScenarios.assertLike("told", told, told(cache, name));
    }

    private static Map<String, Object> told(SecretCacheClient cache, String name) throws CacheSecretException {
        var info = cache.getSecretInfo(name);
        var told = new HashMap<String, Object>();
        told.put("secretName", info.getSecretName());
        told.put("versionId", info.getVersionId());
        told.put("secretValue", info.getSecretValue());
        told.put("secretType", info.getSecretType());
        told.put("secretDataType", info.getSecretDataType());
        told.put("createTime", info.getCreateTime());
        told.put("automaticRotation", info.getAutomaticRotation());
        told.put("rotationInterval", info.getRotationInterval());
        told.put("nextRotationDate", info.getNextRotationDate());
        told.put("extendedConfig", info.getExtendedConfig());
        return told;
    }

    private static void assertRefused(String caller, String name, String code) throws Exception {
        try (var cache = cache(caller, null)) {
            var thrown = assertThrows(CacheSecretException.class, () -> cache.getSecretInfo(name));
            assertEquals(code, ((ClientException) thrown.getCause()).getErrCode());
        }
    }
}
