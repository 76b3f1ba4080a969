"""The README of intake/reviewer/people: each example is run again, so that it says what the matcher does now."""

from __future__ import annotations

import doctest
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.reviewer import people
from intake.reviewer.people.align import Alignment, align
from intake.reviewer.people.keyboard import meant
from intake.reviewer.people.models import ApproxTime, NameForm
from intake.reviewer.people.pairing import CLEAR, pair
from intake.reviewer.people.parts import parse_name
from intake.reviewer.people.score import features
from intake.reviewer.people.sounds import spelling
from intake.reviewer.people.text import fold_text
from intake.reviewer.people.words import Form, Word, word

ROOM = Path(people.__file__).parent
README = (ROOM / "README.md").read_text("utf-8")
SPELLINGS = Path(__file__).parent / "people_spellings.tsv"
NEAR = 0.03
NUMBER = re.compile(r"\d\.\d\d")
BLOCK = re.compile(r"```names(?: (en|ru|kk))?\n(.*?)\n```", re.DOTALL)
STEPS = re.compile(r"```steps\n([^\n]+) \| ([^\n]+)\n(.*?)\n```", re.DOTALL)
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (\d\.\d\d) (same|possible relative|possible|different) \|", re.MULTILINE)
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def examples(text: str) -> list[tuple[str, str, str, str]]:
    """Language, both names and what is said of them, of every example: blank lines part those of one block."""
    found = []
    for lang, block in BLOCK.findall(text):
        for each in block.split("\n\n"):
            names, _, said = each.partition("\n")
            a, b = names.split(" | ")
            found.append((lang or "en", a, b, said))
    return found


def blanked(text: str) -> str:
    """`text` without its scores."""
    return NUMBER.sub("#", text)


def assert_as_printed(printed: str, now: str) -> None:
    """Both say the same, and every score is within NEAR of what is printed."""
    assert blanked(now) == blanked(printed), f"it says now:\n{now}"
    for old, new in zip(NUMBER.findall(printed), NUMBER.findall(now), strict=True):
        assert float(new) == pytest.approx(float(old), abs=NEAR), f"it says now:\n{now}"


def sounds_of(found: Word) -> str:
    """The usual reading of a word, in the symbols of data/spellings.json."""
    names = {spelling().code(name): name for name in spelling().names}
    return " ".join(names[code] for code in found.sounds[0])


def form_in_words(form: Form) -> str:
    return f"{form.text} ({form.kind}{f', {form.case} {form.cost:.2f}' if form.case else ''})"


def steps(a: str, b: str) -> Iterator[str]:
    """How the score of two names comes about, a line for each step."""
    names = [parse_name(a), parse_name(b)]
    found: Alignment = align(*names)
    yield f"folded   {fold_text(a)} | {fold_text(b)}"
    yield f"meant    {meant(fold_text(a))} | {meant(fold_text(b))}"
    yield "words    " + " | ".join(", ".join(form_in_words(one.forms[0]) for one in each) for each in names)
    yield "sounds   " + " | ".join(", ".join(map(sounds_of, each)) for each in names)
    yield from (f"forms    {' = '.join(map(form_in_words, one.forms))}" for one in names[1])
    for one in found.pairs:
        apart = f"{one.pair.apart:.2f} apart, {one.pair.why or 'sound'}"
        yield f"pair     {one.a.text} / {one.b.text}: {one.pair.kind}, {apart}"
    yield f"left     {' '.join(one.text for one in found.left_a)} | {' '.join(one.text for one in found.left_b)}"
    yield "features " + ", ".join(f"{name}: {value:.2f}" for name, value in features(found).items())
    yield f"score    {people.similarity(a, b):.2f}"


@pytest.mark.parametrize(("lang", "a", "b", "printed"), examples(README))
def test_example_says_what_it_shows(lang: str, a: str, b: str, printed: str) -> None:
    assert_as_printed(printed, str(people.explain(a, b, lang)))


@pytest.mark.parametrize(("a", "b", "score", "verdict"), ROW.findall(README))
def test_row_of_a_table_has_its_score_and_verdict(a: str, b: str, score: str, verdict: str) -> None:
    found = people.explain(a, b)
    assert_as_printed(f"{score} {verdict}", f"{found.score:.2f} {found.verdict}")


@pytest.mark.parametrize(("a", "b", "printed"), STEPS.findall(README))
def test_steps_are_as_shown(a: str, b: str, printed: str) -> None:
    assert_as_printed(printed, "\n".join(line.rstrip() for line in steps(a, b)))


def test_examples_are_there_to_be_run() -> None:
    assert len(examples(README)) >= 8
    assert {lang for lang, *_ in examples(README)} == {"en", "ru", "kk"}
    assert len(ROW.findall(README)) >= 12
    assert len(STEPS.findall(README)) == 1
    assert README.count("```names") == len(BLOCK.findall(README))


def test_change_of_a_score_is_noticed() -> None:
    lang, a, b, printed = examples(README)[0]
    wrong = NUMBER.sub(lambda score: f"{abs(float(score[0]) - 0.1):.2f}", printed, count=1)
    with pytest.raises(AssertionError):
        test_example_says_what_it_shows(lang, a, b, wrong)


def test_code_of_the_readme_runs() -> None:
    text = "\n".join(code for code in PYTHON.findall(README) if ">>>" in code)
    case = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    said: list[str] = []
    assert case.examples
    assert doctest.DocTestRunner(verbose=False).run(case, out=said.append).failed == 0, "".join(said)


def signature(owner: object, name: str) -> str:
    """`name` with its signature as the README writes it; for `NameIndex.add` without `self`."""
    found = str(inspect.signature(getattr(owner, name))).replace("'", "")
    return f"{name}{found.replace('(self, ', '(').replace('(self)', '()')}"


def test_public_face_is_shown_with_its_signatures() -> None:
    functions = [signature(people, name) for name in ("similarity", "explain")]
    methods = [signature(people.NameIndex, name) for name in ("search", "add", "remove", "save", "load")]
    assert [each for each in functions + methods if each not in README.replace("'", "")] == []
    assert [name for name in people.__all__ if f"`{name}`" not in README and f" {name}" not in README] == []
    assert [kind.__name__ for kind in (ApproxTime, NameForm) if f"`{kind.__name__}`" not in README] == []


def test_every_data_file_and_module_is_told_about() -> None:
    files = [path.name for folder in (ROOM, ROOM / "data") for path in folder.iterdir() if path.is_file()]
    assert [name for name in files if f"`{name}`" not in README and name not in ("README.md", "__init__.py")] == []


def test_calibration_is_told_as_it_is_stored() -> None:
    stored = json.loads((ROOM / "data" / "calibration.json").read_text("utf-8"))
    assert f"{stored['learned_on']['pairs']:,} pairs" in README
    assert [name for name in stored["learned_on"]["fixed_by_hand"] if f"`{name}`" not in README] == []
    assert f"THRESHOLD is {people.THRESHOLD:g}" in README


def test_every_kind_of_evidence_of_a_feature_is_told() -> None:
    stored = json.loads((ROOM / "data" / "calibration.json").read_text("utf-8"))
    names = {name.rstrip(" 012") for name in stored["weights"]}
    assert [name for name in names if f"`{name}`" not in README] == []


def spelling_rows() -> list[list[str]]:
    lines = [line for line in SPELLINGS.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [line.split("\t") for line in lines[1:]]


@pytest.mark.parametrize(("written", "otherwise", "where"), spelling_rows())
def test_spelling_once_missed_sounds_the_same(written: str, otherwise: str, where: str) -> None:
    assert pair(word(fold_text(written)), word(fold_text(otherwise))).apart <= CLEAR, where
