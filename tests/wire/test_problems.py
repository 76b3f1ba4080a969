"""Problem details: exactly those of SPEC.md, exactly the members that RFC 9457 bodies have here."""

import json
import re
from pathlib import Path

import pytest

from intake.wire import errors
from intake.wire.problems import PROBLEMS, problem_body, problem_for
from intake.wire.puzzle import Puzzle


def test_problems_are_those_of_the_spec(root: Path) -> None:
    text = (root / "intake/wire/SPEC.md").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith("`malformed` 400"))
    assert {name: int(status) for name, status in re.findall(r"`([a-z-]+)` (\d{3})", line)} == {
        name: problem.status for name, problem in PROBLEMS.items()
    }


@pytest.mark.parametrize("name", PROBLEMS)
def test_problem_body_has_type_title_and_status(name):
    body = json.loads(problem_body(name))
    assert list(body) == ["type", "title", "status"]
    is_iana = name in ("mismatching-upload-offset", "inconsistent-upload-length")
    prefix = "https://iana.org/assignments/http-problem-types#" if is_iana else "urn:intake:problem:"
    assert body["type"] == prefix + name
    assert body["status"] == PROBLEMS[name].status
    assert re.fullmatch("[A-Z][ -~]+[.]", body["title"])


def test_offset_stands_last_when_given():
    assert list(json.loads(problem_body("offset-mismatch", offset=0))) == ["type", "title", "status", "offset"]
    assert json.loads(problem_body("offset-mismatch", offset=2**32))["offset"] == 2**32


def test_offsets_stand_under_the_names_of_the_ietf_draft():
    body = json.loads(problem_body("mismatching-upload-offset", offset=5, provided=7))
    assert list(body) == ["type", "title", "status", "expected-offset", "provided-offset"]
    assert (body["expected-offset"], body["provided-offset"]) == (5, 7)


def test_puzzle_stands_last_when_given():
    body = json.loads(problem_body("puzzle-needed", puzzle=Puzzle(2**32 - 1, bytes(range(16)), 14)))
    assert list(body) == ["type", "title", "status", "window", "seed", "bits"]
    assert (body["window"], body["seed"], body["bits"]) == (2**32 - 1, bytes(range(16)).hex(), 14)


def test_unknown_problem_has_no_body():
    with pytest.raises(KeyError):
        problem_body("no-such-problem")


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (errors.NotSealed, "not-sealed"),
        (errors.WrongRecipients, "wrong-recipients"),
        (errors.StanzaCount, "stanza-count"),
        (errors.WrongSize, "wrong-size"),
        (errors.DigestMismatch, "digest-mismatch"),
        (errors.BadSignature, "bad-signature"),
        (errors.EnvelopeInvalid, "malformed"),
        (errors.EncodingInvalid, "malformed"),
        (errors.OutboxInvalid, "malformed"),
    ],
)
def test_error_has_its_problem(error, name):
    assert problem_for(error("a detail")) == PROBLEMS[name]
