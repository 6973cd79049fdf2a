import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

class TeaTest {
    private static final Map<String, TeaWay> WAYS = Map.of(
            "query", new TeaWay(null, false),
            "JSON body", new TeaWay(null, true),
            "SM3 signature", new TeaWay("ACS3-HMAC-SM3", false),
            "RSA signature", new TeaWay("ACS3-RSA-SHA256", false),
            "ROA signature", new TeaWay("v2", false));

    @TestFactory
    Stream<DynamicNode> ways() {
        return WAYS.entrySet().stream().map(way -> dynamicContainer(way.getKey(), tests(way.getValue())));
    }

    private static Stream<DynamicNode> tests(Way way) {
        var scenarios = new Scenarios(way);
        return Stream.of(
                dynamicContainer("secrets", scenarios.secrets()),
                dynamicContainer("refusals", scenarios.refusals(operation -> true)),
                dynamicContainer("namespaces", scenarios.namespaces()),
                dynamicContainer("callers", new Callers(way).all()));
    }
}
