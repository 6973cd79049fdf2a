import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

class CoreTest {
    @TestFactory
    Stream<DynamicNode> ways() {
        return Stream.of(CoreWay.values()).map(way -> dynamicContainer(way.name(), tests(way)));
    }

    private static Stream<DynamicNode> tests(CoreWay way) {
        var scenarios = new Scenarios(way);
        var namespaces = dynamicContainer("namespaces", scenarios.namespaces());
        if (way == CoreWay.TYPED) {
            return Stream.of(
                    namespaces, dynamicContainer("refusals", scenarios.refusals(CoreWay::isTyped)));
        }
        return Stream.of(
                namespaces,
                dynamicContainer("secrets", scenarios.secrets()),
                dynamicContainer("refusals", scenarios.refusals(operation -> true)),
                dynamicContainer("callers", new Callers(way).all()));
    }
}
