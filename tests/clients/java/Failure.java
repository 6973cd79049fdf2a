import java.util.Map;

/** What an SDK's exception tells its caller. Status and body are null where the SDK keeps nothing of them. */
record Failure(
        String code,
        Integer status,
        String message,
        String requestId,
        Map<String, Object> body,
        Map<String, Object> accessDenied) {}
