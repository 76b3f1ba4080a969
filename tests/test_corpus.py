"""What the suite fuzz starts from and has kept harms no parser, and the suite would find a bug."""

import pytest

from tests.suites import fuzz
from tests.suites.fuzz_requests import Unhandled, checked
from tests.suites.fuzz_targets import all_targets

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
