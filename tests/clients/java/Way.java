import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A way of calling: an SDK, what it signs with, and how its users give SecretData. */
interface Way {
    DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    /** The kind of key that it signs with: {@code secret} or {@code rsa}. */
    String key();

    /** Its way of signing: {@code acs3} or {@code roa}. */
    String signing();

    /** What names a namespace. */
    default List<String> identifiers() {
        return List.of("NamespaceId", "NameSpaceShortId");
    }

    /** Whether replies are read into models that know less than is sent. */
    default boolean hasOldModels() {
        return false;
    }

    /** The header with the date, as a clock writes it that is so many seconds fast. */
    default Map<String, String> date(long seconds) {
        var then = Instant.now().plusSeconds(seconds).truncatedTo(ChronoUnit.SECONDS).atOffset(ZoneOffset.UTC);
        return signing().equals("roa")
                ? Map.of("date", HTTP_DATE.format(then))
                : Map.of("x-acs-date", then.toInstant().toString());
    }

    Client as(Map<String, String> keys);

    interface Client {
        /**
         * Sends an operation as that SDK's users do, with SecretData given as a plain map; returns the reply with the
         * wire's names. The headers are signed in the place of those that the SDK makes.
         */
        Map<String, Object> call(String operation, Map<String, Object> parameters, Map<String, String> headers)
                throws Exception;

        /** What a user can read from the exception. */
        Failure failure(Exception thrown);
    }
}
