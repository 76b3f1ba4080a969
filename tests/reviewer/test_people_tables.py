"""A sample of the suite `names`: invented names in every alphabet and press spelling, case and slip, and brothers."""

import itertools
import random

import pytest

from intake.reviewer.people import THRESHOLD, Verdict, explain, similarity
from tests.suites import name_checks, names
from tests.suites.name_spellings import spellings
from tests.suites.name_table import people, siblings

SEED = "sample"
SHOWN = 10
BROTHERS_OF_EACH = 4


def assert_gates(progress):
    """Every share is at its gate; what is wrong is listed."""
    assert progress.counts
    assert progress.missed() == [], "\n".join(names.report(progress, SHOWN))


def checked(checks):
    progress = names.Progress(SEED)
    names.run_checks(checks, progress)
    return progress


def one_in(step, make):
    """One in `step` of the checks that `make` gives for each person, beginning at another for the next person."""
    return itertools.chain.from_iterable(list(make(each))[at % step :: step] for at, each in enumerate(people()))


def test_every_spelling_is_the_same_name():
    assert_gates(checked(one_in(2, name_checks.spelling_checks)))


def test_any_two_spellings_are_the_same_name():
    assert_gates(checked(one_in(100, name_checks.pair_checks)))


def test_inflected_name_is_the_same_name():
    assert_gates(checked(one_in(4, name_checks.case_checks)))


def test_name_with_a_keyboard_slip_is_the_same_name():
    assert_gates(checked(one_in(2, lambda person: name_checks.slip_checks(person, SEED))))


def test_name_with_a_typo_is_the_same_name():
    assert_gates(checked(one_in(2, lambda person: name_checks.typo_checks(person, SEED))))


def test_brother_in_any_spelling_is_another_name():
    assert_gates(checked(one_in(4, lambda person: name_checks.brother_checks(person, SEED, BROTHERS_OF_EACH))))


def test_brother_is_called_a_possible_relative():
    progress = names.Progress(SEED)
    for person in people()[::4]:
        names.run_verdicts(person, progress)
    assert_gates(progress)


def test_every_spelling_is_found_among_brothers():
    progress, index = names.Progress(SEED), names.make_index(brothers=1)
    for position, person in list(enumerate(people()))[::4]:
        scheme = random.Random(f"{SEED}/found/{person.kazakh}").choice(list(spellings(person)))
        names.run_searches(position, index, progress, [scheme])
    assert_gates(progress)


def test_explanation_agrees_with_the_score():
    for person in people()[::8]:
        for written in list(spellings(person).values())[::5]:
            told = explain(str(person.kazakh), written)
            assert told.score == similarity(str(person.kazakh), written)
            assert (told.verdict is Verdict.SAME) == (told.score >= THRESHOLD)


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_explanation_of_a_brother_says_what_speaks_for_and_against(lang):
    person = people()[1]
    told = explain(str(person.kazakh), str(siblings(person)[0].russian), lang)
    assert told.verdict is Verdict.RELATIVE
    assert told.speaks_for
    assert told.speaks_against
    assert len(str(told).splitlines()) >= 3


def test_suite_goes_on_where_it_was_stopped(tmp_path):
    path = tmp_path / "progress.json"
    names.run(1, SEED, path, brothers=0)
    assert names.load(path, SEED).done == 1
    resumed = names.run(2, SEED, path, brothers=0)
    assert resumed.counts == names.run(2, SEED, None, brothers=0).counts
    assert names.load(path, "another seed").done == 0


def test_gate_notices_a_matcher_that_always_says_yes():
    progress = names.Progress(SEED)
    for check in name_checks.all_checks(people()[0], SEED):
        progress.count(check.kind, check.is_same, (1.0, check.first, check.second))
    assert [each.partition(":")[0] for each in progress.missed()] == ["brother"]


def test_gate_notices_a_matcher_that_always_says_no():
    progress = names.Progress(SEED)
    for check in name_checks.all_checks(people()[0], SEED):
        progress.count(check.kind, not check.is_same, (0.0, check.first, check.second))
    assert {each.partition(":")[0] for each in progress.missed()} == {
        *("spelling", "pair", "case-ru", "case-kk", "slip", "typo")
    }
