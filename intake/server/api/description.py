"""The machine-readable description (OpenAPI 3.1) of what the server takes and answers; it is made, never served.

Requests are read by hand with hard bounds, so the framework knows nothing of their bodies, headers and refusals. They
stand here, one entry an operation; tests hold the description against what the running server answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from intake.wire.constants import (
    ENVELOPE_HEADER_SIZE,
    EPOCH_HEADER,
    EPOCH_MAX,
    MAILBOX_DELETE_SIZE,
    MAILBOX_ID_SIZE,
    MAILBOX_SIZE,
    PROBLEM_PREFIX,
)
from intake.wire.envelope import ENVELOPE_MAX_SIZE
from intake.wire.problems import PROBLEM_CONTENT_TYPE, PROBLEMS

Schema = dict[str, Any]

_ALWAYS: Final = ("malformed", "too-large", "internal", "unavailable")
_GATE: Final = ("not-sealed", "wrong-recipients", "stanza-count", "wrong-size")
_EPOCH: Final = ("unknown-epoch", "destroyed-epoch")
_BYTES: Final = "application/octet-stream"
_TUS: Final[Schema] = {"const": "1.0.0"}
_NUMBER: Final[Schema] = {"type": "integer", "minimum": 0}
_DIGEST: Final[Schema] = {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"}
_UPLOAD_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}


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
    """One method of one address: answers by status, names of problems, headers it reads, its body."""

    answers: dict[int, Body | None]
    problems: tuple[str, ...] = ()
    headers: dict[str, Schema] = field(default_factory=dict)
    body: Body | None = None
    told: dict[str, Schema] = field(default_factory=dict)

    def describe(self) -> Schema:
        """The parts of an OpenAPI operation that are known here."""
        found: Schema = {"responses": self._responses()}
        if self.headers:
            found["parameters"] = [
                {"name": name, "in": "header", "required": True, "schema": schema}
                for name, schema in self.headers.items()
            ]
        if self.body:
            found["requestBody"] = {"required": True, "content": self.body.content()}
        return found

    def _responses(self) -> Schema:
        headers = {name: {"schema": schema} for name, schema in self.told.items()}
        found: Schema = {
            str(status): _answer("done", headers, body.content() if body else None)
            for status, body in self.answers.items()
        }
        problem = {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for status, names in _by_status((*_ALWAYS, *self.problems)).items():
            found.setdefault(str(status), _answer(", ".join(names), {}, problem))
        return found


def _answer(words: str, headers: Schema, content: Schema | None) -> Schema:
    found: Schema = {"description": words}
    return found | ({"headers": headers} if headers else {}) | ({"content": content} if content else {})


def _by_status(names: Iterable[str]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(PROBLEMS[name].status, []).append(name)
    return found


_STORED: Final[Schema] = {
    "type": "object",
    "properties": {"id": _UPLOAD_ID, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}},
    "required": ["id", "sha256"],
    "additionalProperties": False,
}
_FORM: Final[Schema] = {
    "type": "object",
    "properties": {"sealed": {"type": "array", "items": {"type": "string", "format": "binary"}}},
    "required": ["sealed"],
    "additionalProperties": False,
}
_HTML: Final = Body("text/html")
_TEXT: Final = Body("text/plain")

OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("get", "/"): Operation({200: _HTML, 304: None}, ("not-found",)),
    ("get", "/manifest"): Operation({200: _TEXT}),
    ("get", "/health"): Operation({200: _TEXT}),
    ("post", "/reports"): Operation(
        {200: Body("application/json", schema=_STORED)},
        (*_GATE, *_EPOCH, "digest-mismatch", "metadata-refused", "id-conflict", "no-space"),
        body=Body(_BYTES, ENVELOPE_HEADER_SIZE + 1, ENVELOPE_MAX_SIZE),
    ),
    ("options", "/uploads"): Operation(
        {204: None}, told={"Tus-Version": _TUS, "Tus-Extension": {"type": "string"}, "Tus-Max-Size": _NUMBER}
    ),
    ("post", "/uploads"): Operation(
        {201: None},
        (*_EPOCH, "wrong-size", "metadata-refused", "length-required", "tus-version", "no-space"),
        headers={
            "Tus-Resumable": _TUS,
            "Upload-Length": _NUMBER,
            EPOCH_HEADER: _NUMBER | {"maximum": EPOCH_MAX},
        },
        told={"Location": {"type": "string", "pattern": "^/uploads/[0-9a-f]{32}$"}},
    ),
    ("head", "/uploads/{upload_id}"): Operation(
        {200: None},
        ("metadata-refused", "not-found", "tus-version", "id-conflict", "no-space"),
        headers={"Tus-Resumable": _TUS},
        told={"Upload-Offset": _NUMBER, "Upload-Length": _NUMBER},
    ),
    ("patch", "/uploads/{upload_id}"): Operation(
        {204: None},
        (
            *_GATE,
            *("metadata-refused", "not-found", "offset-mismatch", "upload-busy", "id-conflict"),
            *("tus-version", "media-type", "no-space"),
        ),
        headers={"Tus-Resumable": _TUS, "Upload-Offset": _NUMBER},
        body=Body("application/offset+octet-stream"),
        told={"Upload-Offset": _NUMBER},
    ),
    ("post", "/mailbox"): Operation(
        {200: Body(_BYTES, MAILBOX_SIZE, MAILBOX_SIZE)},
        ("metadata-refused",),
        body=Body(_BYTES, MAILBOX_ID_SIZE, MAILBOX_ID_SIZE),
    ),
    ("post", "/mailbox/delete"): Operation(
        {204: None},
        ("metadata-refused", "bad-signature", "no-space"),
        body=Body(_BYTES, MAILBOX_DELETE_SIZE, MAILBOX_DELETE_SIZE),
    ),
    ("get", "/forward"): Operation({200: _HTML}),
    ("post", "/forward"): Operation(
        dict.fromkeys((200, 400, 409, 411, 413, 415, 503, 507), _HTML),
        body=Body("multipart/form-data", schema=_FORM),
    ),
}
"""Every operation; a route that is not here has only the framework's own description, and a test fails."""

_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "RFC 9457; the names are those of SPEC.md section 7.",
    "properties": {
        "type": {"enum": [PROBLEM_PREFIX + name for name in PROBLEMS]},
        "title": {"type": "string"},
        "status": {"enum": sorted({problem.status for problem in PROBLEMS.values()})},
        "offset": _NUMBER,
    },
    "required": ["type", "title", "status"],
    "additionalProperties": False,
}


def install(app: FastAPI) -> None:
    """Makes `app.openapi()` give the whole description."""

    def openapi() -> Schema:
        made: Schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        paths: dict[str, dict[str, Schema]] = made.setdefault("paths", {})
        for (method, path), operation in OPERATIONS.items():
            known = paths.setdefault(path, {}).setdefault(method, {"operationId": f"{method} {path}"})
            paths[path][method] = known | operation.describe() | {"parameters": _parameters(path, operation)}
        made["components"] = {"schemas": {"Problem": _PROBLEM}}
        return made

    app.openapi = openapi  # type: ignore[method-assign]


def _parameters(path: str, operation: Operation) -> list[Schema]:
    in_path: list[Schema] = [{"name": "upload_id", "in": "path", "required": True, "schema": _UPLOAD_ID}]
    described = operation.describe().get("parameters", [])
    headers = list(described) if isinstance(described, list) else []
    return [*(in_path if "{upload_id}" in path else []), *headers]
