"""An import-linter contract for what a room may import from outside the project, down to single names.

import-linter sees an outside package only as a whole; here Ed25519 verification is allowed and `ciphers`, in
the same package, is not. Everything is forbidden that is not listed, so a new primitive needs no new rule.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

GROUPS = {
    "network": (
        *(
            "asyncio",
            "ftplib",
            "http.client",
            "http.cookiejar",
            "http.server",
            "imaplib",
            "nntplib",
            "poplib",
        ),
        *("select", "selectors", "smtplib", "socket", "socketserver", "ssl", "telnetlib", "urllib.request"),
        *("webbrowser", "wsgiref", "xmlrpc"),
    ),
    "processes": ("ctypes", "multiprocessing", "pty", "subprocess"),
}
"""Words a contract's `denied` may use for many modules of the standard library at once."""


def imported_names(source: str) -> Iterator[tuple[str, int]]:
    """Every name `source` imports absolutely, with its line: `from a.b import c` gives `a.b.c`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def lies_under(name: str, prefix: str) -> bool:
    """Whether the dotted `name` is `prefix` or below it."""
    return name == prefix or name.startswith(prefix + ".")


def source_of(module: str) -> str:
    """The source text of one of the project's modules, found without importing its packages."""
    package, *rest = module.split(".")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(f"{package} is not a package")
    path = Path(next(iter(spec.submodule_search_locations))).joinpath(*rest)
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text("utf-8")


class AllowedImportsContract(Contract):
    """The source packages, and all of our own code they reach, import from outside only what is allowed.

    `allowed` holds dotted names, each optionally followed by ` in ` and the only package that may import it.
    The standard library is allowed except for what `denied` names (modules, or the words of GROUPS).
    """

    type_name = "allowed_imports"
    source_modules = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField())
    denied = fields.SetField(subfield=fields.StringField(), required=False, default=frozenset())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Reads every reachable module of the project; `breaches` are triples of module, name and line."""
        breaches = [
            (module, name, line)
            for module in sorted(self._reachable(graph))
            for name, line in imported_names(source_of(module))
            if not self._may_import(module, name)
        ]
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Prints one line for each forbidden import."""
        for module, name, line in check.metadata["breaches"]:
            output.print_error(f"{module} is not allowed to import {name} (l.{line})")

    def _reachable(self, graph: ImportGraph) -> set[str]:
        found: set[str] = set()
        for source in self.source_modules:
            found |= {source, *graph.find_descendants(source)}
            found |= graph.find_upstream_modules(source, as_package=True)
        # Importing a.b.c runs a and a.b first, whether or not anything names them.
        parents = {".".join(parts[:n]) for parts in (m.split(".") for m in found) for n in range(1, len(parts))}
        return {module for module in found | parents if self._is_ours(module)}

    def _is_ours(self, name: str) -> bool:
        return any(lies_under(name, root) for root in self.session_options["root_packages"])

    def _may_import(self, module: str, name: str) -> bool:
        for entry in self.allowed:
            prefix, _, only_in = entry.partition(" in ")
            if lies_under(name, prefix) and (not only_in or lies_under(module, only_in)):
                return True
        if self._is_ours(name):
            return True
        denied = [part for word in self.denied for part in GROUPS.get(word, (word,))]
        in_library = name.partition(".")[0] in sys.stdlib_module_names
        return in_library and not any(lies_under(name, prefix) for prefix in denied)
