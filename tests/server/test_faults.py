"""A sample of the suite faults, and that the suite would notice what it is there to notice."""

import asyncio
import random

import pytest

from tests.suites import faults
from tests.suites.fault_client import Client
from tests.suites.fault_line import Line, Unclear, problem_in

SAMPLE = 20


def test_sample_of_broken_lines_ends_identical_or_with_a_clear_error():
    progress = faults.run(SAMPLE, "sample", None)
    assert progress.failures == []
    assert progress.ends["identical"] > SAMPLE / 2
    assert {"offset-mismatch", "malformed", "id-conflict", "204"} <= set(progress.answers)


@pytest.fixture(scope="module")
def line(shared_server):
    return Line(shared_server.port)


def test_other_file_on_the_disk_is_noticed(line, shared_house, monkeypatch):
    finish = Client.finish

    async def spoiled(client: Client) -> str:
        end = await finish(client)
        (shared_house.data / "objects" / f"{client.upload_id}.age").write_bytes(client.data[:-1] + b"x")
        return end

    monkeypatch.setattr(Client, "finish", spoiled)
    with pytest.raises(Unclear, match="another file"):
        asyncio.run(faults.one_run(shared_house, line, random.Random(2)))


def test_digest_of_other_bytes_without_a_change_on_the_way_is_noticed(line, shared_house, monkeypatch):
    create = Client.create

    async def swapped(client: Client) -> None:
        await create(client)
        client.data = client.data[:-1] + bytes([client.data[-1] ^ 1])

    async def whole(client: Client) -> None:
        await client._send(client._patch(client.told, 2_000_000))
        client.data = client.data[:-1] + bytes([client.data[-1] ^ 2])

    monkeypatch.setattr(Client, "create", swapped)
    monkeypatch.setattr(Client, "step", whole)
    with pytest.raises(Unclear, match="no byte was changed"):
        asyncio.run(faults.one_run(shared_house, line, random.Random(3)))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"Internal Server Error"),
        (400, b"{}"),
        (400, b'{"type": "urn:intake:problem:nothing"}'),
        (404, b'{"type": "urn:intake:problem:malformed"}'),
    ],
)
def test_error_that_says_nothing_is_noticed(status, body):
    with pytest.raises(Unclear):
        problem_in(status, {"content-type": "application/problem+json"}, body)
