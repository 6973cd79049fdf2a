import com.aliyun.tea.NameInMap;
import com.aliyun.tea.TeaModel;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teaopenapi.models.GlobalParameters;
import com.aliyun.teautil.models.RuntimeOptions;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The SDK that is generated today.
 *
 * @param algorithm what it signs with, or null for its own choice
 * @param protocol over TLS it takes any certificate
 */
record KmsTeaWay(String algorithm, String protocol) implements KmsWay {
    @Override
    public List<String> lacks() {
        return List.of("many values at once");
    }

    @Override
    public boolean hasClock() {
        return true;
    }

    @Override
    public Client as(Map<String, String> keys, long seconds) {
        var config = new Config()
                .setAccessKeyId(keys.get("id"))
                .setAccessKeySecret(keys.get("secret"))
                .setEndpoint(Cloud.SERVER)
                .setProtocol(protocol)
                .setRegionId(Expectations.REGION)
                .setSignatureAlgorithm(algorithm);
        if (keys.containsKey("token")) {
            config.setSecurityToken(keys.get("token"));
        }
        if (seconds != 0) {
            var time = Instant.now().plusSeconds(seconds).truncatedTo(ChronoUnit.SECONDS).toString();
            config.setGlobalParameters(new GlobalParameters()
                    .setHeaders(algorithm == null ? Map.of("x-acs-date", time) : Map.of())
                    .setQueries(algorithm == null ? Map.of() : Map.of("Timestamp", time)));
        }
        try {
            return new TeaClient(new com.aliyun.kms20160120.Client(config));
        } catch (Exception problem) {
            throw new AssertionError(problem);
        }
    }

    private static final class TeaClient implements Client {
        private final com.aliyun.kms20160120.Client sdk;

        TeaClient(com.aliyun.kms20160120.Client sdk) {
            this.sdk = sdk;
        }

        @Override
        public Map<String, Object> call(String operation, Map<String, Object> parameters) throws Exception {
            String name = operation.substring(0, 1).toLowerCase() + operation.substring(1) + "WithOptions";
            Method method = Arrays.stream(sdk.getClass().getMethods())
                    .filter(each -> each.getName().equals(name))
                    .findFirst()
                    .orElseThrow();
            var options = new RuntimeOptions().setIgnoreSSL(true);
            try {
                var response = method.getParameterCount() == 1
                        ? method.invoke(sdk, options)
                        : method.invoke(sdk, request(method.getParameterTypes()[0], parameters), options);
                var body = (TeaModel) response.getClass().getField("body").get(response);
                return Expectations.plain(body.toMap());
            } catch (InvocationTargetException thrown) {
                throw (Exception) thrown.getCause();
            }
        }

        /** The model, of which every parameter is a field with the wire's name on it. */
        private static TeaModel request(Class<?> type, Map<String, Object> parameters) throws Exception {
            var members = new HashMap<String, Object>();
            parameters.forEach((name, value) -> {
                String[] parts = name.split("\\.");
                if (parts.length == 2) {
                    members.put(parts[0], Map.of(parts[1], value));
                } else if (isText(type, name)) {
                    members.put(name, KmsWay.text(value));
                } else {
                    members.put(name, value instanceof Long number ? number.intValue() : value);
                }
            });
            return TeaModel.toModel(members, (TeaModel) type.getConstructor().newInstance());
        }

        private static boolean isText(Class<?> type, String name) {
            return Arrays.stream(type.getFields())
                    .filter(field -> field.getAnnotation(NameInMap.class).value().equals(name))
                    .anyMatch(field -> field.getType() == String.class);
        }

        @Override
        public Failure failure(Exception thrown) {
            return TeaWay.failureOf(thrown);
        }
    }
}
