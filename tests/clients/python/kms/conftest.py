import pytest

from cloud import Server
from scenario import KMS
from ways import WAYS


def pytest_generate_tests(metafunc):
    ways = WAYS[metafunc.config.getoption("--generation")]
    fixtures = metafunc.fixturenames
    # Crossed here and not skipped in the tests: a skipped one counts as a failure.
    if "scenario" in fixtures:
        choices = [(way, each) for way in ways for each in KMS["scenarios"] if can_play(ways[way], each)]
        metafunc.parametrize("way_name, scenario", choices, ids=[f"{way}-{each['title']}" for way, each in choices])
    elif "refused_caller" in fixtures:
        choices = [(way, each) for way in ways for each in KMS["caller_refusals"]]
        metafunc.parametrize("way_name, refused_caller", choices, ids=[f"{way}-{each['title']}" for way, each in choices])
    elif "way_name" in fixtures:
        metafunc.parametrize("way_name", ways)


def can_play(way, scenario):
    return scenario["title"] not in way.lacks and scenario.get("over", way.method) == way.method


@pytest.fixture
def way(request, way_name):
    return WAYS[request.config.getoption("--generation")][way_name]


@pytest.fixture
def client_of(request, way):
    server = Server(request.config.getoption("--server"), request.config.getoption("--ca"))
    clients = {}

    def client(caller):
        if caller not in clients:
            clients[caller] = way(server, caller)
        return clients[caller]

    return client
