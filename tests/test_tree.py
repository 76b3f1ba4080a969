"""What may lie in the tree: no key material, no stray folders, no addresses of this or that machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP_LEVEL = {
    *("README.md", "LICENSE", "pyproject.toml", "web", "intake", "keys", "deploy", "tests", ".ci"),
    *(".gitignore", ".gitattributes", ".editorconfig", ".git"),
}
LICENSE_LINES = 661
KEY_FOLDER_ENDINGS = {".py", ".md", ".toml"}
KEY_MATERIAL = re.compile(rb"AGE-SECRET-KEY-[A-Z0-9-]*1[A-Z0-9]{10}|-----BEGIN [A-Z ]*PRIVATE KEY-----")
# Put together from pieces, so that this file does not name what it looks for.
REGISTRIES = re.compile(
    r"(pypi|pythonhosted|{}|yarnpkg|deb\.debian|security\.debian|{})\.(org|com)".format(
        "npm" + "js", "snapshot\\.debian"
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.$~/-])/(?:work|root|home/[a-z]|Users|opt|workspace|builds)/")
OUTSIDE = "../" + "shared"


def texts(root: Path, files: list[Path]) -> dict[str, str]:
    """Those project files that are UTF-8 text: path from the root -> content."""
    found = {}
    for path in files:
        try:
            found[path.relative_to(root).as_posix()] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


def material_in(files: list[Path], folder: Path) -> list[str]:
    """Files below `folder` that hold key material or are of a kind that might."""
    mine = [path for path in files if path.is_relative_to(folder)]
    return [p.name for p in mine if p.suffix not in KEY_FOLDER_ENDINGS or KEY_MATERIAL.search(p.read_bytes())]


def lines_with(pattern: re.Pattern[str], found: dict[str, str]) -> list[str]:
    """Every `file:line` at which `pattern` occurs."""
    return [
        f"{name}:{number}"
        for name, text in found.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_key_folder_holds_code_only(root: Path, project_files: list[Path]) -> None:
    assert material_in(project_files, root / "keys") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("root.key", "anything"),
        ("identity.py", "X = 'AGE-SECRET-KEY-PQ-1QQQQQQQQQQQQQQ'"),
        ("classic.py", "X = 'AGE-SECRET-KEY-1QQQQQQQQQQQQQQ'"),
        ("blob.md", "-----BEGIN ENCRYPTED PRIVATE KEY-----"),
    ],
)
def test_key_folder_with_planted_material_is_noticed(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert material_in([tmp_path / name], tmp_path) == [name]


def test_top_level_holds_only_what_the_map_of_rooms_names(root: Path, project_files: list[Path]) -> None:
    tops = {path.relative_to(root).parts[0] for path in project_files}
    assert tops - TOP_LEVEL == set()


def test_licence_is_the_whole_agpl(root: Path) -> None:
    text = (root / "LICENSE").read_text("utf-8")
    assert text.splitlines()[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert len(text.splitlines()) == LICENSE_LINES


def test_package_marker_of_intake_is_empty(root: Path) -> None:
    assert (root / "intake" / "__init__.py").read_bytes() == b""


def test_files_name_no_package_registry(root: Path, project_files: list[Path]) -> None:
    assert lines_with(REGISTRIES, texts(root, project_files)) == []


def test_files_name_no_path_of_one_machine(root: Path, project_files: list[Path]) -> None:
    found = texts(root, project_files)
    assert lines_with(MACHINE_PATHS, found) == []
    assert lines_with(re.compile(re.escape(f"{root}/")), found) == []


def test_web_lock_holds_no_addresses(root: Path) -> None:
    assert '"resolved"' not in (root / "web" / "package-lock.json").read_text("utf-8")


def test_files_stand_alone_except_for_tests_that_skip(root: Path, project_files: list[Path]) -> None:
    users = [name for name, text in texts(root, project_files).items() if OUTSIDE in text]
    skipping = [n for n in users if n.startswith("tests/") and "pytest.skip(" in (root / n).read_text("utf-8")]
    assert users == skipping
