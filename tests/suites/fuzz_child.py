"""One target under libFuzzer in a process of its own: python fuzz_child.py TARGET libFuzzer's arguments...

The code of all rooms is instrumented while it is imported; what a target raises is a crash to libFuzzer.
"""

import logging
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["intake", "keys"]):
    from tests.suites import fuzz_targets


def feed_planted(data: bytes) -> None:
    """Raises for one input among very many."""
    if data[:1] == b"B" and data[1:2] == b"U" and data[2:3] == b"G":
        raise fuzz_targets.Finding("planted")


def run(name: str, arguments: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    logging.disable(logging.CRITICAL)
    feed = atheris.instrument_func(feed_planted) if name == "planted" else fuzz_targets.all_targets()[name].feed
    atheris.Setup([sys.argv[0], *arguments], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
