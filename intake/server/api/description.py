"""The machine-readable description (OpenAPI 3.1) of what the server takes and answers; it is made, never served.

Requests are read by hand with hard bounds, so the framework knows nothing of their bodies, headers and refusals. They
stand in description_routes.py, one entry an operation; tests hold them against what the running server answers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from intake.wire.constants import PUZZLE_BASE_BITS, PUZZLE_BITS_MAX
from intake.wire.problems import PROBLEM_CONTENT_TYPE, PROBLEMS

Schema = dict[str, Any]

NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}
_ALWAYS: Final = ("malformed", "too-large", "internal", "unavailable")
_PASSES: Final = frozenset({"puzzle-needed", "unavailable", "no-space"})
_IN_PATH: Final[dict[str, Schema]] = {
    "upload_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "bundle": {"type": "string", "pattern": "^bundle-[0-9a-f]{8}$"},
}


@dataclass(frozen=True)
class Body:
    """A body: its media type, and its size in bytes or the schema of its content."""

    media_type: str
    smallest: int = 0
    largest: int | None = None
    schema: Schema | None = None

    def content(self) -> Schema:
        """The OpenAPI `content` of it."""
        limits = {} if self.largest is None else {"maxLength": self.largest}
        binary = {"type": "string", "format": "binary", "minLength": self.smallest} | limits
        return {self.media_type: {"schema": self.schema or binary}}


@dataclass(frozen=True)
class Operation:
    """One method of one address: answers by status, names of problems, bodies it takes, and headers.

    `headers` are read: of two protocols on one address none is needed by both. Of answers that are no refusal `told`
    are in each, `may_tell` in some; `refusing` are in some refusals.
    """

    answers: dict[int, Body | None]
    problems: tuple[str, ...] = ()
    headers: dict[str, Schema] = field(default_factory=dict)
    bodies: tuple[Body, ...] = ()
    needs_body: bool = True
    told: dict[str, Schema] = field(default_factory=dict)
    may_tell: dict[str, Schema] = field(default_factory=dict)
    refusing: dict[str, Schema] = field(default_factory=dict)

    def describe(self, path: str) -> Schema:
        """The parts of an OpenAPI operation that are known here."""
        in_path = [_parameter(name, "path", schema) for name, schema in _IN_PATH.items() if f"{{{name}}}" in path]
        headers = [_parameter(name, "header", schema) for name, schema in self.headers.items()]
        found: Schema = {"responses": self._responses(), "parameters": [*in_path, *headers]}
        if self.bodies:
            content = {kind: schema for body in self.bodies for kind, schema in body.content().items()}
            found["requestBody"] = {"required": self.needs_body, "content": content}
        return found

    def _responses(self) -> Schema:
        told = {name: {"schema": schema, "required": True} for name, schema in self.told.items()}
        headers = told | _optional(self.may_tell)
        found: Schema = {
            str(status): _answer("done" if status < _REFUSED else "refused", headers, body.content() if body else None)
            for status, body in self.answers.items()
        }
        problem = {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for status, names in _by_status((*_ALWAYS, *self.problems)).items():
            retry: Schema = {"Retry-After": {"schema": NUMBER, "required": True}} if set(names) <= _PASSES else {}
            found.setdefault(str(status), _answer(", ".join(names), retry | _optional(self.refusing), problem))
        return found


_REFUSED: Final = 400


def _optional(headers: dict[str, Schema]) -> Schema:
    return {name: {"schema": schema} for name, schema in headers.items()}


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _answer(words: str, headers: Schema, content: Schema | None) -> Schema:
    found: Schema = {"description": words}
    return found | ({"headers": headers} if headers else {}) | ({"content": content} if content else {})


def _by_status(names: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(PROBLEMS[name].status, []).append(name)
    return found


_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "RFC 9457; the names are those of SPEC.md section 7.",
    "properties": {
        "type": {"enum": [problem.prefix + problem.name for problem in PROBLEMS.values()]},
        "title": {"type": "string"},
        "status": {"enum": sorted({problem.status for problem in PROBLEMS.values()})},
        "offset": NUMBER,
        "expected-offset": NUMBER,
        "provided-offset": NUMBER,
        "window": NUMBER | {"maximum": 2**32 - 1},
        "seed": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "bits": {"type": "integer", "minimum": PUZZLE_BASE_BITS, "maximum": PUZZLE_BITS_MAX},
    },
    "required": ["type", "title", "status"],
    "dependentRequired": {
        "expected-offset": ["provided-offset"],
        "provided-offset": ["expected-offset"],
        "window": ["seed", "bits"],
        "seed": ["window", "bits"],
        "bits": ["window", "seed"],
    },
    "additionalProperties": False,
}


def install(app: FastAPI, operations: Mapping[tuple[str, str], Operation]) -> None:
    """Makes `app.openapi()` give the whole description; `operations` by method in lower case and path."""

    def openapi() -> Schema:
        made: Schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        paths: dict[str, dict[str, Schema]] = made.setdefault("paths", {})
        for (method, path), operation in operations.items():
            known = paths.setdefault(path, {}).setdefault(method, {"operationId": f"{method} {path}"})
            paths[path][method] = known | operation.describe(path)
        made["components"] = {"schemas": {"Problem": _PROBLEM}}
        return made

    app.openapi = openapi  # type: ignore[method-assign]
