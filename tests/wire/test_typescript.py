"""The generated constants of the phone: never stale, and every kind of value in its TypeScript form."""

from pathlib import Path

import pytest

from intake.wire import constants, typescript


def test_generated_constants_are_not_stale(root: Path) -> None:
    generated = (root / "web/src/generated/constants.ts").read_text("utf-8")
    assert generated == typescript.generate(), "python -m intake.wire.typescript > web/src/generated/constants.ts"


def test_generated_constants_hold_every_public_name() -> None:
    names = [name for name in vars(constants) if name.isupper() and not name.startswith("_")]
    lines = [line for line in typescript.generate().splitlines() if line.startswith("export const ")]
    assert [line.split()[2].rstrip(":") for line in lines] == names
    assert len(names) > 100


def test_generated_constants_keep_values() -> None:
    text = typescript.generate()
    assert 'export const LABEL_SLOT = "intake/slot/v1\\n";\n' in text
    assert "export const SMALL_CLASSES: readonly number[] = [8192, 16384, 65536];\n" in text
    assert "export const JSON_INTEGER_MAX = 9007199254740991;\n" in text
    assert 'export const LANGUAGES: readonly string[] = ["kk", "ru", "en"];\n' in text


@pytest.mark.parametrize("value", [1.5, None, True, {"a": 1}, b"bytes"])
def test_generator_refuses_values_without_typescript(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "NEW_KIND", value, raising=False)
    with pytest.raises(TypeError):
        typescript.generate()
