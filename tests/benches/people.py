"""How well and how fast sightings are found for inquiries: `tests/bench people [--quick]`.

All people are invented, from the room's own lists of names. 1,000 families ask among 10,000 sightings: half of those
sought were seen once, a brother or sister of every fifth of them was seen too, the rest are strangers. Sightings say
less and differently: Latin letters, initials, a given name alone; half give an age, most a sex; hours and places are
of one week in five cities. `R@1` and `R@10` are shares of the people seen whose sighting comes first or among ten.
`--quick` takes a tenth of everything.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from anyascii import anyascii
from names_invented import LANGUAGES, is_cyrillic, of_father, surname_of, table

from intake.reviewer.people.candidates import Standing, candidates_for
from intake.reviewer.people.models import ApproxTime, BirthYears, NameForm, PlaceRef, Precision, Sex, Source, TimeBasis
from intake.reviewer.people.notsame import NotSame
from intake.reviewer.people.recordindex import RecordIndex
from intake.reviewer.people.records import UNKNOWN_BIRTH, Presence, PresenceKind, Record, RecordKind

SEED = 11
INQUIRIES, SIGHTINGS = 1_000, 10_000
PROCESSES = 2
ZONE = "Asia/Almaty"
START = datetime(2022, 1, 5)
CITIES = ("Алматы", "Астана", "Шымкент", "Қарағанды", "Ақтөбе")
PLACES = ("ИВС", "Алмалинское РУП", "спецприёмник", "отдел полиции №3", "Abay street")
FORMS = ("latin", "latin", "initials", "initials", "russian", "two words", "two words", "given alone")


@dataclass(frozen=True)
class Invented:
    """A person nobody is."""

    given: str
    father: str
    surname: str
    female: bool
    born: int
    city: str
    taken: datetime

    def written(self, form: str) -> str:
        """The name in one of FORMS, or as a Kazakh family writes it."""
        surname = self.surname + ("а" if self.female else "")
        patronymic = of_father(self.father, female=self.female, kazakh=form == "kazakh")
        return {
            "kazakh": f"{self.given} {patronymic} {surname}",
            "latin": anyascii(f"{surname} {self.given}"),
            "initials": f"{surname} {self.given[0]}.{self.father[0]}.",
            "russian": f"{surname} {self.given} {patronymic}",
            "two words": f"{self.given} {surname}",
            "given alone": self.given,
        }[form]


class World:
    """Makes people and what is told of them, always the same ones."""

    def __init__(self) -> None:
        self.chance = random.Random(SEED)
        self.given = [row for row in table("given_names") if is_cyrillic(row[0]) and LANGUAGES & {*row[2].split(",")}]
        self.men = [row[0] for row in self.given if row[1] == "m"]
        self.surnames = [row[0] for row in table("surnames") if is_cyrillic(row[0])] + [*map(surname_of, self.men)]

    def person(self) -> Invented:
        chance = self.chance
        name, sex = chance.choice([row for row in self.given if row[1] in "mf"])[:2]
        taken = START + timedelta(hours=chance.randint(0, 7 * 24))
        father, surname = chance.choice(self.men), chance.choice(self.surnames)
        return Invented(name, father, surname, sex == "f", chance.randint(1955, 2005), chance.choice(CITIES), taken)

    def sibling(self, of: Invented) -> Invented:
        others = [row[0] for row in self.given if row[1] == ("f" if of.female else "m") and row[0] != of.given]
        given = self.chance.choice(others)
        return Invented(given, of.father, of.surname, of.female, of.born + 3, of.city, of.taken)

    def inquiry(self, number: int, of: Invented) -> Record:
        taken = Presence(PresenceKind.TAKEN, self.around(of.taken), PlaceRef("үйінен", city=of.city))
        years, sex = BirthYears(of.born, of.born), Sex.FEMALE if of.female else Sex.MALE
        forms = (NameForm.written(of.written("kazakh")),)
        return Record(
            f"I{number}", RecordKind.INQUIRY, forms, years, sex, (taken,), sources=(Source(None, f"i{number}"),)
        )

    def sighting(self, number: int, of: Invented) -> tuple[str, Record]:
        chance, form = self.chance, self.chance.choice(FORMS)
        seen = self.around(of.taken + timedelta(hours=chance.randint(1, 40)))
        where = PlaceRef(chance.choice(PLACES), city=of.city)
        guessed = of.born + chance.randint(-2, 2)
        years = BirthYears(guessed - 3, guessed + 3) if chance.random() < 0.5 else UNKNOWN_BIRTH
        sex = (Sex.FEMALE if of.female else Sex.MALE) if chance.random() < 0.7 else Sex.UNKNOWN
        names = (NameForm.written(of.written(form)),)
        source = (Source(None, f"s{number // 3}"),)
        presence = (Presence(PresenceKind.SEEN, seen, where),)
        return form, Record(f"S{number}", RecordKind.SIGHTING, names, years, sex, presence, sources=source)

    def around(self, at: datetime) -> ApproxTime:
        return ApproxTime.about(at, ZONE, Precision.HOUR, TimeBasis.MEMORY)


@dataclass(frozen=True)
class Question:
    """An inquiry, the sighting that answers it with the form of its name, and a sibling's; None where there is none."""

    inquiry: Record
    answer: str | None
    form: str
    sibling: str | None


def invent(inquiries: int, sightings: int) -> tuple[list[Question], list[Record]]:
    """Inquiries with their answers, and all sightings in random order."""
    world, seen, questions = World(), [], []
    for number in range(inquiries):
        sought = world.person()
        answer = sibling = None
        form = ""
        if number % 2 == 0:
            form, record = world.sighting(len(seen), sought)
            seen.append(record)
            answer = record.ident
        if number % 10 == 0:
            seen.append(world.sighting(len(seen), world.sibling(sought))[1])
            sibling = seen[-1].ident
        questions.append(Question(world.inquiry(number, sought), answer, form, sibling))
    seen += [world.sighting(number, world.person())[1] for number in range(len(seen), sightings)]
    world.chance.shuffle(seen)
    return questions, seen


def ask(sightings: list[Record], questions: list[Question]) -> list[tuple[int, bool, float]]:
    """For each question: the answer's place among ten (0: missing), whether a sibling may be the same, CPU ms."""
    index, told_apart, found = RecordIndex(sightings), NotSame(), []
    for question in questions:
        started = time.process_time()
        candidates = candidates_for(question.inquiry, index, told_apart)
        spent = (time.process_time() - started) * 1000
        idents = [each.record.ident for each in candidates]
        place = idents.index(question.answer) + 1 if question.answer in idents else 0
        taken_for = any(
            each.record.ident == question.sibling and each.standing is Standing.MAY_BE for each in candidates
        )
        found.append((place, taken_for, spent))
    return found


def figures(inquiries: int, sightings: int) -> dict[str, object]:
    """All figures of the bench."""
    questions, seen = invent(inquiries, sightings)
    shares = [questions[place::PROCESSES] for place in range(PROCESSES)]
    started = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        answers = [each for found in pool.map(ask, [seen] * PROCESSES, shares) for each in found]
    seconds = time.monotonic() - started
    asked = [question for share in shares for question in share]
    told = [(question, place) for question, (place, _, _) in zip(asked, answers, strict=True) if question.answer]
    siblings = [taken for question, (_, taken, _) in zip(asked, answers, strict=True) if question.sibling]
    kinds = Counter(question.form for question, _ in told)
    by_form = {form: share([place > 0 for question, place in told if question.form == form]) for form in sorted(kinds)}
    times = sorted(spent for _, _, spent in answers)
    return {
        "inquiries": inquiries,
        "sightings": sightings,
        "processes": PROCESSES,
        "seconds": round(seconds, 1),
        "ms_median": round(times[len(times) // 2], 1),
        "ms_p95": round(times[len(times) * 95 // 100], 1),
        "R@1": share([place == 1 for _, place in told]),
        "R@10": share([place > 0 for _, place in told]),
        "R@10_by_form": by_form,
        "siblings_taken_for_the_same": share(siblings),
    }


def share(values: list[bool]) -> float:
    return round(sum(values) / len(values), 3) if values else 0.0


def main(argv: list[str]) -> int:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(prog="tests/bench people", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    part = 10 if parser.parse_args(argv).quick else 1
    print(json.dumps(figures(INQUIRIES // part, SIGHTINGS // part), ensure_ascii=False))
    return 0
