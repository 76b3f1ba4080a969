"""What an operator sees: status and its check, metrics, the digest of one length, refusals counted by reason."""

import asyncio
import dataclasses
import os
import re
from concurrent.futures import Future
from datetime import timedelta

import httpx
import pytest

from intake.server.api.problems import count_refusal, take_refusals
from intake.server.errors import StorageFull
from intake.server.serve import leave_counts
from intake.server.services.core import open_core
from intake.server.services.counting import add_refusals, read_gauges, read_refusals, set_gauges
from intake.server.services.digest import WIDTH, digest
from intake.server.services.figures import Figures, collect
from intake.server.services.log import close_batch
from intake.server.services.reports import store_report
from intake.server.services.status import alarms
from intake.wire.envelope import parse_envelope
from intake.wire.manifest import NamedKey

SAMPLE = re.compile(r'intake_[a-z_]+(\{[a-z]+="[a-z-]+"\})? [0-9]+')
COMMENT = re.compile(r"# (HELP intake_[a-z_]+ [A-Z0-9][^.]*\.|TYPE intake_[a-z_]+ (gauge|counter))")

EMBEDDED_ONLY = {"test_health_is_constant_whatever_the_store"}


def put(core, forge, day) -> None:
    envelope = parse_envelope(forge.envelope())
    core.store.write(lambda c: store_report(c, envelope, day)).result()


def sign_head(core) -> None:
    core.store.write(lambda c: close_batch(c, core.head_signer, core.roots.deployment, core.clock())).result()


def test_check_is_quiet_while_all_is_well(server, house, intake):
    ran = intake("status", "--data", house.data, "--check")
    assert (ran.returncode, ran.stdout) == (0, "ok\n")


def test_check_says_that_no_server_runs_and_no_head_is_signed(house, intake):
    ran = intake("status", "--data", house.data, "--check")
    assert ran.returncode == 1
    lines = ran.stdout.splitlines()
    assert lines == ["problem: no server runs here", "problem: the log has no head of today or yesterday"]


def test_check_says_that_an_object_waits_too_long(server, house, core, intake, forge):
    put(core, forge, core.clock() - timedelta(days=3))
    ran = intake("status", "--data", house.data, "--check")
    assert (ran.returncode, ran.stdout) == (1, "problem: objects wait for a laptop for too long\n")
    assert intake("status", "--data", house.data, "--check", "--unacked-days", "3").returncode == 0


def with_receipt_key(core, key: bytes):
    """The manifests as they would be if the one in force named this receipt key."""
    known = core.manifests.known()
    manifest = dataclasses.replace(known.in_force.manifest, receipt_keys=(NamedKey("receipt-1", key),))
    return dataclasses.replace(known, in_force=dataclasses.replace(known.in_force, manifest=manifest))


def test_every_alarm_rings_by_itself(house, monkeypatch):
    """The quiet state of a served house, and each thing that can be wrong, one at a time."""
    days = [0]
    with open_core(house.settings, lambda: house.deployment.today + timedelta(days[0])) as core:
        sign_head(core)

        def ringing(**changes) -> list[str]:
            quiet = dataclasses.replace(collect(core), runs=True, disk_free=50, disk_size=100)
            return [words for words, is_so in alarms(core, dataclasses.replace(quiet, **changes)).items() if is_so]

        assert ringing() == []
        today = core.clock()
        assert ringing(runs=False) == ["no server runs here"]
        assert ringing(oldest=today - timedelta(3)) == ["objects wait for a laptop for too long"]
        assert ringing(oldest=today - timedelta(2)) == []
        assert ringing(head=(0, 0, today - timedelta(2))) == ["the log has no head of today or yesterday"]
        assert ringing(head=(0, 0, today - timedelta(1))) == []
        assert ringing(serial=None, manifest_days=None) == ["no key manifest is in force"]
        assert ringing(manifest_days=1) == ["the newest manifest ends within two days"]
        monkeypatch.setattr(core.manifests, "_known", with_receipt_key(core, bytes(32)))
        assert ringing() == ["the receipt key is not among those of the manifest"]
        monkeypatch.setattr(core.manifests, "_known", with_receipt_key(core, core.receipt_key.public))
        assert ringing() == []
        assert ringing(disk_free=9) == ["less than a tenth of the disk is free"]
        monkeypatch.setattr(type(core.log_key), "public", bytes(32))
        assert ringing() == ["the log key is not in the manifest"]


def test_metrics_are_prometheus_text_of_counts_alone(house, core, forge, store_media, intake):
    put(core, forge, core.clock())
    store_media(core, forge.media(), core.clock())
    sign_head(core)
    core.store.write(lambda c: add_refusals(c, {"not-sealed": 3})).result()
    lines = intake("metrics", "--data", house.data).stdout.splitlines()
    assert [line for line in lines if not (SAMPLE.fullmatch(line) or COMMENT.fullmatch(line))] == []
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
    assert {re.split(r"[ {]", line)[0] for line in lines if not line.startswith("#")} == set(names)
    for sample in (
        'intake_objects{kind="report"} 1',
        f'intake_object_bytes{{kind="media"}} {len(forge.media())}',
        'intake_refusals_total{reason="not-sealed"} 3',
        "intake_unacked_objects 2",
        "intake_log_leaves 2",
        "intake_head_age_days 0",
        "intake_up 0",
    ):
        assert sample in lines
    ids = [row[0].hex() for row in house.rows()["objects"]]
    assert not any(one in "\n".join(lines) for one in ids)


def extreme(figures: Figures, value: int) -> Figures:
    """The same figures with every number at `value`, as far as it has one."""
    changes = {
        field.name: value
        for field in dataclasses.fields(figures)
        if field.type in (int, "int", int | None, "int | None")
    }
    kinds = dict.fromkeys(figures.kinds, (value, value))
    refusals = dict.fromkeys(("no-space", "internal", "malformed"), value) if value else {}
    head = (value, value, figures.day) if value else None
    return dataclasses.replace(figures, **changes, kinds=kinds, refusals=refusals, head=head)


def test_digest_has_one_length_whatever_the_numbers(core):
    figures = collect(core)
    texts = [digest(core, extreme(figures, value)) for value in (0, 1, 99, 10**6, 10**15, 10**18)]
    assert len({len(text.encode("ascii")) for text in texts}) == 1
    for text in texts:
        assert {len(line) for line in text.splitlines()} == {WIDTH}
        assert not re.search(r" $", text, re.MULTILINE)
    assert len({text.count("\n") for text in texts}) == 1
    assert len(set(texts)) >= 5


def test_digest_on_the_command_line_says_what_to_look_at(house, intake):
    printed = intake("digest", "--data", house.data).stdout
    assert re.search(r"^no server runs here \.+ LOOK$", printed, re.MULTILINE)
    assert re.search(r"^no key manifest is in force \.+ no$", printed, re.MULTILINE)
    assert re.search(r"^Text parts stored \(a report has one or more\) \.+ 0$", printed, re.MULTILINE)
    assert "TRAINING" in printed.splitlines()[1]


def test_refusals_are_counted_by_reason_and_left_when_the_server_stops(start_server, house, forge, intake):
    server = start_server()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        for _ in range(3):
            client.post("/reports", content=b"x" * 200)
        client.get("/nowhere")
        client.post("/forward", files=[("sealed", ("x", b"plain")), ("sealed", ("y", forge.sealed()))])
    assert server.stop() == 0
    server.start()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/nowhere")
    server.stop()
    lines = intake("status", "--data", house.data).stdout.splitlines()
    assert [line for line in lines if line.startswith("refused: ")] == [
        "refused: digest-mismatch 3",
        "refused: not-found 2",
        "refused: not-sealed 1",
    ]
    assert {"queue: 0", "pressure: 0", f"reserve: {1 << 20}"} <= set(lines)


def test_counts_of_two_processes_add_up(house, core):
    with open_core(house.settings) as other:
        waiting = [
            one.store.write(lambda c: add_refusals(c, {"malformed": 2, "no-space": 1})) for one in (core, other) * 20
        ]
        for write in waiting:
            write.result()
    assert core.store.read(read_refusals) == {"malformed": 80, "no-space": 40}


def test_counts_that_cannot_be_left_are_kept(house, core, monkeypatch):
    take_refusals()
    count_refusal("malformed", 5)

    def full(operation) -> "Future[None]":
        result: Future[None] = Future()
        result.set_exception(StorageFull())
        return result

    with monkeypatch.context() as patch:
        patch.setattr(core.store, "write", full)
        with pytest.raises(StorageFull):
            asyncio.run(leave_counts(core))
    asyncio.run(leave_counts(core))
    assert core.store.read(read_refusals) == {"malformed": 5}
    assert take_refusals() == {}


def test_gauges_are_the_last_word(core):
    for value in (3, 3, 7):
        core.store.write(lambda c, value=value: set_gauges(c, {"queue": value})).result()
    assert core.store.read(read_gauges) == {"queue": 7}


def test_pressure_and_reserve_are_left_for_the_command_line(house, core, intake):
    core.settings.folder.reserve.write_bytes(bytes(5000))
    core.pressure.calm_rate = 0
    core.pressure.offer()
    asyncio.run(leave_counts(core))
    assert core.store.read(read_gauges) == {"queue": 0, "pressure": 1, "reserve": 5000}
    lines = intake("metrics", "--data", house.data).stdout.splitlines()
    assert {"intake_server_pressure 1", "intake_server_reserve 5000"} <= set(lines)
    assert {"pressure: 1", "reserve: 5000"} <= set(intake("status", "--data", house.data).stdout.splitlines())


def test_health_is_constant_whatever_the_store(start_server, house):
    server = start_server()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        before = client.get("/health")
        os.rename(house.data / "intake.sqlite", house.data / "away")
        after = client.get("/health")
        os.rename(house.data / "away", house.data / "intake.sqlite")
    assert (before.status_code, before.text) == (after.status_code, after.text) == (200, "ok")


def test_status_metrics_and_digest_change_nothing(house, core, forge, intake):
    put(core, forge, core.clock())
    before = house.snapshot()
    for verb in ("status", "metrics", "digest"):
        assert intake(verb, "--data", house.data).returncode == 0
    assert house.snapshot() == before
