import static com.aliyun.openapiutil.Client.arrayToStringWithSpecifiedStyle;
import static com.aliyun.openapiutil.Client.parseToMap;
import static com.aliyun.openapiutil.Client.query;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.OpenApiRequest;
import com.aliyun.teaopenapi.models.Params;
import com.aliyun.teautil.models.RuntimeOptions;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The Tea core for Java, called as the generated SDK calls it.
 *
 * @param algorithm what it signs with, or null for its own choice
 * @param jsonBody whether SecretData goes into a JSON body, as in the generation before
 */
record TeaWay(String algorithm, boolean jsonBody) implements Way {
    private static final Pattern MESSAGE =
            Pattern.compile("code: (\\d+), (.*) request id: (\\S+)", Pattern.DOTALL);

    @Override
    public String key() {
        return "ACS3-RSA-SHA256".equals(algorithm) ? "rsa" : "secret";
    }

    @Override
    public String signing() {
        return "v2".equals(algorithm) ? "roa" : "acs3";
    }

    @Override
    public Client as(Map<String, String> keys) {
        var config = new Config()
                .setAccessKeyId(keys.get("id"))
                .setAccessKeySecret(
                        key().equals("rsa") ? Expectations.privateKey(keys.get("key")) : keys.get("secret"))
                .setSecurityToken(keys.get("token"))
                .setEndpoint(Cloud.SERVER)
                .setProtocol("http")
                .setRegionId(Expectations.REGION)
                .setSignatureAlgorithm(algorithm);
        try {
            return new TeaClient(new com.aliyun.teaopenapi.Client(config));
        } catch (Exception problem) {
            throw new AssertionError(problem);
        }
    }

    private final class TeaClient implements Way.Client {
        private final com.aliyun.teaopenapi.Client core;

        TeaClient(com.aliyun.teaopenapi.Client core) {
            this.core = core;
        }

        @Override
        @SuppressWarnings("unchecked")
        public Map<String, Object> call(
                String operation, Map<String, Object> parameters, Map<String, String> headers) throws Exception {
            var query = new HashMap<>(parameters);
            var request = new OpenApiRequest().setHeaders(new HashMap<>(headers));
            if (parameters.get("SecretData") instanceof Map<?, ?> data) {
                Map<String, String> nested = Map.of("SecretData", Expectations.toJson(data));
                if (jsonBody) {
                    query.remove("SecretData");
                    request.setBody(parseToMap(nested));
                } else {
                    query.put("SecretData", arrayToStringWithSpecifiedStyle(nested, "SecretData", "json"));
                }
            }
            Route route = Route.of(operation);
            var params = new Params()
                    .setAction(operation)
                    .setVersion(Expectations.VERSION)
                    .setProtocol("HTTPS")
                    .setPathname(route.path())
                    .setMethod(route.method())
                    .setAuthType("AK")
                    .setStyle("ROA")
                    .setReqBodyType("json")
                    .setBodyType("json");
            var reply = core.callApi(params, request.setQuery(query(query)), new RuntimeOptions());
            return (Map<String, Object>) reply.get("body");
        }

        @Override
        public Failure failure(Exception thrown) {
            return failureOf(thrown);
        }
    }

    static Failure failureOf(Exception thrown) {
        var exception = (TeaException) thrown;
        Matcher text = MESSAGE.matcher(exception.getMessage());
        assertTrue(text.matches(), exception.getMessage());
        assertEquals(exception.getStatusCode(), Integer.valueOf(text.group(1)));
        return new Failure(
                exception.getCode(),
                exception.getStatusCode(),
                text.group(2),
                text.group(3),
                exception.getData(),
                exception.getAccessDeniedDetail());
    }
}
