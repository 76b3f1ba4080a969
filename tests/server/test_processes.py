"""Two real server processes over one PostgreSQL and one bucket act as one, also when one of them is killed."""

import hashlib
import multiprocessing
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from intake.server import cli
from intake.server.models import bodies, heads, leaves, objects
from intake.server.services.core import open_core
from intake.server.services.objects import NewObject, put_object
from intake.server.services.repair import STRAY_SECONDS, Repairs, clear_strays, repair
from intake.wire.log import leaf, parse_head, tree_root
from intake.wire.note import require_signer
from tests.server.parts import Server

STORES = ("postgres+s3",)
TUS = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}
PATCH = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def pair(start_server):
    return start_server(), start_server()


def check_log(house) -> int:
    """Every head of the log stands over a prefix of its leaves, every leaf is its object's; returns their number."""
    with open_core(house.settings) as core:
        rows = core.store.read(lambda c: c.execute(select(heads).order_by(heads.c.batch)).all())
        tree = core.store.read(lambda c: c.execute(select(leaves.c.leaf).order_by(leaves.c.number)).scalars().all())
        stored = core.store.read(lambda c: c.execute(select(objects).where(objects.c.leaf_number.is_not(None))).all())
        log_key = {core.log_key.name: core.log_key.public}
    assert [row.batch for row in rows] == list(range(len(rows)))
    assert [row.size for row in rows] == sorted(row.size for row in rows)
    for row in rows:
        note, head = parse_head(row.note, house.deployment.roots.deployment)
        require_signer(note, log_key)
        assert (head.batch, head.size, head.root) == (row.batch, row.size, tree_root(tree[: row.size]))
    assert sorted(row.leaf_number for row in stored) == list(range(len(tree)))
    for row in stored:
        assert tree[row.leaf_number] == leaf(row.salt, row.sha256, row.kind, row.size, row.epoch)
    return len(tree)


def check_bodies(house, acked: list[bytes]) -> None:
    """Every acknowledged report is there with its bytes; every record of a report has a body, and no other."""
    with open_core(house.settings) as core:
        small = select(objects.c.id, objects.c.sha256).where(objects.c.kind == 1)
        records = core.store.read(lambda c: dict(tuple(row) for row in c.execute(small)))
        kept = core.store.read(lambda c: dict(tuple(row) for row in c.execute(select(bodies))))
    assert {object_id: hashlib.sha256(sealed).digest() for object_id, sealed in kept.items()} == records
    assert [body for body in acked if kept.get(body[:16]) != body[52:]] == []


def send_to_both(pair, bodies_of_one: list[bytes], seed: int) -> list[tuple[int, dict]]:
    """Each report to one server at random, then the same to the other."""
    chance, told = random.Random(seed), []
    with httpx.Client(timeout=60, trust_env=False) as client:
        for body in bodies_of_one:
            for server in chance.sample(pair, 2):
                answer = client.post(f"{server.url}/reports", content=body)
                told.append((answer.status_code, answer.json()))
    return told


def test_two_servers_take_reports_and_repeats_as_one(pair, house, make_forge, intake, tmp_path):
    forges = [make_forge(100 + i) for i in range(8)]
    sets = [[forge.envelope() for _ in range(20)] for forge in forges]
    with ThreadPoolExecutor(9) as pool:
        sending = [pool.submit(send_to_both, pair, one, seed) for seed, one in enumerate(sets)]
        exports = []
        while not all(job.done() for job in sending):
            exports.append(intake("export", "--data", house.data, "--out", tmp_path / f"out{len(exports)}"))
        told = [answer for job in sending for answer in job.result()]
    assert {status for status, _ in told} == {200}
    assert len({answer["id"] for _, answer in told}) == 160
    assert exports
    assert {ran.returncode for ran in exports} == {0}
    intake("export", "--data", house.data, "--out", tmp_path / "last")
    check_bodies(house, [body for one in sets for body in one])
    assert check_log(house) == 160


def test_same_report_to_both_at_once_is_stored_once(pair, house, forge, run_many):
    body = forge.envelope()
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(run_many, server.url, [body] * 16) for server in pair]
        answers = [answer for job in jobs for answer in job.result()]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert house.count("objects") == 1


def test_other_bytes_under_one_id_are_stored_once_and_else_refused(pair, house, forge, run_many):
    object_id = forge.object_id()
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(run_many, server.url, [forge.envelope(object_id=object_id) for _ in range(8)])
            for server in pair
        ]
        answers = [answer.status_code for job in jobs for answer in job.result()]
    assert sorted(answers) == [200] + [409] * 15
    assert house.count("objects") == 1


def test_day_is_closed_once_by_two_that_start_together(house):
    with ThreadPoolExecutor(2) as pool:
        starting = [pool.submit(Server, house, log_name=f"serve-{i}.log") for i in range(2)]
        started = [job.result() for job in starting]
    assert [server.stop() for server in started] == [0, 0]
    assert house.count("heads") == 1


def test_move_is_refused_while_two_servers_run(pair, house, intake, tmp_path):
    path = tmp_path / "wished.json"
    path.write_text("{}")
    path.chmod(0o600)
    ran = intake("move", "--data", house.data, "--stores", path)
    assert (ran.returncode, "something else has it open" in ran.stderr) == (1, True)


def test_manifest_that_is_added_is_known_to_both(pair, house, intake, tmp_path):
    newer = tmp_path / "newer.note"
    newer.write_bytes(house.manifest(serial=2))
    assert intake("manifest", "add", "--data", house.data, newer).returncode == 0
    deadline = time.monotonic() + 20
    for server in pair:
        while b'"serial":2,' not in httpx.get(f"{server.url}/manifest", trust_env=False).content:
            assert time.monotonic() < deadline


def test_upload_goes_on_at_the_other_server_after_a_kill(pair, house, forge):
    first, second = pair
    data = forge.media()
    url = httpx.post(f"{first.url}/uploads", headers=TUS | {"Upload-Length": str(len(data))}).headers["location"]
    answer = httpx.patch(f"{first.url}{url}", headers=PATCH | {"Upload-Offset": "0"}, content=data[:50_000])
    assert answer.status_code == 204
    first.kill()
    offset = int(httpx.head(f"{second.url}{url}", headers={"Tus-Resumable": "1.0.0"}).headers["upload-offset"])
    assert offset == 50_000
    headers = PATCH | {"Upload-Offset": str(offset)}
    assert httpx.patch(f"{second.url}{url}", headers=headers, content=data[offset:]).status_code == 204
    ((_, _, _, sha256),) = [row[:4] for row in house.rows()["objects"]]
    assert sha256 == hashlib.sha256(data).digest()


def hammer(server, forge, acked: list[bytes], until: threading.Event) -> None:
    """Reports, pieces of media and whole media until the connection breaks or it is told to stop."""
    try:
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            while not until.is_set():
                body = forge.envelope()
                if client.post("/reports", content=body).status_code == 200:
                    acked.append(body)
                data = forge.media()
                url = client.post("/uploads", headers=TUS | {"Upload-Length": str(len(data))}).headers["location"]
                half = forge.random.choice((10_000, len(data)))
                client.patch(url, headers=PATCH | {"Upload-Offset": "0"}, content=data[:half])
    except (httpx.HTTPError, KeyError):
        return


def test_kill_of_one_leaves_nothing_that_a_start_does_not_put_right(pair, house, make_forge, intake):
    first, second = pair
    acked: list[bytes] = []
    for turn in range(6):
        until = threading.Event()
        threads = [
            threading.Thread(target=hammer, args=(server, make_forge(10 * turn + i), acked, until))
            for i, server in enumerate((first, first, second, second))
        ]
        goal = len(acked) + 20
        for thread in threads:
            thread.start()
        while len(acked) < goal:
            assert any(thread.is_alive() for thread in threads)
            threads[0].join(0.005)
        first.kill()
        # The other still takes reports while the killed one starts anew and repairs.
        first.start()
        assert second.runs
        until.set()
        for thread in threads:
            thread.join()
    check_bodies(house, acked)
    for server in pair:
        assert server.stop() == 0
    with open_core(house.settings) as core:
        found = repair(core)
        assert (found.lost, found.damaged, found.unrecorded, found.away) == (0, 0, 0, False)
        assert repair(core) == Repairs(measured=found.measured)
    assert intake("offload", "--data", house.data).returncode == 0
    check_media(house)


def check_media(house) -> None:
    with open_core(house.settings) as core:
        media = select(objects.c.id, objects.c.sha256).where(objects.c.kind == 2)
        records = core.store.read(lambda c: dict(tuple(row) for row in c.execute(media)))
        assert core.blobs.waiting() == set()
        assert core.blobs.sealed() == set(records)
        for blob_id, sha256 in records.items():
            assert hashlib.sha256(b"".join(core.blobs.read(blob_id))).digest() == sha256


def send_on(server, forge, told: list[tuple[int, bytes]], until: threading.Event) -> None:
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        while not until.is_set():
            body = forge.envelope()
            told.append((client.post("/reports", content=body).status_code, body))


def test_crash_of_the_database_loses_nothing_acknowledged_and_both_go_on(pair, house, make_forge, postgres):
    told: list[tuple[int, bytes]] = []
    until = threading.Event()
    threads = [
        threading.Thread(target=send_on, args=(pair[i % 2], make_forge(i), told, until), daemon=True) for i in range(4)
    ]
    for thread in threads:
        thread.start()
    while len(told) < 40:
        threads[0].join(0.005)
    postgres.stop()
    while not any(status == 503 for status, _ in told):
        threads[0].join(0.005)
    postgres.start()
    goal = sum(status == 200 for status, _ in told) + 40
    while sum(status == 200 for status, _ in told) < goal:
        threads[0].join(0.005)
    until.set()
    for thread in threads:
        thread.join()
    assert {status for status, _ in told} == {200, 503}
    check_bodies(house, [body for status, body in told if status == 200])


def test_part_without_a_record_is_left_while_another_server_may_be_receiving_it(house, core):
    core.blobs.reserve(b"p" * 16, 1000, core.clock())
    assert repair(core, alone=False) == Repairs()
    assert clear_strays(core, STRAY_SECONDS) == 0
    assert core.blobs.parts() == {b"p" * 16}
    assert repair(core) == Repairs(reservations=1)


def offload_in_child(data: str) -> None:
    sys.exit(cli.main(["offload", "--data", data]))


def test_movers_that_are_killed_at_any_moment_lose_nothing(house, make_forge, intake, core):
    forge, chance = make_forge(7), random.Random(7)
    ids = [store_unmoved(core, forge.media()) for _ in range(30)]
    context = multiprocessing.get_context("forkserver")
    for _ in range(12):
        movers = [context.Process(target=offload_in_child, args=(str(house.data),), daemon=True) for _ in range(2)]
        for mover in movers:
            mover.start()
        movers[0].join(chance.uniform(0.05, 0.6))
        for mover in movers:
            mover.kill()
            mover.join()
        assert core.blobs.sealed() == set(ids)
    assert intake("offload", "--data", house.data).returncode == 0
    check_media(house)


def store_unmoved(core, data: bytes) -> bytes:
    new = NewObject(hashlib.sha256(data).digest()[:16], 2, len(data), hashlib.sha256(data).digest(), 12)
    core.blobs.reserve(new.object_id, new.size, core.clock())
    part = core.blobs.open_part(new.object_id)
    part.write(0, [data])
    part.flush(core.clock())
    part.close()
    core.blobs.seal(new.object_id, new.size, core.clock())
    core.store.write(lambda connection: put_object(connection, new, core.clock())).result()
    return new.object_id
