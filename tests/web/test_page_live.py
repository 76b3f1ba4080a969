"""The page as it is served, in a real browser: narrow screens, languages, leaving, what becomes of a report."""

import json
import os
import shutil

import pytest

from deploy.rehearsal.machines import Machines
from deploy.rehearsal.media import photo
from deploy.rehearsal.phone import Phone

WORDS = {
    "who": "Айгерім Серікқызы",
    "where": "Almaty, Abay dañğylı 10",
    "when": "today",
    "hurt": True,
    "story": "Үшеу.",
}
FORMS = ("saw", "look", "released")
BLANK_MAX_MS = 100
NARROW = {"width": 320, "height": 640}

# Elements that reach beyond the screen, and targets less than 48 px high. A box that only its label shows counts by it.
LAYOUT = """() => {
  const width = document.documentElement.clientWidth;
  const name = (e) => e.getAttribute("data-t") ?? `${e.localName}#${e.id}`;
  const isShown = (e) => e.getClientRects().length > 0 && e.closest(".quiet") === null;
  const isWide = (e) => { const r = e.getBoundingClientRect(); return r.left < -0.5 || r.right > width + 0.5; };
  const wide = [...document.body.querySelectorAll("*")].filter(isShown).filter(isWide).map(name);
  if (document.documentElement.scrollWidth > width) wide.push(`page ${document.documentElement.scrollWidth}`);
  const targets = [...document.querySelectorAll("a, button, input, select, summary, textarea")]
    .flatMap((e) => (e.matches("[type=checkbox], [type=file]") ? [...e.labels] : [e]))
    .filter(isShown);
  const height = (e) => e.getBoundingClientRect().height;
  const low = targets.filter((e) => height(e) < 48).map((e) => `${name(e)} ${height(e)}`);
  return { wide, low, targets: targets.length };
}"""

# Tells the time from the tap on Leave until the page has nothing to show. Observers no longer run by then.
WATCH_LEAVE = """() => {
  let tapped = null;
  let progress = "";
  addEventListener("click", (event) => {
    tapped ??= event.timeStamp;
    progress ||= document.querySelector('[data-t="progress"]').textContent;
  }, true);
  const empty = document.body.replaceChildren;
  document.body.replaceChildren = function () {
    empty.call(this);
    const milliseconds = performance.now() - tapped;
    console.info(JSON.stringify({ milliseconds, progress, nodes: this.childNodes.length }));
  };
}"""

# Every state that the status screen ever shows.
WATCH_STATES = """() => {
  window.shown = [];
  const note = () => document.querySelectorAll("#status [data-state]").forEach(
    (e) => shown.push(`${e.dataset.t} ${e.dataset.state}`),
  );
  new MutationObserver(note).observe(document.body, { attributes: true, childList: true, subtree: true });
}"""


@pytest.fixture
def phone(request, switch, window):
    """A phone with the page open and the server up; its language is the test's parameter, or Russian."""
    switch.up()
    language = getattr(request, "param", "ru")
    context = window("en" if language == "mul" else language)
    if language == "mul":
        german = {"accept-language": "de"}
        context.route("**/", lambda route: route.continue_(headers=route.request.headers | german))
    made = Phone(context.pages[0], switch.machines.url + "/")
    with made.page.expect_response("**/manifest"):
        made.open()
    assert made.page.locator("html").get_attribute("lang") == language
    return made


def say(root, language, key):
    return json.loads((root / "web" / "src" / "strings" / f"{language}.json").read_text("utf-8"))[key]


def unfold(phone):
    for summary in phone.page.locator("details:not([open]) > summary:visible").all():
        summary.click()


def check_layout(phone, least):
    unfold(phone)
    found = phone.page.evaluate(LAYOUT)
    assert (found["wide"], found["low"]) == ([], [])
    assert found["targets"] >= least, found


@pytest.mark.parametrize("phone", ["kk", "ru", "en", "mul"], indirect=True)
def test_every_screen_at_320_px_fits_and_has_big_targets(phone, tmp_path):
    phone.page.set_viewport_size(NARROW)
    check_layout(phone, 9)
    picture = photo(tmp_path / "p.jpg", 1)
    for form in FORMS:
        phone.choose(form)
        phone.attach(form, [picture])
        check_layout(phone, 15)
        phone.hook("back", f"#{form}").click()
    phone.hook("go-answers").click()
    check_layout(phone, 7)
    phone.hook("answer-code").fill("1" * 32)
    phone.hook("answer-read").click()
    check_layout(phone, 7)
    phone.hook("back", "#answers").click()
    phone.choose("saw")
    phone.fill("saw", {"who": "W" * 200, "story": "m" * 300})
    check_layout(phone, 15)
    phone.send("saw")
    check_layout(phone, 6)
    phone.want_answer()
    check_layout(phone, 5)


def test_language_switched_keeps_words(phone, root, tmp_path):
    phone.choose("saw")
    phone.attach("saw", [photo(tmp_path / "p.jpg", 1)])
    phone.fill("saw", WORDS | {"taken_by": "екеу", "vehicle": "белый фургон"})
    fields = phone.page.locator('#saw [data-t^="saw."]:not([type="file"])')
    typed = fields.evaluate_all("all => all.map(e => e.type === 'checkbox' ? e.checked : e.value)")
    assert {"Айгерім Серікқызы", "today", "белый фургон", "Үшеу.", True} <= set(typed)
    for language in ("kk", "en", "ru", "kk"):
        phone.hook(f"lang-{language}").click()
        assert phone.page.locator("html").get_attribute("lang") == language
        assert phone.hook("send", "#saw").inner_text() == say(root, language, "send")
        assert fields.evaluate_all("all => all.map(e => e.type === 'checkbox' ? e.checked : e.value)") == typed
        assert phone.hook("file", "#saw").count() == 1


@pytest.mark.parametrize("is_sealing", [False, True])
def test_leave_blanks_the_screen_at_once_and_leaves_no_step_back(phone, switch, tmp_path, is_sealing):
    page = phone.page
    phone.choose("saw")
    phone.fill("saw", WORDS)
    (tmp_path / "big.bin").write_bytes(os.urandom(20_000_000))
    phone.attach("saw", [tmp_path / "big.bin"])
    if is_sealing:
        phone.hook("send", "#saw").click()
        phone.hook("progress").filter(has_text="%").wait_for()
    steps = page.evaluate("history.length")
    page.evaluate(WATCH_LEAVE)
    with page.expect_console_message() as told:
        phone.hook("leave").click()
    left = json.loads(told.value.text)
    print(f"\nleft: {left}")
    assert left["nodes"] == 0
    assert 0 <= left["milliseconds"] < BLANK_MAX_MS
    assert ("%" in left["progress"]) == is_sealing
    page.wait_for_url("about:blank")
    assert page.evaluate("history.length") == steps
    history = page.context.new_cdp_session(page).send("Page.getNavigationHistory")
    assert [entry["url"] for entry in history["entries"] if entry["url"].startswith(switch.machines.url)] == []
    page.go_back()
    assert page.locator("body").inner_text() == ""


def test_report_from_an_engine_without_hasown_is_stored(switch, window):
    switch.up()
    context = window("ru")
    context.add_init_script("delete Object.hasOwn")
    phone = Phone(context.pages[0], switch.machines.url + "/")
    phone.open()
    assert "native code" not in phone.page.evaluate("Object.hasOwn.toString()")
    phone.choose("saw")
    phone.fill("saw", WORDS)
    phone.send("saw")


def send_into_silence(phone, root):
    """Sends a report while the server is down; returns when the page says that it waits."""
    phone.choose("saw")
    phone.fill("saw", WORDS)
    phone.hook("send", "#saw").click()
    summary = phone.page.locator('#status [data-t="summary"][data-state="offline"]')
    summary.wait_for()
    assert summary.inner_text() == say(root, "ru", "sum_offline")


def parts(phone):
    rows = phone.page.locator('#status [data-t="part"]')
    return rows.evaluate_all("rows => rows.map(row => [row.dataset.kind, row.dataset.state])")


def test_report_with_the_server_down_waits_and_is_stored_without_a_tap(phone, switch, root):
    before = switch.stored()
    switch.down()
    phone.page.evaluate(WATCH_STATES)
    send_into_silence(phone, root)
    assert not any("stored" in state for state in phone.page.evaluate("shown"))
    switch.up()
    stored = phone.page.locator('#status [data-t="summary"][data-state="stored"]')
    stored.wait_for(timeout=60_000)
    assert stored.inner_text() == say(root, "ru", "sum_stored")
    assert parts(phone) == [["section", "stored"]]
    assert switch.stored() == before + 1


def test_file_that_changed_since_it_was_chosen_is_asked_for_again(phone, switch, root, tmp_path):
    before = switch.stored()
    chosen = photo(tmp_path / "p.jpg", 1)
    phone.page.evaluate(WATCH_STATES)
    phone.choose("saw")
    phone.fill("saw", WORDS)
    phone.attach("saw", [chosen])
    photo(chosen, 2, "changed")
    phone.hook("send", "#saw").click()
    phone.page.locator('#status [data-t="summary"][data-state="incomplete"]').wait_for()
    assert phone.hook("progress").inner_text() == say(root, "ru", "file_failed")
    assert parts(phone) == [["section", "stored"]]
    assert "summary stored" not in phone.page.evaluate("shown")
    phone.hook("again").click()
    phone.hook("interrupted-files").set_input_files([str(chosen)])
    phone.hook("interrupted").wait_for(state="hidden")
    phone.page.locator('[data-t="left"][data-count="0"]').wait_for(state="attached")
    assert switch.stored() == before + 3


def test_report_for_a_destroyed_epoch_is_refused_and_never_stored(phone, switch, root, tmp_path, destroyed_epoch):
    switch.down()
    after = Machines(tmp_path, switch.machines.port)
    after.logs.mkdir()
    shutil.copytree(switch.machines.server, after.server)
    after.intake("manifest/add", str(destroyed_epoch))
    phone.page.evaluate(WATCH_STATES)
    send_into_silence(phone, root)
    with after.serving():
        # The phone finds a network again: it tries at once instead of after its nap.
        phone.page.context.set_offline(True)
        phone.page.context.set_offline(False)
        refused = phone.page.locator('#status [data-t="summary"][data-state="refused"]')
        refused.wait_for(timeout=60_000)
        assert refused.inner_text() == say(root, "ru", "sum_refused")
        assert parts(phone) == [["section", "refused"]]
        assert say(root, "ru", "why_destroyed_epoch") in phone.hook("part", "#status").inner_text()
    assert not any("stored" in state for state in phone.page.evaluate("shown"))
