"""A courier whose requests meet either of two servers over one PostgreSQL and one bucket, on lines that break."""

import pytest

from intake.courier.services.fetching import Fetch
from tests.server.houses import Stands
from tests.server.parts import Server, make_house


@pytest.fixture
def house(tmp_path, deployment, postgres, bucketeer, put_in):
    house = make_house(tmp_path, deployment, Stands(postgres, bucketeer))
    put_in(house, 5, 12, 2)
    return house


@pytest.fixture
def second(carrier):
    server = Server(carrier.house, log_name="second.log")
    yield server
    server.stop()


def test_bundle_fetched_from_either_server_is_identical(carrier, second, tmp_path, cutting, contents):
    reference = carrier.prepare()
    for seed in range(3):
        stick = tmp_path / f"stick-{seed}"
        stick.mkdir()
        if seed:
            carrier.offer_again(reference)
        line = cutting((carrier.server.port, second.port), seed)
        with carrier.line(line.url) as opened:
            folder = Fetch(opened, stick, carrier.roots, lambda *_: None, lambda _: None).run("A")
        assert contents(folder) == contents(reference)
        assert line.met == {carrier.server.port, second.port}
