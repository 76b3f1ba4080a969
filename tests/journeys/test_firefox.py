"""The page in Firefox: a report goes through whole, and nothing that was typed stays when the phone is seized."""

import functools
import http.server
import json
import re
import secrets
import threading
import time

import pytest

from deploy.rehearsal.firefox import VIEWPORT, firefox
from deploy.rehearsal.media import photo

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("firefox_esr")]

READY = 'html[data-ready="yes"]'
DIGITS = re.compile(r"[0-9]{4}( [0-9]{4}){7}")
WORDS = {"who": "Ержан Қасымұлы", "last_seen_where": "Абай даңғылы 10, «Әсем»", "birth_year": "1990"}
STORY = "Үш адам келді.\nОны алып кетті — «тексеру» деді."
SETTINGS = re.compile(r'user_pref\("(browser\.(sessionstore|formfill|privatebrowsing|startup\.page)[^"]*)')
# Every field that takes text, whatever the form holds in days to come.
TYPED = "textarea, input:not([type=checkbox], [type=radio], [type=file], [type=hidden])"


def hook(name, within=""):
    return f'{within} [data-t="{name}"]'.strip()


def code_in(text):
    found = DIGITS.search(" ".join(text.split()))
    assert found, "the page shows no return code"
    return found[0]


def start(browser, url, form):
    browser.open(url + "/")
    browser.find(READY)
    browser.click(hook(f"go-{form}"))


def forbidden_settings(profile):
    """What the profile sets about restoring or completing, other than how soon a session is written."""
    found = {name for name, _ in SETTINGS.findall((profile / "prefs.js").read_text("utf-8"))}
    return found - {"browser.sessionstore.interval", "browser.sessionstore.interval.idle"}


def wait_for_session(profile, unpack, text):
    """Wait until the session that Firefox would restore after a crash holds the text; returns the form data kept."""
    file = profile / "sessionstore-backups" / "recovery.jsonlz4"
    for _ in range(300):
        session = list(unpack(file.read_bytes()))[-1] if file.exists() else b""
        if text.encode() in session:
            (window,) = json.loads(session)["windows"]
            return window["tabs"][-1]["formdata"]["id"]
        time.sleep(0.1)
    pytest.fail("the session store never wrote what it should have")


@pytest.fixture
def leaking_page(tmp_path):
    """The address, on loopback, of a page with an ordinary text field."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    (tmp_path / "leaking").mkdir()
    (tmp_path / "leaking" / "index.html").write_text("<!doctype html><textarea id=leak></textarea>", "utf-8")
    handler = functools.partial(Quiet, directory=str(tmp_path / "leaking"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_relative_report_photo_and_answer_come_through_whole(machines, tmp_path, find_canaries):
    mark = secrets.token_hex(10)
    words = WORDS | {"story": f"{STORY} {mark}"}
    picture = photo(tmp_path / f"{secrets.token_hex(10)}.jpg", 5)
    with firefox(tmp_path / "profile", "kk") as browser:
        start(browser, machines.url, "look")
        assert browser.script("return [innerWidth, innerHeight]") == list(VIEWPORT)
        browser.click("#look details summary")
        for name, text in words.items():
            browser.type(hook(f"look.{name}"), text)
        browser.type(hook("look.media"), str(picture))
        code = code_in(browser.text(hook("code", "#look")))
        browser.click(hook("send", "#look"))
        browser.find('#status [data-t="summary"][data-state="stored"]')
        machines.carry_to_laptop()
        (report,) = machines.reports()
        assert (report["form"], report["state"]) == ("look", "complete")
        assert {name: report["answers"][name] for name in words} == words
        machines.reviewer("media", str(report["number"]), "--out", str(tmp_path / "opened"))
        assert [p.read_bytes() for p in (tmp_path / "opened").iterdir()] == [picture.read_bytes()]
        machines.reviewer("reply", str(report["number"]), stdin=f"Рақмет! {mark}")
        machines.carry_back()
        start(browser, machines.url, "answers")
        browser.type(hook("answer-code"), code)
        browser.click(hook("answer-read"))
        assert browser.text(hook("answer") + '[data-number="1"] p') == f"Рақмет! {mark}"
        browser.quit()
    assert forbidden_settings(tmp_path / "profile") == set()
    left = {"words": mark, "code": code, "digits": code.replace(" ", ""), "file": picture.stem}
    assert find_canaries(tmp_path / "profile", left) == []


def test_search_finds_words_of_an_ordinary_page_killed(leaking_page, tmp_path, find_canaries, unpack):
    """The same browser on a page that asks for nothing: its words must be found, or finding none means nothing."""
    profile, mark = tmp_path / "profile", secrets.token_hex(10)
    with firefox(profile, "ru") as browser:
        browser.open(leaking_page)
        browser.type("#leak", f"слова {mark}")
        assert wait_for_session(profile, unpack, mark) == {"leak": f"слова {mark}"}
        browser.kill()
    assert forbidden_settings(profile) == set()
    assert "leak (utf-8) in sessionstore-backups/recovery.jsonlz4" in find_canaries(profile, {"leak": mark})


def test_killed_while_typing_holds_no_canary(machines, tmp_path, find_canaries, unpack):
    """kill -9 of a normal window, once Firefox has written the session of this very document.

    A field of the ordinary kind is planted in the page last: when its words are in the session store, the same
    pass has been over every field of the form. Nothing else may be kept: no tick, no choice, no screen, no path.
    """
    profile, control = tmp_path / "profile", secrets.token_hex(10)
    picture = photo(tmp_path / f"{secrets.token_hex(10)}.jpg", 6)
    with firefox(profile, "ru") as browser:
        start(browser, machines.url, "saw")
        browser.click("#saw details summary")
        names = browser.script(f"return [...document.querySelectorAll('#saw :is({TYPED})')].map(e => e.dataset.t)")
        assert len(names) >= 8
        words = {name: secrets.token_hex(10) for name in names}
        for name, text in words.items():
            browser.type(hook(name), f"слово {text}")
        browser.type(hook("saw.media"), str(picture))
        browser.find(hook("file", "#saw"))
        browser.click(hook("saw.hurt"))
        browser.type(hook("saw.when"), "Вчера")
        browser.script("document.body.append(Object.assign(document.createElement('textarea'), {id: 'plain'}))")
        browser.type("#plain", control)
        kept = wait_for_session(profile, unpack, control)
        filled = browser.script(f"return [...document.querySelectorAll('#saw :is({TYPED})')].map(e => e.value)")
        assert filled == [f"слово {text}" for text in words.values()]
        chosen = "return [document.getElementById('saw-hurt').checked, document.getElementById('saw-when').value]"
        assert browser.script(chosen) == [True, "yesterday"]
        browser.kill()
    assert kept == {"plain": control}
    assert forbidden_settings(profile) == set()
    assert find_canaries(profile, words | {"file": picture.stem}) == []
