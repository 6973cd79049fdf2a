import itertools
from pathlib import Path

import pytest

from adapters import adapters
from cloud import Cloud
from expectations import EXPECTED, NAMESPACES

serial = itertools.count(1)


def pytest_addoption(parser):
    parser.addoption("--generation", required=True, choices=["new", "mid", "old", "classic"])
    parser.addoption("--server", required=True, metavar="HOST:PORT")
    parser.addoption("--counts", required=True, metavar="FILE", help="where to write `PASSED FAILED`")


def pytest_generate_tests(metafunc):
    ways = adapters(metafunc.config.getoption("--generation"))
    if "identifier" in metafunc.fixturenames:
        # Crossed here and not skipped in the test: the oldest generation simply has one parameter less.
        host = metafunc.config.getoption("--server")
        pairs = [(way, name) for way in ways for name in ways[way](host).namespace_identifiers]
        metafunc.parametrize("cloud,identifier", pairs, indirect=["cloud"])
    elif "cloud" in metafunc.fixturenames:
        metafunc.parametrize("cloud", ways, indirect=True)
    if "refusal" in metafunc.fixturenames:
        metafunc.parametrize("refusal", EXPECTED["refusals"], ids=lambda refusal: refusal["title"])


@pytest.fixture
def cloud(request):
    way = adapters(request.config.getoption("--generation"))[request.param]
    return Cloud(way(request.config.getoption("--server")))


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
