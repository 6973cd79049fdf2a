import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Plays the scenarios of kms.json: what its texts stand for, and how a reply or a refusal is held against it. */
@SuppressWarnings("unchecked")
final class KmsScenarios {
    private static final Map<String, Object> ALL = Expectations.parse(Expectations.read("kms.json"));
    static final String VERSION = (String) ALL.get("version");
    static final Map<String, String> TEXTS = (Map<String, String>) ALL.get("texts");
    static final Map<String, Long> STATUSES = (Map<String, Long>) ALL.get("statuses");
    static final List<Map<String, Object>> SCENARIOS = (List<Map<String, Object>>) ALL.get("scenarios");
    static final List<Map<String, Object>> CALLER_REFUSALS = (List<Map<String, Object>>) ALL.get("caller_refusals");

    private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]*)\\}");
    private static final Pattern REQUEST_ID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    // All tests of a suite share one server.
    private static final AtomicInteger SERIAL = new AtomicInteger();

    private KmsScenarios() {}

    static String newPrefix() {
        return "t" + SERIAL.incrementAndGet();
    }

    static void play(KmsWay way, Map<String, Object> scenario) {
        var known = new HashMap<>(TEXTS);
        known.put("here", newPrefix());
        int number = 0;
        for (var step : (List<Map<String, Object>>) scenario.get("steps")) {
            String operation = (String) step.get("call");
            String where = "step " + ++number + ", " + operation;
            var client = way.as((String) step.getOrDefault("as", "dev"));
            var parameters = (Map<String, Object>) filled(step.get("with"), known);
            if (step.containsKey("refused")) {
                refused(where, client, operation, parameters, (List<String>) filled(step.get("refused"), known));
                continue;
            }
            Map<String, Object> reply = call(where, client, operation, parameters);
            assertLike(where, filled(step.get("reply"), known), reply);
            for (String name : (List<String>) step.getOrDefault("absent", List.of())) {
                assertTrue(isBlank(reply.get(name)), () -> where + ": there is " + name + ": " + reply);
            }
            ((Map<String, String>) step.getOrDefault("save", Map.of())).forEach((name, path) -> {
                Object value = reply;
                for (String member : path.split("\\.")) {
                    value = ((Map<String, Object>) value).get(member);
                }
                known.put(name, (String) value);
            });
        }
    }

    /** The template with what its placeholders stand for. */
    private static Object filled(Object template, Map<String, String> known) {
        if (template instanceof String text) {
            return PLACEHOLDER.matcher(text).replaceAll(found -> Matcher.quoteReplacement(known.get(found.group(1))));
        }
        if (template instanceof List<?> list) {
            return list.stream().map(each -> filled(each, known)).toList();
        }
        if (template instanceof Map<?, ?> map) {
            var members = new HashMap<Object, Object>();
            map.forEach((name, value) -> members.put(name, filled(value, known)));
            return members;
        }
        return template;
    }

    static Map<String, Object> call(
            String where, KmsWay.Client client, String operation, Map<String, Object> parameters) {
        Map<String, Object> reply;
        try {
            reply = client.call(operation, parameters);
        } catch (Exception thrown) {
            throw new AssertionError(where + ": " + thrown, thrown);
        }
        assertRequestId(where, (String) reply.get("RequestId"));
        return reply;
    }

    /** Refused is a code and a message, in which %s stands for any text. */
    static void refused(
            String where,
            KmsWay.Client client,
            String operation,
            Map<String, Object> parameters,
            List<String> refused) {
        var failure = client.failure(assertThrows(Exception.class, () -> client.call(operation, parameters), where));
        assertEquals(refused.get(0), failure.code(), where);
        var pattern = Arrays.stream(refused.get(1).split("%s", -1)).map(Pattern::quote).collect(joining(".+"));
        assertTrue(Pattern.compile(pattern, Pattern.DOTALL).matcher(failure.message()).matches(), () -> where + failure);
        assertRequestId(where, failure.requestId());
        if (failure.status() != null) {
            assertEquals(STATUSES.get(failure.code()), (long) failure.status(), where);
        }
        if (failure.body() != null) {
            Map<String, Object> body = Map.of(
                    "Code", failure.code(),
                    "Message", failure.message(),
                    "RequestId", failure.requestId(),
                    "HttpStatus", STATUSES.get(failure.code()),
                    "HostId", "<text>",
                    "Recommend", "<text>");
            assertLike(where, body, Expectations.plain(failure.body()));
        }
    }

    private static void assertRequestId(String where, String id) {
        assertTrue(REQUEST_ID.matcher(id).matches(), where);
    }

    static void assertLike(String where, Object pattern, Object value) {
        assertNull(mismatch(pattern, value, "reply"), where);
    }

    /** Where a value is not what the pattern asks for, or null. */
    private static String mismatch(Object pattern, Object value, String path) {
        if (pattern instanceof Map<?, ?> members) {
            return ofMap((Map<String, Object>) members, value, path);
        }
        if (pattern instanceof List<?> list) {
            return list.isEmpty() && isBlank(value) ? null : ofList(list, value, path);
        }
        boolean isRight = pattern instanceof String text && text.matches("<.+>")
                ? isOfKind(text.substring(1, text.length() - 1), value)
                : pattern.equals(value);
        return isRight ? null : path + " is not " + pattern + ": " + value;
    }

    private static String ofMap(Map<String, Object> pattern, Object value, String path) {
        if (pattern.containsKey("$json")) {
            return mismatch(pattern.get("$json"), Expectations.parse((String) value), path);
        }
        // The classic models have left out the level around a list.
        if (pattern.size() == 1 && pattern.values().iterator().next() instanceof List<?> list && !(value instanceof Map)) {
            return mismatch(list, value, path);
        }
        if (!(value instanceof Map<?, ?> members)) {
            return path + " is no map: " + value;
        }
        for (var member : pattern.entrySet()) {
            String wrong = mismatch(member.getValue(), members.get(member.getKey()), path + "." + member.getKey());
            if (wrong != null) {
                return wrong;
            }
        }
        return null;
    }

    private static String ofList(List<?> pattern, Object value, String path) {
        if (!(value instanceof List<?> list) || list.size() != pattern.size()) {
            return path + " is not a list of " + pattern.size() + ": " + value;
        }
        var rest = new ArrayList<Object>(list);
        for (Object inner : pattern) {
            var found = rest.stream().filter(each -> mismatch(inner, each, "") == null).findFirst();
            if (found.isEmpty()) {
                return path + " has none like " + inner + ": " + rest;
            }
            rest.remove(found.get());
        }
        return null;
    }

    /** What a model has where the reply had nothing. */
    private static boolean isBlank(Object value) {
        return value == null
                || value.equals("")
                || value instanceof List<?> list && list.isEmpty()
                || value instanceof Map<?, ?> map && map.values().stream().allMatch(KmsScenarios::isBlank);
    }

    private static boolean isOfKind(String kind, Object value) {
        if (kind.equals("number")) {
            return value instanceof Long;
        }
        if (!(value instanceof String text) || text.isEmpty()) {
            return false;
        }
        String[] words = kind.split(" ");
        if (kind.equals("text")) {
            return true;
        }
        if (words[0].equals("time")) {
            long later = words.length == 1 ? 0 : Long.parseLong(words[1]);
            var then = Instant.parse(text).minusSeconds(later);
            return text.matches("[0-9-]{10}T[0-9:]{8}Z")
                    && Duration.between(Instant.now(), then).abs().toSeconds() < 120;
        }
        return switch (words[1]) {
            case "characters" -> text.codePointCount(0, text.length()) == Integer.parseInt(words[0]);
            case "bytes" -> Base64.getDecoder().decode(text).length == Integer.parseInt(words[0]);
            default -> throw new AssertionError("<" + kind + "> is nothing that a value can be");
        };
    }
}
