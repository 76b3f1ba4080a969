"""A page whose server is under pressure: it says what it does, stays usable, and the report arrives with its work."""

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


def test_page_reloaded_while_it_proves_solves_again_and_sends(pressed, window):
    context = window("ru")
    phone = Phone(context.pages[0], pressed.url + "/")
    before = len(works(pressed))
    session = context.new_cdp_session(phone.page)
    phone.open()
    phone.choose("saw")
    phone.fill("saw", {"story": "Үшеу."})
    session.send("Emulation.setCPUThrottlingRate", {"rate": 20})
    phone.hook("send", "#saw").click()
    phone.page.wait_for_selector('#status [data-t="summary"][data-state="proving"]', state="attached")
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    phone.open()
    phone.page.wait_for_selector('[data-t="left"][data-count="0"]', state="attached")
    mine = works(pressed)
    assert len(mine) == before + 1
    assert all(work >= 1 for work in mine)
