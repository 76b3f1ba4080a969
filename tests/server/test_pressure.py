"""When work is asked for: by how much is offered and waits, never by who offers it."""

import asyncio
import contextlib

import httpx
import pytest

from intake.server.services.pressure import BACKLOG_MAX, WAITING_MAX, Pressure
from intake.server.settings import CALM_RATE
from intake.wire.constants import WORK_HEADER
from intake.wire.puzzle import Puzzle
from tests.benches import abuse_model
from tests.puzzles import solve


class Watch:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def pressure(watch):
    return Pressure(50, watch)


def levels(pressure, watch, seconds, offered, solved=None):
    """The level after each second in which so much was offered, and so much of it solved at the level asked for."""
    seen = []
    for _ in range(seconds):
        for _ in range(offered):
            pressure.offer()
        for _ in range(solved or 0):
            pressure.take(max(1, pressure.level))
        seen.append(pressure.level)
        watch.seconds += 1
    return seen


def test_calm_rate_for_ever_asks_for_nothing(pressure, watch):
    assert set(levels(pressure, watch, 300, 50)) == {0}


def test_short_burst_below_ten_seconds_of_calm_asks_for_nothing(pressure, watch):
    assert levels(pressure, watch, 1, 500) == [0]
    assert set(levels(pressure, watch, 30, 0)) == {0}


def test_flood_asks_for_work_within_two_seconds(pressure, watch):
    assert levels(pressure, watch, 3, 500) == [0, 1, 1]


def test_refused_flood_keeps_the_work_up_but_never_makes_it_dearer(pressure, watch):
    levels(pressure, watch, 2, 500)
    assert set(levels(pressure, watch, 600, 500, solved=9)) == {1}


def test_flood_that_solves_makes_work_dearer_step_by_step(pressure, watch):
    levels(pressure, watch, 2, 500)
    seen = levels(pressure, watch, 60, 500, solved=50)
    assert sorted(set(seen)) == [1, 2, 3]
    assert seen == sorted(seen)
    assert seen.index(3) - seen.index(2) >= 10


def test_pressure_goes_step_by_step_after_a_minute_of_calm(pressure, watch):
    levels(pressure, watch, 60, 500, solved=50)
    seen = levels(pressure, watch, 300, 10)
    assert [level for level in (3, 2, 1, 0) if level in seen] == [3, 2, 1, 0]
    assert seen == sorted(seen, reverse=True)
    assert seen.count(2) >= 59


def test_work_that_nobody_asked_for_does_not_go_before_everyone_else(pressure, watch):
    for _ in range(60):
        for _ in range(3):
            pressure.offer()
            pressure.take(3)
        assert pressure.level <= 3
        watch.seconds += 1
    assert pressure.level == 3


def test_solution_sent_again_counts_once(pressure, watch):
    for _ in range(300):
        pressure.offer()
        pressure.take(3, b"the only one")
        assert pressure.level == 0
        watch.seconds += 0.1


def test_solutions_are_remembered_in_bounded_memory(pressure):
    for number in range(100_000):
        pressure.take(1, number.to_bytes(8))
    assert len(pressure._counted) + len(pressure._counted_before) <= 65_536
    before = pressure._second().solved[1]
    pressure.take(1, (99_999).to_bytes(8))
    assert pressure._second().solved[1] == before


def test_level_falls_to_one_while_the_flood_goes_on_without_solving(pressure, watch):
    levels(pressure, watch, 60, 500, solved=50)
    assert levels(pressure, watch, 200, 500)[-1] == 1


def test_backlog_and_waiting_reports_ask_for_work(pressure, watch):
    pressure.backlog = BACKLOG_MAX
    assert pressure.level == 0
    pressure.backlog += 1
    assert pressure.level == 1
    other = Pressure(50, watch)
    with contextlib.ExitStack() as reports:
        for _ in range(WAITING_MAX):
            reports.enter_context(other.waiting())
        assert other.level == 0
        reports.enter_context(other.waiting())
        assert other.level == 1
    third = Pressure(50, watch)
    for _ in range(WAITING_MAX + 1):
        with contextlib.suppress(ValueError), third.waiting():
            raise ValueError
    assert third.level == 0


def test_what_cannot_solve_has_a_small_lane_under_pressure(pressure, watch):
    assert all(pressure.take_token() for _ in range(500))
    levels(pressure, watch, 3, 500)
    assert sum(pressure.take_token() for _ in range(500)) == 32
    watch.seconds += 5
    levels(pressure, watch, 1, 500)
    assert sum(pressure.take_token() for _ in range(500)) == 12


def test_flood_with_two_cores_leaves_honest_phones_first_and_one_with_a_card_does_not():
    phone = 270_000.0
    cores, card = (abuse_model.modelled(100, hashes, phone, 300) for hashes in (43e6, 22e9))
    assert cores["honest_p95_s"] <= 30
    assert cores["first_64mb"] == 1.0
    assert card["first_64mb"] < 0.5


async def send(client, body):
    """A report as an honest phone sends it, solving what it is asked for; the statuses of its answers."""
    answers, headers = [], {}
    while not answers or answers[-1] == 429:
        answer = await client.post("/reports", content=body, headers=headers)
        answers.append(answer.status_code)
        if answer.status_code == 429:
            asked = answer.json()
            puzzle = Puzzle(asked["window"], bytes.fromhex(asked["seed"]), asked["bits"])
            headers = {WORK_HEADER: await asyncio.to_thread(solve, puzzle, body[:16], len(body) - 52)}
    return answers


def send_thirty(server, forge):
    """Thirty reports at the same time from one address; the statuses of each."""
    bodies = [forge.envelope() for _ in range(30)]

    async def all_at_once():
        limits = httpx.Limits(max_connections=30)
        async with httpx.AsyncClient(base_url=server.url, timeout=120, trust_env=False, limits=limits) as client:
            return await asyncio.gather(*(send(client, body) for body in bodies))

    return asyncio.run(all_at_once())


def test_thirty_people_behind_one_address_are_not_slowed_at_rest(start_server, house, forge):
    server = start_server("--calm-rate", str(CALM_RATE))
    assert send_thirty(server, forge) == [[200]] * 30
    assert house.count("objects") == 30


def test_thirty_people_behind_one_address_solve_once_like_anyone_under_pressure(start_server, house, forge, run_many):
    server = start_server("--calm-rate", "20")
    while all(answer.status_code == 200 for answer in run_many(server.url, [forge.envelope() for _ in range(50)])):
        pass
    before = house.count("objects")
    answers = send_thirty(server, forge)
    assert [statuses[-1] for statuses in answers] == [200] * 30
    # More may be asked of one that others were quicker than.
    assert {tuple(statuses[:-1]) for statuses in answers} <= {(429,), (429, 429)}
    assert house.count("objects") == before + 30
