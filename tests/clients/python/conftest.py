import itertools
from pathlib import Path

import pytest

from adapters import adapters
from cloud import Cloud, Server
from expectations import CALLERS, EXPECTED, NAMESPACES

serial = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--generation", required=True, choices=["new", "mid", "old", "classic", "caching"])
    parser.addoption("--server", required=True, metavar="HOST:PORT")
    parser.addoption("--ca", metavar="FILE", help="the certificate to trust; the server then speaks TLS")
    parser.addoption("--counts", required=True, metavar="FILE", help="where to write `PASSED FAILED`")


def server(config):
    return Server(config.getoption("--server"), config.getoption("--ca"))


def pytest_generate_tests(metafunc):
    fixtures = metafunc.fixturenames
    if not {"cloud", "clouds"} & set(fixtures):
        return
    ways = adapters(metafunc.config.getoption("--generation"))

    def adapter(way):
        return ways[way](server(metafunc.config), "dev")

    # Crossed here and not skipped in the tests: the oldest generation simply has one parameter less, and nobody has a
    # temporary key pair.
    def cross(name, choices):
        pairs = [(way, choice) for way in ways for choice in choices(adapter(way))]
        ids = [f"{way}-{title(choice)}" for way, choice in pairs]
        indirect = [fixture for fixture in ("cloud", "clouds") if fixture in fixtures]
        metafunc.parametrize([*indirect, name], pairs, indirect=indirect, ids=ids)

    def title(choice):
        return choice if isinstance(choice, str) else choice.get("title", choice["caller"])

    def of_known_keys(expectations):
        return lambda adapter: [each for each in expectations if adapter.key in CALLERS[each["caller"]]]

    if "identifier" in fixtures:
        cross("identifier", lambda adapter: adapter.namespace_identifiers)
    elif "caller_refusal" in fixtures:
        cross("caller_refusal", of_known_keys(EXPECTED["caller_refusals"]))
    elif "denial" in fixtures:
        cross("denial", of_known_keys(EXPECTED["denials"]))
    elif "cloud" in fixtures or "clouds" in fixtures:
        metafunc.parametrize("cloud" if "cloud" in fixtures else "clouds", ways, indirect=True)
    if "refusal" in fixtures:
        metafunc.parametrize("refusal", EXPECTED["refusals"], ids=lambda refusal: refusal["title"])


@pytest.fixture
def clouds(request):
    """The server as each of the callers sees it, by the caller's name."""
    way = adapters(request.config.getoption("--generation"))[request.param]
    return lambda caller: Cloud(way(server(request.config), caller))


@pytest.fixture
def cloud(request):
    """The server as somebody sees it who may do everything."""
    way = adapters(request.config.getoption("--generation"))[request.param]
    return Cloud(way(server(request.config), "dev"))


@pytest.fixture
def new_namespace():
    """An id that no other test uses: all tests of a suite share one server."""
    return f"{NAMESPACES['default']}:t{next(serial)}"


@pytest.fixture
def namespace(cloud, new_namespace):
    cloud.call("CreateNamespace", NamespaceId=new_namespace, NamespaceName="scratch", NamespaceDescription="")
    yield new_namespace
    cloud.call("DeleteNamespace", NamespaceId=new_namespace)


@pytest.fixture
def tiny(cloud):
    """The namespace with room for one secret, emptied on both sides so that a failure does not spread."""
    empty(cloud, NAMESPACES["tiny"])
    yield NAMESPACES["tiny"]
    empty(cloud, NAMESPACES["tiny"])


def empty(cloud, namespace):
    for secret in cloud.listed(namespace):
        cloud.delete(namespace, secret["SecretId"])


def pytest_terminal_summary(terminalreporter, config):
    passed = len(terminalreporter.stats.get("passed", []))
    # A skipped test is a client that was not tried, so it counts as a failure.
    others = ("failed", "error", "skipped", "xfailed", "xpassed")
    failed = sum(len(terminalreporter.stats.get(other, [])) for other in others)
    Path(config.getoption("--counts")).write_text(f"{passed} {failed}\n", "ascii")
