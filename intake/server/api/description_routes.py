"""What each address takes and answers, for the description; UPLOADS.md tells the two protocols of uploads in words."""

from typing import Final

from intake.server.api.description import NUMBER, Body, Operation, Schema
from intake.wire.constants import (
    COURIER_CHALLENGE_HEADER,
    COURIER_NOTE_MAX_SIZE,
    COURIER_PIECE_MAX_SIZE,
    ENVELOPE_HEADER_SIZE,
    EPOCH_HEADER,
    EPOCH_MAX,
    MAILBOX_DELETE_SIZE,
    MAILBOX_ID_SIZE,
    MAILBOX_SIZE,
    NOTE_MAX_SIZE,
    RECEIPT_HEADER,
    SOLUTION_SIZE,
    WORK_HEADER,
)
from intake.wire.envelope import ENVELOPE_MAX_SIZE

_GATE: Final = ("not-sealed", "wrong-recipients", "stanza-count", "wrong-size")
_EPOCH: Final = ("unknown-epoch", "destroyed-epoch")
_LENGTH: Final = ("length-required", "inconsistent-upload-length")
_OFFSET: Final = ("offset-mismatch", "mismatching-upload-offset", "upload-busy", "completed-upload", "id-conflict")
_DIGEST: Final = ("checksum-algorithm", "checksum-mismatch", "digest-mismatch")
_SPOKEN: Final = ("metadata-refused", "tus-version")

_BYTES: Final = "application/octet-stream"
_HTML: Final = Body("text/html")
_TEXT: Final = Body("text/plain")
_PIECES: Final = (Body("application/offset+octet-stream"), Body("application/partial-upload"))

_STRING: Final[Schema] = {"type": "string"}
_TUS: Final[Schema] = {"const": "1.0.0"}
_BOOLEAN: Final[Schema] = {"type": "string", "pattern": r"^\?[01]$"}
_SHA256_FIELD: Final[Schema] = {"type": "string", "pattern": "^sha-256=:[A-Za-z0-9+/]{43}=:$"}
_CHECKSUM: Final[Schema] = {"type": "string", "pattern": "^sha256 [A-Za-z0-9+/]{43}=$"}
_LIMIT: Final[Schema] = {"type": "string", "pattern": "^max-size=[0-9]+, min-size=[0-9]+(, max-age=[0-9]+)?$"}
_DATE: Final[Schema] = {"type": "string", "pattern": "^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} 00:00:00 GMT$"}
_RECEIPT: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2} [^ ]+ [A-Za-z0-9+/]{91}=$"}
_CHALLENGE: Final[Schema] = {"type": "string", "pattern": "^[A-Za-z0-9+/]{75}=$"}
_WORK_SIZE: Final = (SOLUTION_SIZE + 2) // 3 * 4
_WORK: Final[dict[str, Schema]] = {
    WORK_HEADER: {"type": "string", "pattern": f"^[A-Za-z0-9+/]{{{_WORK_SIZE - 1}}}=$"},
}
_TELLS: Final[dict[str, Schema]] = {
    "Tus-Resumable": _TUS,
    "Upload-Complete": _BOOLEAN,
    "Upload-Limit": _LIMIT,
    "Upload-Expires": _DATE,
    "Repr-Digest": _SHA256_FIELD,
    RECEIPT_HEADER: _RECEIPT,
}
_REFUSING: Final[dict[str, Schema]] = {
    "Tus-Resumable": _TUS,
    "Tus-Version": _TUS,
    "Upload-Complete": _BOOLEAN,
    "Upload-Limit": _LIMIT,
    "Upload-Offset": NUMBER,
}


def _object(**properties: Schema) -> Schema:
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_STORED: Final = _object(
    id={"type": "string", "pattern": "^[0-9a-f]{32}$"},
    sha256={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    receipt=_RECEIPT,
)
_FORM: Final = _object(sealed={"type": "array", "items": {"type": "string", "format": "binary"}})
_QUERY: Final = _object(digest={"type": "string", "pattern": "^[0-9a-f]{64}$"})
_APPLIED: Final = _object(applied={"type": "boolean"}, says=_STRING)
_OFFER: Final = _object(
    bundle={"type": "string", "pattern": "^bundle-[0-9a-f]{8}$"},
    files={
        "type": "array",
        # Path, size, SHA-256 in hex.
        "items": {"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": ["string", "integer"]}},
    },
)


def _signed(payload: int, answers: dict[int, Body | None], problems: tuple[str, ...] = ()) -> Operation:
    """A request that a courier signs; any other is refused as a route that is not there."""
    body = Body(_BYTES, 2, 2 + COURIER_NOTE_MAX_SIZE + payload)
    told = {COURIER_CHALLENGE_HEADER: _CHALLENGE}
    return Operation(answers, ("not-found", *problems), bodies=(body,), told=told)


_UPLOADS: Final[dict[tuple[str, str], Operation]] = {
    ("options", "/uploads"): Operation(
        {204: None},
        told={
            "Tus-Resumable": _TUS,
            "Tus-Version": _TUS,
            "Tus-Extension": _STRING,
            "Tus-Checksum-Algorithm": {"const": "sha256"},
            "Tus-Max-Size": NUMBER,
            "Upload-Limit": _LIMIT,
        },
    ),
    ("post", "/uploads"): Operation(
        {200: None, 201: None},
        (*_GATE, *_EPOCH, *_SPOKEN, *_LENGTH, *_DIGEST, *_OFFSET, "media-type", "puzzle-needed", "no-space"),
        headers={
            "Tus-Resumable": _TUS,
            "Upload-Length": NUMBER,
            "Upload-Checksum": _CHECKSUM,
            "Upload-Complete": _BOOLEAN,
            "Content-Digest": _SHA256_FIELD,
            "Repr-Digest": _SHA256_FIELD,
            EPOCH_HEADER: NUMBER | {"maximum": EPOCH_MAX},
        }
        | _WORK,
        bodies=_PIECES,
        needs_body=False,
        told={"Location": {"type": "string", "pattern": "^/uploads/[0-9a-f]{32}$"}, "Upload-Offset": NUMBER},
        may_tell=_TELLS,
        refusing=_REFUSING,
    ),
    ("head", "/uploads/{upload_id}"): Operation(
        {200: None, 204: None},
        (*_GATE, *_EPOCH, *_SPOKEN, "not-found", "digest-mismatch", "id-conflict", "upload-busy", "no-space"),
        headers={"Tus-Resumable": _TUS},
        told={"Upload-Offset": NUMBER, "Upload-Length": NUMBER},
        may_tell=_TELLS,
        refusing=_REFUSING,
    ),
    ("patch", "/uploads/{upload_id}"): Operation(
        {200: None, 204: None},
        (*_GATE, *_EPOCH, *_SPOKEN, *_LENGTH, *_DIGEST, *_OFFSET, "not-found", "media-type", "no-space"),
        headers={
            "Tus-Resumable": _TUS,
            "Upload-Offset": NUMBER,
            "Upload-Checksum": _CHECKSUM,
            "Upload-Complete": _BOOLEAN,
            "Upload-Length": NUMBER,
            "Content-Digest": _SHA256_FIELD,
        },
        bodies=_PIECES,
        told={"Upload-Offset": NUMBER},
        may_tell=_TELLS,
        refusing=_REFUSING,
    ),
    ("delete", "/uploads/{upload_id}"): Operation(
        {204: None},
        (*_SPOKEN, "not-found", "upload-busy", "completed-upload", "no-space"),
        headers={"Tus-Resumable": _TUS},
        may_tell={"Tus-Resumable": _TUS},
        refusing=_REFUSING,
    ),
}

_COURIERS: Final[dict[tuple[str, str], Operation]] = {
    ("post", "/courier/challenge"): Operation({200: _TEXT}),
    ("post", "/courier/bundles"): _signed(
        1024, {200: Body("application/json", schema=_OFFER), 202: None}, ("no-space",)
    ),
    ("post", "/courier/bundles/{bundle}/files"): _signed(1024, {200: Body(_BYTES, 0, COURIER_PIECE_MAX_SIZE)}),
    ("post", "/courier/bundles/{bundle}/done"): _signed(1024, {204: None}),
    ("post", "/courier/outboxes"): _signed(
        NOTE_MAX_SIZE, {200: Body("application/json", schema=_APPLIED)}, ("no-space",)
    ),
}

OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("get", "/"): Operation({200: _HTML, 304: None}, ("not-found",)),
    ("get", "/manifest"): Operation({200: _TEXT}),
    ("get", "/health"): Operation({200: _TEXT}),
    ("post", "/reports"): Operation(
        {200: Body("application/json", schema=_STORED)},
        (*_GATE, *_EPOCH, "digest-mismatch", "metadata-refused", "id-conflict", "puzzle-needed", "no-space"),
        headers=_WORK,
        bodies=(Body(_BYTES, ENVELOPE_HEADER_SIZE + 1, ENVELOPE_MAX_SIZE),),
    ),
    **_UPLOADS,
    ("post", "/mailbox"): Operation(
        {200: Body(_BYTES, MAILBOX_SIZE, MAILBOX_SIZE)},
        ("metadata-refused",),
        bodies=(Body(_BYTES, MAILBOX_ID_SIZE, MAILBOX_ID_SIZE),),
    ),
    ("post", "/mailbox/delete"): Operation(
        {204: None},
        ("metadata-refused", "bad-signature", "no-space"),
        bodies=(Body(_BYTES, MAILBOX_DELETE_SIZE, MAILBOX_DELETE_SIZE),),
    ),
    ("get", "/forward"): Operation({200: _HTML}),
    ("post", "/forward"): Operation(
        dict.fromkeys((200, 400, 409, 411, 413, 415, 503, 507), _HTML),
        bodies=(Body("multipart/form-data", schema=_FORM),),
    ),
    ("post", "/forward/known"): Operation(
        dict.fromkeys((200, 400, 413, 503), _HTML),
        bodies=(Body("application/x-www-form-urlencoded", schema=_QUERY),),
    ),
    **_COURIERS,
}
"""Every operation; a route that is not here has only the framework's own description, and a test fails."""
