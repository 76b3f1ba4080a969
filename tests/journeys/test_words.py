"""Words never leave unsealed: scripts blocked, scripts late, every key and every button."""

import secrets
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request

from deploy.rehearsal.line import line
from deploy.rehearsal.phone import Phone, browser

FIELDS = {"who": "Кто", "where": "Где", "when_words": "Когда", "story": "Что"}
DELAY_S = 20


def canaries() -> dict[str, str]:
    return {name: f"{word} {secrets.token_hex(8)}" for name, word in FIELDS.items()}


def watch(page: Page) -> list[Request]:
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    return requests


def type_and_press(phone: Phone, words: dict[str, str]) -> None:
    """Type into the form as it stands, press Enter in every field, then click every button there is."""
    phone.choose("saw")
    for name, text in words.items():
        field = phone.hook(f"saw.{name}")
        field.fill(text)
        field.press("Enter")
    for button in phone.page.locator("button").all():
        if button.is_visible():
            button.click(force=True, timeout=2000)


def carrying(requests: list[Request], words: dict[str, str]) -> list[str]:
    found = []
    for request in requests:
        text = request.url + (request.post_data_buffer or b"").decode(errors="replace") + str(request.headers)
        found += [f"{name} in {request.url}" for name, value in words.items() if value.split()[-1] in text]
    return found


def test_scripts_blocked_nothing_is_requested(machines, tmp_path):
    words = canaries()
    with line(machines.port) as between, browser(tmp_path / "p", "ru", javascript=False) as context:
        phone = Phone(context.pages[0], between.url + "/")
        phone.page.goto(phone.url)
        requests = watch(phone.page)
        type_and_press(phone, words)
        phone.page.wait_for_timeout(1000)
        seen = bytes(between.requested)
        assert [r.url for r in requests] == []
        assert phone.page.url == phone.url
    assert seen.startswith(b"GET / ")
    assert not any(value.split()[-1].encode() in seen for value in words.values())


@pytest.mark.timeout(180)
def test_script_late_words_wait_and_are_in_the_report(make_machines, tmp_path):
    words = canaries()
    machines = make_machines()
    with machines.serving(), line(machines.port, script_delay_s=DELAY_S) as between:
        with browser(tmp_path / "p", "kk") as context:
            phone = Phone(context.pages[0], between.url + "/")
            start = time.monotonic()
            phone.page.goto(phone.url, wait_until="commit")
            requests = watch(phone.page)
            phone.hook("go-saw").wait_for()
            type_and_press(phone, words)
            phone.page.wait_for_timeout(1000)
            assert phone.page.locator("html").get_attribute("data-ready") is None
            assert [r.url for r in requests] == []
            phone.page.wait_for_selector('html[data-ready="yes"]', timeout=60_000)
            assert time.monotonic() - start >= DELAY_S - 1
            phone.send("saw")
            assert carrying(requests, words) == []
            assert not any(value.split()[-1].encode() in between.requested for value in words.values())
        machines.carry_to_laptop()
    (report,) = machines.reports()
    assert {name: report["answers"][name] for name in words} == words


def test_words_live_only_in_the_page(machines, tmp_path: Path):
    words = canaries()
    with browser(tmp_path / "p", "en") as context:
        phone = Phone(context.pages[0], machines.url + "/")
        phone.open()
        requests = watch(phone.page)
        phone.choose("saw")
        phone.fill("saw", words)
        phone.page.wait_for_timeout(6000)
        kept = phone.page.evaluate(
            "() => JSON.stringify([localStorage, sessionStorage, document.title, location.href])"
        )
        assert carrying(requests, words) == []
        assert not any(value.split()[-1] in kept for value in words.values())
        assert phone.page.evaluate("() => history.length") <= 2
