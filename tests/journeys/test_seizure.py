"""Seizure: after a whole journey full of canaries, what is left on the server and on the phone.

What cannot be hidden is printed (`pytest -s`) and stands in deploy/THREATMODEL.md.
"""

import os
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from deploy.rehearsal.line import line
from deploy.rehearsal.machines import Machines, free_port
from deploy.rehearsal.media import photo
from deploy.rehearsal.phone import CHROMIUM_FLAGS, Phone, chromium_path, launch
from tests.fine_times import CLOCK, DAY_S, fine_times

CLIENT_ADDRESS = "127.77.13.9"
FIELDS = ("who", "where", "when_words", "story", "taken_by", "vehicle", "taken_to", "things_taken")


def canary(name: str) -> str:
    return f"{name} {secrets.token_hex(10)}"


def mark(words: dict[str, str]) -> dict[str, str]:
    """Only the random part of each canary: that is what is searched for."""
    return {name: text.split()[-1] for name, text in words.items()}


def test_search_finds_every_planted_canary(planted, find_canaries):
    folder, text = planted
    hits = find_canaries(folder, {"planted": text})
    assert {hit.rsplit(" in ", 1)[1] for hit in hits} >= {p.name for p in folder.iterdir()}
    assert find_canaries(folder, {"absent": "x" + secrets.token_hex(10)}) == []


def test_search_finds_words_a_leaking_page_leaves(machines, tmp_path, find_canaries):
    """The same browser, a page that does store words: the search must see it, or finding nothing means nothing."""
    words = {"stored": secrets.token_hex(10), "restored": secrets.token_hex(10)}
    with sync_playwright() as playwright:
        context = launch(playwright, tmp_path / "profile", "ru")
        page = context.pages[0]
        page.goto(machines.url + "/")
        page.evaluate("text => localStorage.setItem('draft', text)", words["stored"])
        page.evaluate("text => history.pushState(null, '', '/?' + text)", words["restored"])
        page.wait_for_timeout(500)
        context.close()
    found = {hit.split(" ")[0] for hit in find_canaries(tmp_path / "profile", words)}
    assert found == set(words)


@dataclass(frozen=True)
class Journey:
    """What is left after a journey: `running` is a copy of the server's folder, WAL and all, before it stopped."""

    machines: Machines
    running: Path
    profile: Path
    temporary: Path
    canaries: dict[str, str]
    times: dict[str, os.stat_result]


@pytest.fixture(scope="module")
def journey(make_machines, tmp_path_factory):
    """A whole journey with canaries in every field, file name, picture, user agent, reply; then everything stops."""
    machines = make_machines()
    words = {name: canary(name) for name in FIELDS} | {"reply": canary("reply")}
    hidden = {"file": secrets.token_hex(10), "exif": secrets.token_hex(10), "agent": secrets.token_hex(10)}
    picture = photo(tmp_path_factory.mktemp("camera") / f"{hidden['file']}.jpg", 1, hidden["exif"])
    profile, temporary = tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("tmp")
    running = tmp_path_factory.mktemp("running") / "server"
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("TMPDIR", str(temporary))
        with machines.serving(), line(machines.port, source=CLIENT_ADDRESS) as between:
            context = launch(playwright, profile, "ru", user_agent=f"Agent/{hidden['agent']}")
            phone = Phone(context.pages[0], between.url + "/")
            code = phone.report("saw", {k: v for k, v in words.items() if k != "reply"}, [picture])
            machines.carry_to_laptop()
            (report,) = machines.reports()
            assert {k: v for k, v in report["answers"].items() if k in words} == {k: words[k] for k in FIELDS}
            machines.reviewer("reply", str(report["number"]), stdin=words["reply"])
            machines.carry_back()
            assert phone.read_answers(code) == {1: words["reply"]}
            times = {str(p): p.stat() for p in (machines.server / "objects").rglob("*") if p.is_file()}
            shutil.copytree(machines.server, running, ignore=shutil.ignore_patterns("*.sock"))
            context.close()
    codes = {"code": code, "code digits": code.replace(" ", "")}
    return Journey(machines, running, profile, temporary, mark(words) | hidden | codes, times)


def test_server_holds_no_canary_address_or_agent(journey, find_canaries):
    machines = journey.machines
    seized = journey.canaries | {"address": CLIENT_ADDRESS, "agent name": "Agent/", "browser": "Mozilla/"}
    packed = bytes(int(part) for part in CLIENT_ADDRESS.split("."))
    assert (journey.running / "intake.sqlite-wal").stat().st_size > 0
    for folder in (machines.server, journey.running, machines.logs, machines.stick, journey.temporary):
        assert find_canaries(folder, seized) == []
        assert [p for p in folder.rglob("*") if p.is_file() and packed in p.read_bytes() and p.suffix != ".age"] == []


def test_server_holds_no_time_finer_than_a_day(journey):
    machines = journey.machines
    assert fine_times(journey.running / "intake.sqlite") == []
    assert journey.times
    assert [p for p, status in journey.times.items() if status.st_mtime % DAY_S or status.st_atime % DAY_S] == []
    logs = [path for path in machines.logs.rglob("*") if path.is_file()]
    assert logs
    assert [path for path in logs if CLOCK.search(path.read_text("utf-8"))] == []
    changed = sorted({datetime.fromtimestamp(status.st_ctime, UTC).isoformat() for status in journey.times.values()})
    print(f"\ncannot be hidden: change times (ctime) of {len(journey.times)} media files: {changed}")
    folders = [p for p in [machines.server, *machines.server.rglob("*")] if p.is_dir()]
    print(f"cannot be hidden: modification times of {len(folders)} folders and of the database and its WAL")


def test_phone_holds_no_canary_after_the_journey(journey, find_canaries):
    # The user agent is the browser's own setting, and the address it was opened under is in its history.
    wanted = {name: text for name, text in journey.canaries.items() if name != "agent"}
    assert find_canaries(journey.profile, wanted) == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("rest_s", [1, 8])
def test_phone_killed_while_typing_holds_no_canary(machines, tmp_path, find_canaries, rest_s):
    """kill -9 of the whole browser in a normal window, soon after a key and after the page had time to rest."""
    words = {name: canary(name) for name in FIELDS}
    port = free_port()
    command = [chromium_path(), "--headless=new", f"--user-data-dir={tmp_path / 'profile'}", *CHROMIUM_FLAGS]
    command += [f"--remote-debugging-port={port}", "--window-size=360,740", "--lang=ru"]
    command += ["--no-sandbox"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [*command, "about:blank"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with sync_playwright() as playwright:
            context = _connect(playwright, port)
            phone = Phone(context.pages[0], machines.url + "/")
            phone.open()
            phone.choose("saw")
            phone.fill("saw", dict(words))
            phone.hook("saw.story").press_sequentially(" ещё", delay=30)
            phone.page.wait_for_timeout(rest_s * 1000)
            assert words["story"] in phone.hook("saw.story").input_value()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
    assert (tmp_path / "profile" / "Default").is_dir()
    assert find_canaries(tmp_path / "profile", mark(words)) == []


def _connect(playwright, port):
    """The first context of a Chromium that was just started with a debugging port."""
    for _ in range(150):
        try:
            return playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}").contexts[0]
        except Exception as error:
            last = error
            time.sleep(0.1)
    raise last
