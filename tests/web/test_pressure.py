"""A page whose server is under pressure or full: it says what it does, stays usable, and the report arrives."""

import json
import sqlite3

import pytest

from deploy.rehearsal.media import photo
from deploy.rehearsal.phone import Phone

# Every state that the status screen shows, and how often the page could have reacted to a person while it proved.
WATCH = """() => {
  window.shown = [];
  window.turns = 0;
  const turn = () => {
    turns += document.querySelector('[data-t="part"][data-state="proving"]') === null ? 0 : 1;
    setTimeout(turn);
  };
  turn();
  const note = () => document.querySelectorAll("#status [data-state]").forEach(
    (e) => shown.push(`${e.dataset.t} ${e.dataset.state}`),
  );
  new MutationObserver(note).observe(document.body, { attributes: true, childList: true, subtree: true });
}"""
SLOWER = 4


@pytest.fixture
def pressed(switch):
    """The server of a rehearsal for which any request is too much."""
    switch.down()
    with switch.machines.serving("--calm-rate", "0"):
        yield switch.machines


def say(root, language, key):
    return json.loads((root / "web" / "src" / "strings" / f"{language}.json").read_text("utf-8"))[key]


def no_space(route):
    """Answers as the server does when its disk has no space for files."""
    problem = {"type": "urn:intake:problem:no-space", "title": "No space.", "status": 507}
    headers = {"Content-Type": "application/problem+json", "Retry-After": "600"}
    route.fulfill(status=507, headers=headers, body=json.dumps(problem))


def works(machines) -> list[int]:
    """The classes of work of all stored objects."""
    connection = sqlite3.connect(f"file:{machines.server / 'intake.sqlite'}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute("select work from objects")]
    finally:
        connection.close()


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_phone_proves_its_work_calmly_and_the_report_is_stored(pressed, window, tmp_path, language):
    context = window(language)
    phone = Phone(context.pages[0], pressed.url + "/")
    before = len(works(pressed))
    context.new_cdp_session(phone.page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    phone.open()
    phone.page.evaluate(WATCH)
    phone.choose("saw")
    phone.fill("saw", {"story": "Үшеу."})
    phone.attach("saw", [photo(tmp_path / "photo.jpg", 1)])
    phone.send("saw")
    shown, turns = phone.page.evaluate("[shown, turns]")
    assert "summary proving" in shown
    assert "part proving" in shown
    assert "summary offline" not in shown
    assert turns >= 5
    mine = works(pressed)
    assert len(mine) == before + 3
    assert all(work >= 1 for work in mine)


def proving_slowly(context, url: str):
    """A phone, 20 times slower, that has begun to solve for a report; with the session that sets its speed."""
    phone = Phone(context.pages[0], url + "/")
    session = context.new_cdp_session(phone.page)
    phone.open()
    phone.choose("saw")
    phone.fill("saw", {"story": "Үшеу."})
    session.send("Emulation.setCPUThrottlingRate", {"rate": 20})
    phone.hook("send", "#saw").click()
    phone.page.wait_for_selector('#status [data-t="summary"][data-state="proving"]', state="attached")
    return phone, session


def test_page_reloaded_while_it_proves_solves_again_and_sends(pressed, window):
    before = len(works(pressed))
    phone, session = proving_slowly(window("ru"), pressed.url)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    phone.open()
    phone.page.wait_for_selector('[data-t="left"][data-count="0"]', state="attached")
    mine = works(pressed)
    assert len(mine) == before + 1
    assert all(work >= 1 for work in mine)


def test_phone_that_loses_its_network_while_it_proves_says_so(pressed, window, root):
    context = window("kk")
    phone, session = proving_slowly(context, pressed.url)
    summary = '#status [data-t="summary"]'
    context.set_offline(True)
    phone.page.wait_for_selector(f'{summary}[data-state="offline"]')
    assert phone.page.locator(summary).inner_text() == say(root, "kk", "sum_offline")
    context.set_offline(False)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    phone.page.wait_for_selector(f'{summary}[data-state="stored"]', timeout=60_000)


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_server_without_space_for_files_is_told_from_one_that_is_silent(switch, window, root, tmp_path, language):
    switch.up()
    context = window(language)
    phone = Phone(context.pages[0], switch.machines.url + "/")
    phone.open()
    phone.page.evaluate(WATCH)
    context.route("**/uploads", no_space)
    phone.choose("saw")
    phone.fill("saw", {"story": "Үшеу."})
    phone.attach("saw", [photo(tmp_path / "photo.jpg", 1)])
    phone.hook("send", "#saw").click()
    for kind in ("section", "closing"):
        phone.page.wait_for_selector(f'#status [data-kind="{kind}"][data-state="stored"]', timeout=60_000)
    summary = phone.page.locator('#status [data-t="summary"][data-state="full"]')
    assert summary.inner_text() == say(root, language, "sum_full")
    file = phone.page.locator('#status [data-kind="media"][data-state="waiting"]')
    assert say(root, language, "is_waiting") in file.inner_text()
    assert "summary offline" not in phone.page.evaluate("shown")
    context.unroute("**/uploads")
    # The person comes back to the page: it is tried at once, not after the ten minutes.
    phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    phone.page.wait_for_selector('#status [data-t="summary"][data-state="stored"]', timeout=60_000)
