"""Generates web/src/generated/constants.ts from constants.py, so that a number is written once for both languages.

    python -m intake.wire.typescript > web/src/generated/constants.ts

A test fails when the file there is not what this prints.
"""

import json
from typing import Final

from intake.wire import constants

_HEAD: Final = (
    "// Generated from intake/wire/constants.py by `python -m intake.wire.typescript`. Do not edit.\n"
    "// Sizes are in bytes; labels end in a newline; SPEC.md says where each belongs.\n\n"
)
_LINE_WIDTH: Final = 110


def generate() -> str:
    """The TypeScript file: one `export const` for each public constant, in the order of constants.py.

    An int becomes a number, a str a string, a tuple a readonly array. Raises TypeError for anything else.
    """
    public = {name: value for name, value in vars(constants).items() if name.isupper() and name[0] != "_"}
    return _HEAD + "".join(_declaration(name, value) for name, value in public.items())


def _declaration(name: str, value: object) -> str:
    if not isinstance(value, tuple):
        return f"export const {name} = {_literal(value)};\n"
    start = f"export const {name}: readonly {_item_type(value)}[] = ["
    items = [_literal(item) for item in value]
    line = f"{start}{', '.join(items)}];\n"
    if len(line) <= _LINE_WIDTH + 1:
        return line
    return start + "\n" + "".join(f"  {item},\n" for item in items) + "];\n"


def _item_type(value: tuple[object, ...]) -> str:
    return "number" if all(isinstance(item, int) for item in value) else "string"


def _literal(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"no TypeScript for a {type(value).__name__}")


if __name__ == "__main__":
    print(generate(), end="")
