"""Writes the vectors of the formats of tests/wire/cases_*.py: python -m tests.wire.make_vectors (in the project's root)

Deterministic: keys are made of fixed seeds. vectors/README.md says what the keys of the JSON files mean.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

VECTORS = Path(__file__).resolve().parents[2] / "intake" / "wire" / "vectors"
LONG_RUN = 64
_RUNS = re.compile(rb"(.{1,4}?)\1{%d,}" % (LONG_RUN - 1), re.DOTALL)


def _plain(data: bytes) -> dict[str, object]:
    printable = all(0x20 <= byte < 0x7F or byte == 0x0A for byte in data)
    return {"text": data.decode()} if printable else {"hex": data.hex()}


def parts(data: bytes) -> list[dict[str, object]]:
    """The bytes as a list of parts: long runs of 1 to 4 bytes as zeros or repeat, the rest as text or hex."""
    found: list[dict[str, object]] = []
    at = 0
    for run in _RUNS.finditer(data):
        if run.start() > at:
            found.append(_plain(data[at : run.start()]))
        found.append(_run(run[1], len(run[0]) // len(run[1])))
        at = run.end()
    return [*found, _plain(data[at:])] if at < len(data) else found


def _run(unit: bytes, times: int) -> dict[str, object]:
    return {"zeros": times} if unit == b"\0" else {"repeat": unit.hex(), "times": times}


def short(data: bytes) -> object:
    """The bytes of a value: hex, or a list of parts when they hold a long run."""
    return parts(data) if is_folded(data) else data.hex()


def put_input(data: bytes) -> dict[str, object]:
    """The key of a case that gives its input."""
    return {"input_parts": parts(data)} if is_folded(data) else {"input_hex": data.hex()}


def is_folded(data: bytes) -> bool:
    """Whether put_input and put_text write these bytes as parts."""
    return _RUNS.search(data) is not None


def put_text(data: bytes) -> dict[str, object]:
    """As put_input, for formats that are text: `input` when it is short UTF-8."""
    try:
        return put_input(data) if is_folded(data) else {"input": data.decode()}
    except UnicodeDecodeError:
        return put_input(data)


def render(case: dict[str, object]) -> str:
    """The text of a vector's file; ASCII, so that nobody's editor changes an invisible character."""
    return json.dumps(case, indent=1) + "\n"


def all_files() -> Iterator[tuple[str, str]]:
    """Every file as (path below vectors/, text)."""
    from tests.wire import (
        cases_courier,
        cases_ed25519,
        cases_frame,
        cases_json,
        cases_puzzle,
        cases_receipt,
        cases_sealed,
        cases_short,
    )

    for module in (
        cases_courier,
        cases_ed25519,
        cases_frame,
        cases_json,
        cases_puzzle,
        cases_receipt,
        cases_sealed,
        cases_short,
    ):
        for folder, cases in module.folders().items():
            for name, case in cases.items():
                yield f"{folder}/{name}.json", render(case)


def main() -> None:
    """Writes every file."""
    for name, text in all_files():
        path = VECTORS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
