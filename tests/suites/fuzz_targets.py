"""What the suite `fuzz` feeds with bytes: every parser of outside bytes, by name.

The parsers of intake/wire come from wire_targets.py with its rules (only WireErrors, one spelling, nothing forged).
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from intake.reviewer.cleaning import clean_line, clean_lines, clean_name, columns, shorten, wrap
from intake.wire.errors import WireError
from keys.age import HybridIdentity, HybridRecipient, seal_bytes
from keys.age.header import read_header
from keys.errors import KeysError
from keys.opening import open_large, open_small
from tests.suites import fuzz_http, fuzz_parsers, wire_targets
from tests.suites.fuzz_requests import Requests
from tests.suites.fuzz_seeds import seeds
from tests.suites.wire_fuzz import outcome_of

HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
OURS = (KeysError, WireError)
IDENTITIES = [HybridIdentity(bytes([number]) * 32) for number in range(2)]


class Finding(AssertionError):
    """A parser did what it must not do with some input."""


@dataclass(frozen=True)
class FuzzTarget:
    """`feed` raises whatever is wrong with an input; `corpus` is what to start from."""

    name: str
    corpus: tuple[bytes, ...]
    feed: Callable[[bytes], None]


def wire_target(target: wire_targets.Target) -> FuzzTarget:
    def feed(data: bytes) -> None:
        _, wrong = outcome_of(target, data)
        if wrong:
            raise Finding(wrong)

    return FuzzTarget(f"wire-{target.name}", target.corpus, feed)


@cache
def requests() -> Requests:
    """The application, made when it is first needed."""
    return Requests()


@cache
def pressed() -> Requests:
    """The application of a server that asks everyone for puzzles."""
    return Requests(pressed=True)


@cache
def connections() -> fuzz_http.Connections:
    """Connections to it."""
    return fuzz_http.Connections(requests())


def feed_cleaning(data: bytes) -> None:
    """Whatever the text, what is printed has no control, direction or invisible character and keeps its width."""
    text = data.decode("utf-8", "surrogatepass" if len(data) % 2 else "replace") if _decodes(data) else ""
    lines = [clean_line(text), clean_name(text), shorten(text, 40), *clean_lines(text), *wrap(text, 40, "| ")]
    if any(unicodedata.category(character) in HIDDEN for line in lines for character in line):
        raise Finding("a character that must not be printed")
    if columns(shorten(text, 40)) > 40 or len(clean_name(text)) > 80:
        raise Finding("wider than asked for")


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def sealed_corpus() -> tuple[bytes, ...]:
    """Objects sealed to both identities around the good frames of the vectors."""
    recipients = [HybridRecipient(identity.recipient) for identity in IDENTITIES]
    frames = wire_targets.vector_inputs("frame")
    return tuple(seal_bytes(frame, recipients) for frame in frames[::6] if len(frame) < 20_000)


def feed_opening(data: bytes) -> None:
    """A sealed object opens, or says why not in an error of ours."""
    for attempt in (
        lambda: read_header(io.BytesIO(data)),
        lambda: open_small(data, IDENTITIES),
        lambda: open_large(io.BytesIO(data), IDENTITIES),
    ):
        try:
            attempt()
        except OURS:
            continue


def all_targets() -> dict[str, FuzzTarget]:
    """Every target by name, in an order that stays the same."""
    found = [
        *map(wire_target, wire_targets.all_targets()),
        FuzzTarget("requests", seeds(), lambda data: requests().send(data) and None),
        FuzzTarget("pressed", seeds(), lambda data: pressed().send(data) and None),
        FuzzTarget("http", fuzz_http.seeds(seeds()), lambda data: connections().feed(data)),
        FuzzTarget("fields", fuzz_parsers.FIELDS, fuzz_parsers.feed_fields),
        FuzzTarget("segments", fuzz_parsers.segment_seeds(), fuzz_parsers.feed_segments),
        FuzzTarget("cleaning", (b"a\x1b[31m", "‮қазақ\u2028".encode(), b"\xed\xa0\x80"), feed_cleaning),
        FuzzTarget("opening", sealed_corpus(), feed_opening),
    ]
    return {target.name: target for target in found}
