"""Work under pressure: asked of all alike, bound to one object and its size, kept as a class."""

import base64
import contextlib
import os

import httpx
import pytest

from intake.server.services.puzzles import Puzzles
from intake.wire.constants import WORK_HEADER
from intake.wire.puzzle import Puzzle, bits_for, parse_solution
from tests.puzzles import solve
from tests.server.parts import Server
from tests.server.test_uploads import silent_after

SECRET = bytes(32)
TUS = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}


@pytest.fixture(scope="module")
def pressed_server(start_shared):
    """A server for which one request a second is too much already."""
    shared = start_shared()
    shared.stop()
    return Server(shared.house, "--calm-rate", "0")


@pytest.fixture(scope="module")
def pressed(pressed_server):
    with httpx.Client(base_url=pressed_server.url, timeout=30, trust_env=False) as opened:
        yield opened
    pressed_server.stop()


def puzzle_in(answer: httpx.Response) -> Puzzle:
    body = answer.json()
    assert answer.status_code == 429
    assert list(body) == ["type", "title", "status", "window", "seed", "bits"]
    assert int(answer.headers["retry-after"]) >= 1
    return Puzzle(body["window"], bytes.fromhex(body["seed"]), body["bits"])


def work_of(house, object_id: bytes) -> int:
    return next(row[-1] for row in house.rows()["objects"] if row[0] == object_id)


def test_report_under_pressure_is_asked_for_work_and_then_taken_with_its_class(pressed, pressed_server, forge):
    body = forge.envelope()
    puzzle = puzzle_in(pressed.post("/reports", content=body))
    assert puzzle.bits == 14
    answer = pressed.post("/reports", content=body, headers={WORK_HEADER: solve(puzzle, body[:16], 8192)})
    assert answer.status_code == 200
    assert work_of(pressed_server.house, body[:16]) >= 1


def test_puzzle_is_asked_for_before_the_body_is_read(pressed, forge):
    puzzle_in(pressed.post("/reports", content=b"x" * 8244))
    answer = pressed.post("/reports", content=b"x" * 8244)
    assert puzzle_in(answer).bits == 14


def test_solution_for_one_report_is_good_for_no_other(pressed, pressed_server, forge):
    first, second = forge.envelope(), forge.envelope()
    header = {WORK_HEADER: solve(puzzle_in(pressed.post("/reports", content=first)), first[:16], 8192)}
    before = pressed_server.house.snapshot()
    puzzle_in(pressed.post("/reports", content=second, headers=header))
    larger = forge.envelope(forge.sealed(16384), object_id=first[:16])
    puzzle_in(pressed.post("/reports", content=larger, headers=header))
    assert pressed_server.house.snapshot() == before


def test_solution_sent_again_stores_nothing_twice(pressed, pressed_server, forge):
    body = forge.envelope()
    header = {WORK_HEADER: solve(puzzle_in(pressed.post("/reports", content=body)), body[:16], 8192)}
    answers = [pressed.post("/reports", content=body, headers=header).text for _ in range(3)]
    assert len(set(answers)) == 1
    assert sum(row[0] == body[:16] for row in pressed_server.house.rows()["objects"]) == 1


def test_upload_under_pressure_is_one_upload_however_often_it_is_begun(pressed, pressed_server, forge):
    media, subject = forge.media(), os.urandom(16)
    headers = TUS | {"Upload-Length": str(len(media))}
    puzzle = puzzle_in(pressed.post("/uploads", headers=headers))
    headers[WORK_HEADER] = solve(puzzle, subject, len(media))
    begun = {pressed.post("/uploads", headers=headers).headers["location"] for _ in range(3)}
    assert len(begun) == 1
    append = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert pressed.patch(begun.pop(), headers=append, content=media).status_code == 204
    upload_id = next(row[0] for row in pressed_server.house.rows()["objects"] if row[2] == len(media))
    assert work_of(pressed_server.house, upload_id) >= 1
    again = pressed.post("/uploads", headers=headers)
    assert again.headers["location"] == f"/uploads/{upload_id.hex()}"
    assert pressed.head(again.headers["location"], headers=TUS).headers["upload-offset"] == str(len(media))


def test_creation_that_was_cut_off_leaves_its_upload_to_whoever_repeats_it(pressed, pressed_server, forge):
    media, subject = forge.media(1 << 20), os.urandom(16)
    puzzle = puzzle_in(pressed.post("/uploads", headers=TUS | {"Upload-Length": str(len(media))}))
    headers = TUS | {"Upload-Length": str(len(media)), WORK_HEADER: solve(puzzle, subject, len(media))}
    lines = headers | {"Content-Type": "application/offset+octet-stream", "Content-Length": str(len(media))}
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with silent_after(pressed_server.port, f"POST /uploads HTTP/1.1\r\nHost: x\r\n{text}\r\n", media[:300_000]) as cut:
        # Which of the two the server takes up first is chance, so it is repeated, as a phone would.
        cut.settimeout(1)
        answer = b""
        for _ in range(20):
            url = pressed.post("/uploads", headers=headers).headers["location"]
            with contextlib.suppress(TimeoutError):
                answer = cut.recv(1000)
                break
        assert answer.startswith(b"HTTP/1.1 409 ")
    kept = int(pressed.head(url, headers=TUS).headers["upload-offset"])
    append = TUS | {"Upload-Offset": str(kept), "Content-Type": "application/offset+octet-stream"}
    assert pressed.patch(url, headers=append, content=media[kept:]).status_code == 204


def test_drafted_upload_begun_again_with_a_body_is_told_where_it_stands(pressed, forge):
    media = forge.media()
    headers = {"Upload-Complete": "?0", "Intake-Epoch": "12", "Upload-Length": str(len(media))}
    headers[WORK_HEADER] = solve(puzzle_in(pressed.post("/uploads", headers=headers)), os.urandom(16), len(media))
    assert pressed.post("/uploads", headers=headers, content=media[:5000]).status_code == 201
    again = pressed.post("/uploads", headers=headers, content=media[:5000])
    assert again.status_code == 409
    assert (again.json()["expected-offset"], again.json()["provided-offset"]) == (5000, 0)


def test_solution_of_another_shape_is_malformed(shared_client, forge, problem):
    for header in ("x", base64.b64encode(bytes(149)).decode(), ""):
        answer = shared_client.post("/reports", content=forge.envelope(), headers={WORK_HEADER: header})
        assert problem(answer) == "malformed"


def test_work_nobody_asked_for_is_kept(shared_client, shared_house, forge):
    puzzles = Puzzles((shared_house.data / "decoy.secret").read_bytes())
    body = forge.envelope()
    header = {WORK_HEADER: solve(puzzles.ask(8192, 2), body[:16], 8192)}
    assert shared_client.post("/reports", content=body, headers=header).status_code == 200
    assert work_of(shared_house, body[:16]) == 2


def test_work_that_does_not_hold_counts_as_none_at_rest(shared_client, shared_house, forge):
    body = forge.envelope()
    header = {WORK_HEADER: solve(Puzzle(1, bytes(16), 14), body[:16], 8192)}
    assert shared_client.post("/reports", content=body, headers=header).status_code == 200
    assert work_of(shared_house, body[:16]) == 0


def test_preflight_allows_the_header(shared_client):
    answer = shared_client.options("/uploads", headers={"Access-Control-Request-Method": "POST"})
    assert "Intake-Work" in answer.headers["access-control-allow-headers"]


def test_solution_is_taken_in_its_hour_and_the_next_and_never_after():
    now = [100]
    puzzles = Puzzles(SECRET, lambda: now[0])
    subject = bytes(range(16))
    solution = parse_solution(solve(puzzles.ask(8192, 1), subject, 8192))
    proven = []
    for now[0] in (99, 100, 101, 102):
        proven.append(puzzles.proven(solution, 8192))
    assert proven == [0, 1, 1, 0]


def test_seeds_differ_by_window_and_secret_and_ids_by_subject_and_size():
    now = [100]
    seeds = set()
    for secret in (SECRET, bytes([1]) * 32):
        for now[0] in (100, 101):
            seeds.add(Puzzles(secret, lambda: now[0]).ask(8192, 1).seed)
    assert len(seeds) == 4
    ids = {Puzzles(s).upload_id(bytes([n]) * 16, z) for s in (SECRET, b"x" * 32) for n in (0, 1) for z in (1, 2)}
    assert len(ids) == 8


def test_class_follows_the_bits_and_the_size():
    puzzles = Puzzles(SECRET)
    assert [puzzles.ask(8192, work).bits for work in (1, 2, 3)] == [14, 16, 18]
    assert puzzles.ask(10**8, 1).bits == bits_for(10**8, 1) == 19
