"""A second browser: the system's Firefox, headless, driven over Marionette's own TCP protocol.

A message is its length in bytes, a colon and JSON: `[0, id, command, parameters]` asks, `[1, id, error, result]`
answers (Firefox source docs, "Marionette protocol", version 3).
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 60
"""How long an element that is looked for may take to come."""
VIEWPORT = (360, 740)
"""CSS pixels, width and height: a phone's."""
_SESSION_INTERVAL_MS = 1000
_START_TRIES = 600
# A desktop window is not made as narrow as a phone.
_NARROW = ":root, body, #browser, #tabbrowser-tabbox { min-width: 0 !important }"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_PREFERENCES: dict[str, str | int | bool] = {
    "marionette.port": 0,
    # Marionette's own set would change what Firefox keeps; the search is about an ordinary Firefox.
    "remote.prefs.recommended": False,
    # Nobody is there to choose a file in the dialogue.
    "dom.file.createInChild": True,
    "browser.sessionstore.interval": _SESSION_INTERVAL_MS,
    "browser.sessionstore.interval.idle": _SESSION_INTERVAL_MS,
    "toolkit.legacyUserProfileCustomizations.stylesheets": True,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "toolkit.telemetry.unified": False,
    "app.normandy.enabled": False,
    "app.update.auto": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    # Whatever still wants out finds no address and no proxy; addresses in digits, as on loopback, need no names.
    "network.dns.disabled": True,
    "network.proxy.type": 0,
}


class FirefoxFailed(Exception):
    """Firefox did not start, or refused a command; the text is what it said."""


def firefox_path() -> str | None:
    """Where the system's Firefox is; None when there is none."""
    return os.environ.get("INTAKE_FIREFOX") or shutil.which("firefox-esr")


class Marionette:
    """One connection to a running Firefox. Raises FirefoxFailed when a command is refused."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=3 * PATIENCE_S)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._read()

    def call(self, command: str, **parameters: object) -> object:
        """Run one command and return the `value` of its result, or the result itself when it has none."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        answer = self._read()
        if not isinstance(answer, list) or answer[:2] != [1, self._number]:
            raise FirefoxFailed(f"{command}: answered out of turn")
        if answer[2] is not None:
            raise FirefoxFailed(f"{command}: {answer[2].get('error')}: {answer[2].get('message')}")
        result: object = answer[3]
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def close(self) -> None:
        """Close the connection; Firefox runs on."""
        self._stream.close()
        self._socket.close()

    def _read(self) -> object:
        digits = b""
        while (byte := self._stream.read(1)) != b":":
            if not byte.isdigit():
                raise FirefoxFailed("the connection to Firefox ended")
            digits += byte
        answer: object = json.loads(self._stream.read(int(digits)))
        return answer


class Firefox:
    """One normal (not private) window on `profile`; elements are named by CSS selectors and waited for."""

    def __init__(self, profile: Path, language: str) -> None:
        self.profile = profile
        path = firefox_path()
        if path is None:
            raise FirefoxFailed("firefox-esr is not installed")
        profile.mkdir(mode=0o700, parents=True, exist_ok=True)
        preferences = _PREFERENCES | {"intl.accept_languages": language}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
        (profile / "user.js").write_text("".join(lines), "utf-8")
        (profile / "chrome").mkdir(exist_ok=True)
        (profile / "chrome" / "userChrome.css").write_text(_NARROW, "utf-8")
        (profile / "MarionetteActivePort").unlink(missing_ok=True)
        command = [path, "--headless", "--no-remote", "--marionette", "-profile", str(profile)]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(command, start_new_session=True, stdin=quiet, stdout=quiet, stderr=quiet)
        try:
            self.marionette = Marionette(self._port())
            self.marionette.call("WebDriver:NewSession", strictFileInteractability=False)
            self.marionette.call("WebDriver:SetTimeouts", implicit=PATIENCE_S * 1000, script=PATIENCE_S * 1000)
            self._resize()
        except BaseException:
            self.kill()
            raise

    def _port(self) -> int:
        file = self.profile / "MarionetteActivePort"
        for _ in range(_START_TRIES):
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, ValueError):
                return int(file.read_text("ascii"))
            time.sleep(0.1)
        raise FirefoxFailed("Firefox did not start")

    def _resize(self) -> None:
        self.open("about:blank")
        width, height = VIEWPORT
        frame = self.script("return [outerWidth - innerWidth, outerHeight - innerHeight]")
        if not isinstance(frame, list):
            raise FirefoxFailed("the window has no size")
        self.marionette.call("WebDriver:SetWindowRect", width=width + frame[0], height=height + frame[1])

    def open(self, url: str) -> None:
        """Load a page and wait for it."""
        self.marionette.call("WebDriver:Navigate", url=url)

    def find(self, selector: str) -> str:
        """The id of the first element with that selector, waited for up to PATIENCE_S."""
        found = self.marionette.call("WebDriver:FindElement", using="css selector", value=selector)
        if not isinstance(found, dict):
            raise FirefoxFailed(f"{selector}: no element")
        return str(found[_ELEMENT])

    def click(self, selector: str) -> None:
        """Tap an element that a person could tap, after scrolling it to the middle."""
        element = self.find(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", {_ELEMENT: element})
        self.marionette.call("WebDriver:ElementClick", id=element)

    def type(self, selector: str, text: str) -> None:
        """Type into a field, key by key; into a file field, the path of a file."""
        self.marionette.call("WebDriver:ElementSendKeys", id=self.find(selector), text=text)

    def text(self, selector: str) -> str:
        """The text of an element as it is shown."""
        return str(self.marionette.call("WebDriver:GetElementText", id=self.find(selector)))

    def script(self, code: str, *arguments: object) -> object:
        """Run a function body in the page and return what it returns."""
        return self.marionette.call("WebDriver:ExecuteScript", script=code, args=list(arguments))

    def quit(self) -> None:
        """Close Firefox in order, as from its menu; it writes what it keeps."""
        self.marionette.call("Marionette:Quit", flags=["eAttemptQuit"])
        self.marionette.close()
        self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """SIGKILL to every process of this Firefox; it writes nothing more."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        if hasattr(self, "marionette"):
            self.marionette.close()


@contextmanager
def firefox(profile: Path, language: str) -> Iterator[Firefox]:
    """A running Firefox; killed at the end unless the block quit or killed it."""
    running = Firefox(profile, language)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()
