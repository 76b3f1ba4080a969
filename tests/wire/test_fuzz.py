"""A sample of the suite wire-fuzz, and that the suite would notice what it is there to notice."""

import random

import pytest

from intake.wire.errors import FrameInvalid
from tests.suites import wire_fuzz, wire_targets
from tests.suites.mutations import mutate

SAMPLE = 6_000


def test_sample_of_mutations_breaks_no_parser():
    progress = wire_fuzz.run(SAMPLE, "sample", None)
    assert progress.failures == []
    assert sum(n for counts in progress.outcomes.values() for n in counts.values()) == SAMPLE
    for name, counts in progress.outcomes.items():
        assert counts.get("accepted"), f"{name} accepted none, so its writer was not tried"
        assert len(counts) > 1, f"{name} refused none"


def test_every_target_accepts_something_unchanged():
    for target in wire_targets.all_targets():
        outcomes = {wire_fuzz.outcome_of(target, data) for data in target.corpus}
        assert ("accepted", "") in outcomes, target.name
        assert {wrong for _, wrong in outcomes} == {""}, target.name


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (lambda data: data[0:0] if data else b"x", "accepted, but written in another way"),
        (lambda data: int(data.decode("latin-1")), "ValueError is no WireError"),
        (lambda data: [][0], "IndexError is no WireError"),
    ],
)
def test_broken_parser_is_noticed(read, wrong):
    target = wire_targets.Target("broken", (b"abc",), read)
    assert wire_fuzz.outcome_of(target, b"abc") == ("failed", wrong)


def test_error_that_repeats_its_input_is_noticed():
    def read(data):
        raise FrameInvalid(data.hex())

    outcome = wire_fuzz.outcome_of(wire_targets.Target("broken", (b"",), read), bytes(400))
    assert outcome == ("FrameInvalid", "an error that says too much")


def test_forged_signature_would_be_noticed():
    check = wire_targets.signed_once(lambda data: data[:4], (b"real one",))
    check(b"real two")
    with pytest.raises(wire_targets.Forged):
        check(b"fake")


def test_same_case_is_the_same_bytes():
    targets = wire_targets.all_targets()
    first = [wire_fuzz.make_case(targets, "x", n)[1] for n in range(200)]
    assert first == [wire_fuzz.make_case(targets, "x", n)[1] for n in range(200)]
    assert len(set(first)) > 150
    assert mutate(random.Random("a"), (b"abc",)) == mutate(random.Random("a"), (b"abc",))


def test_suite_goes_on_where_it_was_stopped(tmp_path):
    path = tmp_path / "progress.json"
    wire_fuzz.run(300, "resumed", path)
    halfway = wire_fuzz.Progress.load(path, "resumed")
    assert halfway.done == 300
    resumed = wire_fuzz.run(700, "resumed", path)
    whole = wire_fuzz.run(700, "resumed", None)
    assert resumed.outcomes == whole.outcomes
    assert wire_fuzz.Progress.load(path, "another seed").done == 0
