import com.aliyuncs.AcsRequest;
import com.aliyuncs.AcsResponse;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.auth.BasicSessionCredentials;
import com.aliyuncs.auth.ISignatureComposer;
import com.aliyuncs.auth.RoaSignatureComposer;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.FormatType;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The classic core: with CommonRequest, and with the typed classes that there are. Those of the newest typed SDK know
 * namespaces as they were before short ids, and no secrets; for all else its users write a CommonRequest.
 */
enum CoreWay implements Way {
    /** SecretData in the query. */
    COMMON_QUERY,
    /** SecretData in a JSON body, as the vendor's sample for UpdateSecret has it. */
    COMMON_JSON,
    /** Everything in a form, for the methods that have one. */
    COMMON_FORM,
    TYPED;

    private static final String MODELS = "com.aliyuncs.sae.model.v20190506.";

    /** What the composers put into the place of their own headers. */
    private static final Map<String, String> HEADERS = new HashMap<>();

    static {
        signHeaders();
    }

    /** The composer of this core replaces date and nonce of its users just before it signs; this puts them back. */
    private static void signHeaders() {
        ISignatureComposer original = RoaSignatureComposer.getComposer();
        try {
            var instance = RoaSignatureComposer.class.getDeclaredField("composer");
            instance.setAccessible(true);
            InvocationHandler handler = (self, method, values) -> {
                Object result = method.invoke(original, values);
                return method.getName().equals("refreshSignParameters") ? withHeaders(result) : result;
            };
            Class<?>[] interfaces = {ISignatureComposer.class};
            instance.set(null, Proxy.newProxyInstance(CoreWay.class.getClassLoader(), interfaces, handler));
        } catch (ReflectiveOperationException problem) {
            throw new AssertionError(problem);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, String> withHeaders(Object refreshed) {
        var headers = (Map<String, String>) refreshed;
        HEADERS.forEach((name, value) -> headers.put(name.equals("date") ? "Date" : name, value));
        return headers;
    }

    @Override
    public String key() {
        return "secret";
    }

    @Override
    public String signing() {
        return "roa";
    }

    @Override
    public List<String> identifiers() {
        return this == TYPED ? List.of("NamespaceId") : Way.super.identifiers();
    }

    @Override
    public boolean hasOldModels() {
        return this == TYPED;
    }

    /** Whether there is a typed class for an operation. */
    static boolean isTyped(String operation) {
        try {
            Class.forName(MODELS + operation + "Request");
            return true;
        } catch (ClassNotFoundException missing) {
            return false;
        }
    }

    @Override
    public Client as(Map<String, String> keys) {
        var credentials = keys.containsKey("token")
                ? new BasicSessionCredentials(keys.get("id"), keys.get("secret"), keys.get("token"))
                : new BasicCredentials(keys.get("id"), keys.get("secret"));
        var core = new DefaultAcsClient(DefaultProfile.getProfile(Expectations.REGION), credentials);
        return new CoreClient(core);
    }

    private final class CoreClient implements Client {
        private final DefaultAcsClient core;

        CoreClient(DefaultAcsClient core) {
            this.core = core;
        }

        @Override
        public Map<String, Object> call(
                String operation, Map<String, Object> parameters, Map<String, String> headers) throws Exception {
            HEADERS.putAll(headers);
            try {
                if (CoreWay.this == TYPED && isTyped(operation)) {
                    return typed(operation, parameters);
                }
                return Expectations.parse(core.getCommonResponse(common(operation, parameters)).getData());
            } finally {
                HEADERS.clear();
            }
        }

        private CommonRequest common(String operation, Map<String, Object> parameters) {
            var request = new CommonRequest();
            request.setSysDomain(Cloud.SERVER);
            request.setSysProtocol(ProtocolType.HTTP);
            request.setSysVersion(Expectations.VERSION);
            request.setSysProduct("sae");
            request.setSysMethod(MethodType.valueOf(Route.of(operation).method()));
            request.setSysUriPattern(Route.of(operation).path());
            boolean hasBody = parameters.containsKey("SecretData");
            parameters.forEach((name, value) -> {
                String text = name.equals("SecretData") ? Expectations.toJson(value) : value.toString();
                if (CoreWay.this == COMMON_FORM && hasBody) {
                    request.putBodyParameter(name, text);
                } else if (CoreWay.this == COMMON_JSON && name.equals("SecretData")) {
                    byte[] body = Expectations.toJson(Map.of(name, text)).getBytes(StandardCharsets.UTF_8);
                    request.setHttpContent(body, "UTF-8", FormatType.JSON);
                } else {
                    request.putQueryParameter(name, text);
                }
            });
            return request;
        }

        @SuppressWarnings("unchecked")
        private Map<String, Object> typed(String operation, Map<String, Object> parameters) throws Exception {
            var type = Class.forName(MODELS + operation + "Request");
            var request = (AcsRequest<?>) type.getConstructor().newInstance();
            for (var parameter : parameters.entrySet()) {
                setter(type, parameter.getKey()).invoke(request, parameter.getValue());
            }
            request.setSysProtocol(ProtocolType.HTTP);
            request.setSysEndpoint(Cloud.SERVER);
            AcsResponse response = core.getAcsResponse(request);
            var body = (Map<String, Object>) wireNames(Expectations.plain(response));
            // This model has left out the level between.
            body.computeIfPresent("Regions", (name, list) -> Map.of("Region", list));
            return body;
        }

        private static Method setter(Class<?> type, String name) {
            return Arrays.stream(type.getMethods())
                    .filter(method -> method.getName().equals("set" + name))
                    .findFirst()
                    .orElseThrow();
        }

        @Override
        public Failure failure(Exception thrown) {
            return failureOf(thrown);
        }
    }

    /** The fields of a model, by the names that they have in a reply. */
    static Object wireNames(Object value) {
        if (value instanceof List<?> list) {
            return list.stream().map(CoreWay::wireNames).toList();
        }
        if (value instanceof Map<?, ?> fields) {
            var members = new HashMap<String, Object>();
            fields.forEach((name, member) -> members.put(capitalised((String) name), wireNames(member)));
            return members;
        }
        return value;
    }

    private static String capitalised(String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    }

    static Failure failureOf(Exception thrown) {
        var exception = (ClientException) thrown;
        return new Failure(
                exception.getErrCode(),
                null,
                exception.getErrMsg(),
                exception.getRequestId(),
                null,
                exception.getAccessDeniedDetail());
    }
}
