import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.function.Executable;

/**
 * What a scenario talks to: the server as one caller sees it through one SDK, with every reply held against the
 * documented envelope.
 */
@SuppressWarnings("unchecked")
record Cloud(Way way, Way.Client client) {
    static final String SERVER = System.getProperty("server");

    // All tests of a suite share one server, so every test makes namespaces of its own.
    private static final AtomicInteger SERIAL = new AtomicInteger();

    static Cloud of(Way way, String caller) {
        return new Cloud(way, way.as(Expectations.CALLERS.get(caller).get(way.key())));
    }

    Map<String, Object> call(String operation, Map<String, Object> parameters) {
        return call(operation, parameters, Map.of());
    }

    Map<String, Object> call(String operation, Map<String, Object> parameters, Map<String, String> headers) {
        Map<String, Object> body;
        try {
            body = Expectations.plain(client.call(operation, parameters, headers));
        } catch (Exception thrown) {
            throw new AssertionError(operation + ": " + thrown, thrown);
        }
        Expectations.assertSuccess(operation, body);
        return body;
    }

    void refused(String code, List<String> arguments, String operation, Map<String, Object> parameters) {
        Expectations.assertRefused(failure(operation, parameters, Map.of()), code, arguments);
    }

    Failure gatewayRefused(String code, String operation, Map<String, Object> parameters) {
        return gatewayRefused(code, operation, parameters, Map.of());
    }

    /** For what the gateway does not let through; returns what the SDK threw. */
    Failure gatewayRefused(
            String code, String operation, Map<String, Object> parameters, Map<String, String> headers) {
        Failure failure = failure(operation, parameters, headers);
        Expectations.assertGatewayRefused(failure, code, way.signing());
        return failure;
    }

    private Failure failure(String operation, Map<String, Object> parameters, Map<String, String> headers) {
        Executable call = () -> client.call(operation, parameters, headers);
        return client.failure(assertThrows(Exception.class, call));
    }

    static Map<String, Object> creation(String namespace, String name, String type, Map<String, String> data) {
        return Map.of("NamespaceId", namespace, "SecretName", name, "SecretType", type, "SecretData", data);
    }

    static Map<String, Object> named(String namespace, long id) {
        return Map.of("NamespaceId", namespace, "SecretId", id);
    }

    static Map<String, Object> change(String namespace, long id, Map<String, String> data) {
        return Map.of("NamespaceId", namespace, "SecretId", id, "SecretData", data);
    }

    static Map<String, Object> data(Map<String, Object> reply) {
        return (Map<String, Object>) reply.get("Data");
    }

    long create(String namespace, String name, String type, Map<String, String> data) {
        return (long) data(call("CreateSecret", creation(namespace, name, type, data))).get("SecretId");
    }

    Map<String, Object> describe(String namespace, long id) {
        return data(call("DescribeSecret", named(namespace, id)));
    }

    List<Map<String, Object>> list(String namespace) {
        Map<String, Object> reply = call("ListSecrets", Map.of("NamespaceId", namespace));
        return (List<Map<String, Object>>) data(reply).get("Secrets");
    }

    Map<String, Object> delete(String namespace, long id) {
        return data(call("DeleteSecret", named(namespace, id)));
    }

    static String newNamespace() {
        return Expectations.DEFAULT + ":t" + SERIAL.incrementAndGet();
    }

    static Map<String, Object> namespace(String id, String name) {
        return Map.of("NamespaceId", id, "NamespaceName", name, "NamespaceDescription", "");
    }

    void inNamespace(Consumer<String> body) {
        String namespace = newNamespace();
        call("CreateNamespace", namespace(namespace, "scratch"));
        try {
            body.accept(namespace);
        } finally {
            call("DeleteNamespace", Map.of("NamespaceId", namespace));
        }
    }
}
