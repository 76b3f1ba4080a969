"""A phone: headless Chromium at 360 x 740, driven through what a person sees (the page's data-t hooks)."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, Request, sync_playwright

CHROMIUM_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
LOCALES = {"kk": "kk-KZ", "ru": "ru-RU", "en": "en-GB"}
SEND_TIMEOUT_MS = 180_000
_DIGITS = re.compile(r"[0-9]{4}( [0-9]{4}){7}")


def chromium_path() -> str:
    """Where the system's Chromium is."""
    return os.environ.get("INTAKE_CHROMIUM", "/usr/bin/chromium")


@dataclass
class Wire:
    """What crossed the wire, in bytes with headers, and how many requests."""

    sent: int = 0
    received: int = 0
    requests: int = 0
    addresses: list[str] = field(default_factory=list)

    def count(self, request: Request) -> None:
        """Add a finished request."""
        sizes = request.sizes()
        self.sent += sizes["requestBodySize"] + sizes["requestHeadersSize"]
        self.received += sizes["responseBodySize"] + sizes["responseHeadersSize"]
        self.requests += 1
        self.addresses.append(f"{request.method} {request.url}")


@contextmanager
def browser(profile: Path, language: str, *, javascript: bool = True) -> Iterator[BrowserContext]:
    """A normal (not private) Chromium window on `profile`, closed at the end."""
    with sync_playwright() as playwright:
        context = launch(playwright, profile, language, javascript=javascript)
        try:
            yield context
        finally:
            context.close()


def launch(
    playwright: Playwright, profile: Path, language: str, *, javascript: bool = True, user_agent: str | None = None
) -> BrowserContext:
    """Start Chromium with a persistent `profile` folder at phone size."""
    return playwright.chromium.launch_persistent_context(
        str(profile),
        executable_path=chromium_path(),
        headless=True,
        chromium_sandbox=os.geteuid() != 0,
        args=list(CHROMIUM_FLAGS),
        viewport={"width": 360, "height": 740},
        locale=LOCALES[language],
        java_script_enabled=javascript,
        user_agent=user_agent,
    )


class Phone:
    """One page in one browser; methods are what a person does."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.wire = Wire()
        page.on("requestfinished", self.wire.count)

    def hook(self, name: str, within: str = "") -> Locator:
        """The element with that data-t, inside the selector `within` when given."""
        return self.page.locator(f'{within} [data-t="{name}"]'.strip())

    def open(self) -> None:
        """Load the page and wait until sending is possible."""
        self.page.goto(self.url)
        self.page.wait_for_selector('html[data-ready="yes"]')

    def choose(self, form: str) -> None:
        """Choose one of the three journeys on the first screen."""
        self.hook(f"go-{form}").click()

    def fill(self, form: str, answers: dict[str, object]) -> None:
        """Fill the fields of a form: text, choice or flag by what the element is."""
        for name, value in answers.items():
            element = self.hook(f"{form}.{name}")
            if not element.is_visible():
                self.hook("more", f"#{form}").locator("summary").click()
            if value is True:
                element.check()
            elif element.evaluate("e => e.localName") == "select":
                element.select_option(str(value))
            else:
                element.fill(str(value))

    def attach(self, form: str, files: list[Path]) -> None:
        """Choose files for the report."""
        self.hook(f"{form}.media").set_input_files([str(f) for f in files])

    def send(self, form: str) -> None:
        """Tap send and wait until the server says that every part is stored."""
        self.hook("send", f"#{form}").click()
        self.page.wait_for_selector(
            '#status [data-t="summary"][data-state="stored"]', timeout=SEND_TIMEOUT_MS, state="attached"
        )

    def code_before(self) -> str:
        """The return code that relatives see before sending."""
        return self._code(self.hook("code", "#look"))

    def want_answer(self) -> str:
        """Ask for an answer after sending; returns the return code once the addition is stored."""
        self.hook("want").click()
        code = self._code(self.hook("code", "#status"))
        self.page.wait_for_selector('#status [data-kind="addition"][data-state="stored"]', timeout=SEND_TIMEOUT_MS)
        return code

    def _code(self, element: Locator) -> str:
        element.wait_for(state="visible")
        match = _DIGITS.search(" ".join((element.text_content() or "").split()))
        if match is None:
            raise AssertionError("the page shows no return code")
        return match[0]

    def report(self, form: str, answers: dict[str, object], files: list[Path]) -> str:
        """Open, fill, send; returns the return code."""
        self.open()
        self.choose(form)
        self.fill(form, answers)
        if files:
            self.attach(form, files)
        code = self.code_before() if form == "look" else ""
        self.send(form)
        return code or self.want_answer()

    def read_answers(self, code: str) -> dict[int, str]:
        """Open the page, enter a return code and return the answers shown, by number."""
        self.open()
        self.hook("go-answers").click()
        self.hook("answer-code").fill(code)
        self.hook("answer-read").click()
        self.page.wait_for_selector('[data-t="answer-note"]:is([data-state="shown"], [data-state="none"])')
        rows = self.hook("answer").all()
        return {int(row.get_attribute("data-number") or 0): row.locator("p").inner_text() for row in rows}
