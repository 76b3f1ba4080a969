"""The documents name everything a person can type, call, set or be told; what is not named fails here.

Conventions this relies on: a room's `cli.py` has `build_parser()`; the server's routes hang on the APIRouters of its
modules; settings are the options of the commands and the environment variables that the constants `..._VARIABLE` of
`settings.py` name; errors are the exception classes of `errors.py`.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import inspect
import pkgutil
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fastapi.routing import APIRouter
from starlette.applications import Starlette
from starlette.routing import Mount, Route

COMMANDS = {"intake": "intake.server.cli", "courier": "intake.courier.cli", "reviewer": "intake.reviewer.cli"}
SETTINGS = ("intake.server.settings", "intake.reviewer.settings", "intake.courier.settings")
ERRORS = (
    "intake.wire.errors",
    "intake.server.errors",
    "intake.courier.errors",
    "intake.reviewer.errors",
    "keys.errors",
)
ENDPOINT = re.compile(r"`((?:[A-Z]{3,7}, )*[A-Z]{3,7}) (/[^`]*)`")
COMMAND_START = re.compile(r"(\./)?(deploy|tests|\.ci|\.venv/bin)/\w|(intake|courier|reviewer) ")
PARAMETER = re.compile(r"<[^>]*>|\{[^}]*\}")


def load(name: str) -> ModuleType:
    """The module `name`; the test is skipped while it does not exist."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} does not exist yet")
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def documents(project_files: list[Path]) -> str:
    """All Markdown of the project in one text, runs of white space as one space."""
    texts = [path.read_text("utf-8") for path in project_files if path.suffix == ".md"]
    return " ".join("\n".join(texts).split())


def subparsers_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The verbs directly below `parser`."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def verbs_of(parser: argparse.ArgumentParser, path: str) -> Iterator[str]:
    """Every complete command below `parser`, as typed: `reviewer keys init`."""
    below = subparsers_of(parser)
    if not below:
        yield path
    for name, child in below.items():
        yield from verbs_of(child, f"{path} {name}")


@pytest.mark.parametrize("program", COMMANDS)
def test_every_verb_is_documented(program: str, documents: str) -> None:
    verbs = list(verbs_of(load(COMMANDS[program]).build_parser(), program))
    assert [verb for verb in verbs if not re.search(rf"{re.escape(verb)}\b", documents)] == []


def routes_of(package: ModuleType) -> set[tuple[str, str]]:
    """Method and path of every route on an application or router that a module of `package` holds."""
    found: set[tuple[str, str]] = set()
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        for value in vars(importlib.import_module(info.name)).values():
            if isinstance(value, Starlette | APIRouter):
                found |= endpoints(value.routes, "")
    return found


def endpoints(routes: list, prefix: str) -> set[tuple[str, str]]:
    """Method and path of `routes`; HEAD, which comes with every GET, is left out beside one."""
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, Mount):
            found |= endpoints(route.routes or [], prefix + route.path)
        elif isinstance(route, Route):
            methods = route.methods or {"GET"}
            kept = methods - {"HEAD"} if "GET" in methods else methods
            found |= {(method, PARAMETER.sub("*", prefix + route.path)) for method in kept}
    return found


def documented_endpoints(documents: str) -> set[tuple[str, str]]:
    """Method and path of every span like `POST /reports` or `HEAD, PATCH /uploads/<32 hex>`."""
    return {
        (method, PARAMETER.sub("*", path.strip()))
        for methods, path in ENDPOINT.findall(documents)
        for method in methods.split(", ")
    }


def test_every_endpoint_is_documented(documents: str) -> None:
    load("intake.server.api")
    served = routes_of(load("intake.server"))
    assert served, "no application or router found in intake.server"
    assert served - documented_endpoints(documents) == set()


def test_every_documented_endpoint_is_served(documents: str) -> None:
    load("intake.server.api")
    assert documented_endpoints(documents) - routes_of(load("intake.server")) == set()


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    """Every long option of `parser` and of the verbs below it, without --help."""
    own = {text for action in parser._actions for text in action.option_strings if text.startswith("--")}
    return (own - {"--help"}).union(*(options_of(child) for child in subparsers_of(parser).values()))


@pytest.mark.parametrize("program", COMMANDS)
def test_every_option_is_documented(program: str, documents: str) -> None:
    options = options_of(load(COMMANDS[program]).build_parser())
    assert [option for option in sorted(options) if not re.search(rf"(?<!\S|-)`?{option}(?![\w-])", documents)] == []


@pytest.mark.parametrize("name", SETTINGS)
def test_every_environment_variable_is_documented(name: str, documents: str) -> None:
    variables = [value for key, value in vars(load(name)).items() if key.endswith("_VARIABLE")]
    assert [variable for variable in variables if f"`{variable}`" not in documents] == []


def test_environment_is_read_in_settings_alone(root: Path) -> None:
    readers = [
        path.relative_to(root).as_posix()
        for room in ("intake", "keys")
        for path in (root / room).rglob("*.py")
        if re.search(r"\benviron\b|\bgetenv\b", path.read_text("utf-8"))
    ]
    assert [name for name in readers if not name.endswith("/settings.py")] == []


def errors_of(module: ModuleType) -> list[type[Exception]]:
    """The public exception classes that `module` defines."""
    return [
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]


def sentence_of(error: type[Exception]) -> str:
    """What a user is told: the first paragraph of the class's own docstring, on one line; empty without one."""
    return " ".join(inspect.cleandoc(error.__dict__["__doc__"] or "").partition("\n\n")[0].split())


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_says_a_sentence_and_stands_in_the_tree(name: str) -> None:
    module = load(name)
    tree = re.findall(r"\w+", module.__doc__ or "")
    for error in errors_of(module):
        assert re.fullmatch(r"[A-Z].*[.!?]", sentence_of(error)), f"{error.__name__} says no sentence"
        assert error.__name__ in tree, f"{error.__name__} is not drawn in the docstring of {name}"


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_sentence_is_documented(name: str, documents: str) -> None:
    missing = [error for error in errors_of(load(name)) if sentence_of(error) not in documents]
    lines = "\n".join(f"| {sentence_of(error)} | `{name.removesuffix('.errors')}` | |" for error in missing)
    assert not missing, f"deploy/ERRORS.md lacks:\n{lines}"


def test_error_modules_are_all_looked_at(root: Path) -> None:
    found = [path for room in ("intake", "keys") for path in (root / room).rglob("errors.py")]
    assert {".".join(path.relative_to(root).with_suffix("").parts) for path in found} <= set(ERRORS)


def test_every_error_is_raised_or_caught_somewhere(root: Path) -> None:
    modules = [importlib.import_module(name) for name in ERRORS if importlib.util.find_spec(name)]
    used: set[str] = set()
    for room in ("intake", "keys"):
        for path in (root / room).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            used |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert [e.__name__ for module in modules for e in errors_of(module) if e.__name__ not in used] == []


def readme_commands(root: Path) -> list[list[str]]:
    """The commands in the README's blocks, split as a shell does, comments and prompts left out."""
    if not (root / "README.md").is_file():
        pytest.skip("README.md does not exist yet")
    blocks = re.findall(r"```(?:sh|bash|console)?\n(.*?)```", (root / "README.md").read_text("utf-8"), re.DOTALL)
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if re.match(COMMAND_START, line)]


def test_readme_names_the_two_commands(root: Path) -> None:
    programs = {words[0] for words in readme_commands(root)}
    assert {"deploy/demo", "tests/run"} <= {program.removeprefix("./") for program in programs}


def test_readme_scripts_exist_and_can_be_run(root: Path) -> None:
    scripts = {words[0] for words in readme_commands(root) if "/" in words[0] and not words[0].startswith(".venv/")}
    assert [name for name in scripts if not (root / name).is_file() or not (root / name).stat().st_mode & 0o100] == []


@pytest.mark.parametrize("program", COMMANDS)
def test_readme_verbs_exist(root: Path, program: str) -> None:
    parser = load(COMMANDS[program]).build_parser()
    for words in readme_commands(root):
        if words[0].removeprefix(".venv/bin/") == program:
            typed = " ".join([program, *words[1:]])
            assert any(typed == v or typed.startswith(f"{v} ") for v in verbs_of(parser, program)), typed


LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def test_every_link_to_a_file_leads_somewhere(project_files: list[Path]) -> None:
    documents = [path for path in project_files if path.suffix == ".md"]
    links = [(path, link) for path in documents for link in LINK.findall(path.read_text("utf-8"))]
    assert len(links) >= 10
    assert [f"{path.name}: {link}" for path, link in links if not (path.parent / link).exists()] == []
