import java.util.List;
import java.util.Map;

/** A way of calling KMS: an SDK, its method, its format and what it signs with. */
interface KmsWay {
    /** The parameters that are numbered; every other list is JSON in its parameter. */
    List<String> NUMBERED = List.of("ResourceId", "TagKey", "Tag");

    default String method() {
        return "POST";
    }

    /** Titles of scenarios that it cannot play. */
    default List<String> lacks() {
        return List.of();
    }

    /** Whether it tells a wrong secret by what was signed, with a code of its own. */
    default boolean comparesSigned() {
        return false;
    }

    /** Whether it can be run by another clock. */
    default boolean hasClock() {
        return false;
    }

    /** For a caller's keys, with a clock that is so many seconds fast. */
    Client as(Map<String, String> keys, long seconds);

    default Client as(String caller) {
        return as(Expectations.CALLERS.get(caller).get("secret"), 0);
    }

    /** A parameter as it is sent: a list or a map as JSON. */
    static String text(Object value) {
        return value instanceof List || value instanceof Map ? Expectations.toJson(value) : value.toString();
    }

    interface Client {
        /** Sends an operation as that SDK's users do, and returns the reply with the wire's names. */
        Map<String, Object> call(String operation, Map<String, Object> parameters) throws Exception;

        /** What a user can read from the exception. */
        Failure failure(Exception thrown);
    }
}
