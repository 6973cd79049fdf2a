import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The shared expectations, read from expectations.json, and how a reply or a refusal is held against them. */
@SuppressWarnings("unchecked")
final class Expectations {
    private static final Path FOLDER = Path.of(System.getProperty("folder"));
    private static final Gson GSON =
            new GsonBuilder().setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE).create();

    private static final Map<String, Object> ALL = parse(read("expectations.json"));
    static final Map<String, Map<String, Map<String, String>>> CALLERS = member("callers");
    static final String VERSION = member("version");
    static final String ACCOUNT = member("account");
    static final List<String> REGIONS = member("regions");
    static final String REGION = REGIONS.get(0);
    static final String DEFAULT = Expectations.<Map<String, String>>member("namespaces").get("default");
    static final String STANDING = Expectations.<Map<String, String>>member("namespaces").get("standing");
    static final String TINY = Expectations.<Map<String, String>>member("namespaces").get("tiny");
    static final Map<String, String> VALUES = member("values");
    static final List<Map<String, Object>> CALLER_REFUSALS = member("caller_refusals");
    static final List<Map<String, String>> DENIALS = member("denials");
    static final List<Map<String, Object>> REFUSALS = member("refusals");
    static final String LARGE_VALUE = largeValue();
    static final String CERTIFICATE = read(Expectations.<Map<String, String>>member("tls").get("certificate"));
    static final String PRIVATE_KEY = read(Expectations.<Map<String, String>>member("tls").get("key"));

    private static final Pattern REQUEST_ID = Pattern.compile("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}");
    private static final Pattern TRACE_ID = Pattern.compile("[0-9a-f]{8}\\d{13}\\d{4}[a-z][0-9a-f]{4}");

    private Expectations() {}

    private static <T> T member(String name) {
        return (T) ALL.get(name);
    }

    private static String largeValue() {
        Map<String, Object> parts = member("large_value");
        return ((String) parts.get("unit")).repeat(Math.toIntExact((long) parts.get("times")));
    }

    static String read(String path) {
        try {
            return Files.readString(FOLDER.resolve(path));
        } catch (IOException problem) {
            throw new UncheckedIOException(problem);
        }
    }

    static Map<String, Object> parse(String json) {
        return GSON.fromJson(json, Map.class);
    }

    static String toJson(Object value) {
        return GSON.toJson(value);
    }

    /** The same value with nothing but maps, lists, texts, booleans and numbers in it. */
    static <T> T plain(Object value) {
        return (T) GSON.fromJson(GSON.toJson(value), Object.class);
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The one key of a registry secret, with the value as kubectl writes it. */
    static Map<String, String> dockerConfig(String which) {
        return Map.of(".dockerconfigjson", base64(toJson(ALL.get(which))));
    }

    /** The private key of an RSA pair as users hand it to the SDK: without the lines of PEM around it. */
    static String privateKey(String path) {
        String text = read(path);
        return text.substring(text.indexOf("-----BEGIN")).replaceAll("-----.*-----|\\s", "");
    }

    static void assertSuccess(String operation, Map<String, Object> body) {
        assertMatches(REQUEST_ID, body.get("RequestId"));
        assertEquals("success", body.get("Message"));
        if (operation.equals("DescribeRegions")) {
            // The one operation whose documented Code is a number, and which has no Data, Success and TraceId.
            assertEquals(200L, body.get("Code"));
            return;
        }
        assertEquals("200", body.get("Code"));
        assertEquals(true, body.get("Success"));
        assertMatches(TRACE_ID, body.get("TraceId"));
        assertFalse(body.containsKey("ErrorCode"));
    }

    /** Holds what an SDK threw against the error table. Without arguments a placeholder stands for any text. */
    static void assertRefused(Failure failure, String code, List<String> arguments) {
        Map<String, Object> documented = Expectations.<Map<String, Map<String, Object>>>member("errors").get(code);
        assertFailure(failure, code, documented, (String) documented.get("message"), arguments);
        if (failure.body() != null) {
            assertEquals(code, failure.body().get("ErrorCode"));
            assertEquals(false, failure.body().get("Success"));
            assertMatches(TRACE_ID, failure.body().get("TraceId"));
        }
    }

    /** The same for what the gateway refuses: its replies have fewer members, one message depends on the signature. */
    static void assertGatewayRefused(Failure failure, String code, String signing) {
        var documented = Expectations.<Map<String, Map<String, Object>>>member("gateway_errors").get(code);
        String message = (String) documented.getOrDefault("message", documented.get(signing));
        assertFailure(failure, code, documented, message, null);
        if (failure.body() != null) {
            for (String name : List.of("ErrorCode", "Success", "TraceId")) {
                assertFalse(failure.body().containsKey(name), name);
            }
            assertEquals(code.equals("NoPermission"), failure.body().containsKey("AccessDeniedDetail"));
        }
    }

    private static void assertFailure(
            Failure failure, String code, Map<String, Object> documented, String message, List<String> arguments) {
        assertEquals(code, failure.code());
        if (failure.status() != null) {
            assertEquals(documented.get("status"), (long) failure.status());
        }
        assertMatches(REQUEST_ID, failure.requestId());
        if (arguments == null) {
            var parts = Arrays.stream(message.split("%s", -1)).map(Pattern::quote);
            assertMatches(Pattern.compile(parts.collect(joining(".+")), Pattern.DOTALL), failure.message());
        } else {
            assertEquals(message.split("%s", -1).length - 1, arguments.size());
            assertEquals(String.format(message, arguments.toArray()), failure.message());
        }
        Map<String, Object> body = failure.body();
        if (body != null) {
            assertEquals(code, body.get("Code"));
            assertEquals(failure.message(), body.get("Message"));
            assertEquals(failure.requestId(), body.get("RequestId"));
            for (String name : List.of("HostId", "Recommend")) {
                assertFalse(body.getOrDefault(name, "").equals(""), name);
            }
            assertFalse(body.containsKey("Data"));
        }
    }

    private static void assertMatches(Pattern pattern, Object text) {
        assertTrue(text instanceof String string && pattern.matcher(string).matches(), () -> pattern + "\n" + text);
    }
}
