"""What the suite fuzz starts from and has kept harms no parser, and the suite would find a bug."""

import pytest
from sqlalchemy import func, select

from intake.server.models import objects
from intake.wire.constants import OBJECT_MEDIA
from tests.suites import fuzz
from tests.suites.fuzz_requests import ENVELOPE, MEDIA, Unhandled, checked
from tests.suites.fuzz_targets import all_targets, pressed, requests

TARGETS = all_targets()
KEPT_TOTAL_MOST = 2_000_000


@pytest.mark.parametrize("name", TARGETS)
def test_examples_and_kept_inputs_harm_no_parser(name):
    target = TARGETS[name]
    for data in {*target.corpus, *fuzz.kept(name)}:
        target.feed(data)


def test_corpus_is_small_and_of_known_targets():
    paths = list(fuzz.CORPUS.glob("*"))
    assert paths
    assert {path.stem for path in paths} <= set(TARGETS)
    assert sum(path.stat().st_size for path in paths) < KEPT_TOTAL_MOST


def test_planted_bug_is_found(tmp_path):
    pytest.importorskip("atheris")
    (tmp_path / "corpus").mkdir()
    said = fuzz.run_child("planted", tmp_path / "corpus", ["-max_total_time=60", f"-artifact_prefix={tmp_path}/"])
    (crash,) = tmp_path.glob("crash-*")
    assert crash.read_bytes().startswith(b"BUG")
    assert "Finding" in said


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, b"application/problem+json", b'{"type":"urn:intake:problem:internal"}'),
        (404, b"text/plain", b"Not Found"),
        (422, b"application/json", b"{}"),
        (400, b"application/problem+json", b'{"type":"urn:intake:problem:not-found"}'),
    ],
)
def test_answer_that_no_handler_meant_is_noticed(status, kind, body):
    start = {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]}
    with pytest.raises((Unhandled, KeyError)):
        checked([start, {"type": "http.response.body", "body": body}], b"GET")


def test_whole_upload_over_a_fuzzed_connection_is_stored():
    whole = next(data for data in TARGETS["http"].corpus if b"upload-complete: ?1" in data and data.endswith(MEDIA))
    before = stored_media()
    TARGETS["http"].feed(bytes([4]) + whole[1:])
    assert stored_media() == before + 1


def stored_media() -> int:
    count = select(func.count()).where(objects.c.kind == OBJECT_MEDIA)
    return requests().core.store.read(lambda connection: connection.execute(count).scalar_one())


def test_server_under_pressure_asks_for_work_and_takes_it():
    assert pressed().send(b"POST /reports\n\n" + ENVELOPE) == 429
    assert pressed().send(b"POST /reports\nintake-work: {work}\n\n" + ENVELOPE) == 200
