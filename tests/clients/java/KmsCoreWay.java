import com.aliyuncs.AcsRequest;
import com.aliyuncs.CommonRequest;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.auth.BasicCredentials;
import com.aliyuncs.auth.BasicSessionCredentials;
import com.aliyuncs.auth.SignatureVersion;
import com.aliyuncs.http.FormatType;
import com.aliyuncs.http.MethodType;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The classic SDK: its typed requests by either method, in either format, with either signature. */
enum KmsCoreWay implements KmsWay {
    POST(MethodType.POST, FormatType.JSON, SignatureVersion.V1),
    GET(MethodType.GET, FormatType.JSON, SignatureVersion.V1),
    XML(MethodType.POST, FormatType.XML, SignatureVersion.V1),
    V3(MethodType.POST, FormatType.JSON, SignatureVersion.V3),
    V3_GET(MethodType.GET, FormatType.XML, SignatureVersion.V3);

    private static final String MODELS = "com.aliyuncs.kms.model.v20160120.";

    private final MethodType method;
    private final FormatType format;
    private final SignatureVersion signature;

    KmsCoreWay(MethodType method, FormatType format, SignatureVersion signature) {
        this.method = method;
        this.format = format;
        this.signature = signature;
    }

    @Override
    public String method() {
        return method.name();
    }

    @Override
    public boolean comparesSigned() {
        return signature == SignatureVersion.V1;
    }

    @Override
    public Client as(Map<String, String> keys, long seconds) {
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
        public Map<String, Object> call(String operation, Map<String, Object> parameters) throws Exception {
            AcsRequest<?> request;
            try {
                var type = Class.forName(MODELS + operation + "Request");
                request = (AcsRequest<?>) type.getConstructor().newInstance();
            } catch (ClassNotFoundException unknown) {
                return common(operation, parameters);
            }
            for (var parameter : parameters.entrySet()) {
                set(request, parameter.getKey(), parameter.getValue());
            }
            request.setSysProtocol(ProtocolType.HTTP);
            request.setSysEndpoint(Cloud.SERVER);
            request.setSysMethod(method);
            request.setSysAcceptFormat(format);
            request.setSysSignatureVersion(signature);
            return Expectations.plain(CoreWay.wireNames(Expectations.plain(core.getAcsResponse(request))));
        }

        private static void set(AcsRequest<?> request, String name, Object value) throws Exception {
            boolean isNumbered = NUMBERED.contains(name);
            String setter = "set" + name.replace(".", "") + (isNumbered ? "s" : "");
            var found = Arrays.stream(request.getClass().getMethods())
                    .filter(each -> each.getName().equals(setter))
                    .findFirst();
            if (found.isEmpty() && name.equals("RegionId")) {
                request.setSysRegionId((String) value);
                return;
            }
            Method method = found.orElseThrow();
            if (isNumbered) {
                method.invoke(request, items(request.getClass(), name, (List<?>) value));
            } else if (value instanceof Boolean) {
                method.invoke(request, value);
            } else if (value instanceof Long number) {
                method.invoke(request, number.intValue());
            } else {
                method.invoke(request, KmsWay.text(value));
            }
        }

        /** Texts as they are; of maps the model's own class for one. */
        private static List<Object> items(Class<?> request, String name, List<?> values) throws Exception {
            var items = new ArrayList<>();
            for (Object value : values) {
                if (value instanceof Map<?, ?> members) {
                    Class<?> type = Class.forName(request.getName() + "$" + name);
                    Object item = type.getConstructor().newInstance();
                    for (var member : members.entrySet()) {
                        type.getMethod("set" + member.getKey(), String.class).invoke(item, member.getValue());
                    }
                    items.add(item);
                } else {
                    items.add(value);
                }
            }
            return items;
        }

        /** What the SDK has no class for, its users write by hand. */
        private Map<String, Object> common(String operation, Map<String, Object> parameters) throws Exception {
            var request = new CommonRequest();
            request.setSysDomain(Cloud.SERVER);
            request.setSysProtocol(ProtocolType.HTTP);
            request.setSysProduct("Kms");
            request.setSysVersion(KmsScenarios.VERSION);
            request.setSysAction(operation);
            request.setSysMethod(method);
            request.setSysSignatureVersion(signature);
            parameters.forEach((name, value) -> {
                if (method == MethodType.POST) {
                    request.putBodyParameter(name, KmsWay.text(value));
                } else {
                    request.putQueryParameter(name, KmsWay.text(value));
                }
            });
            return Expectations.parse(core.getCommonResponse(request).getData());
        }

        @Override
        public Failure failure(Exception thrown) {
            return CoreWay.failureOf(thrown);
        }
    }
}
