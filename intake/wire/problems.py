"""Every refusal the server can give, as RFC 9457 problem details (SPEC.md section 7)."""

from dataclasses import dataclass
from typing import Final

from intake.wire.constants import PROBLEM_PREFIX
from intake.wire.encoding import strict_json_dumps
from intake.wire.errors import (
    BadSignature,
    DigestMismatch,
    NotSealed,
    StanzaCount,
    WireError,
    WrongRecipients,
    WrongSize,
)
from intake.wire.puzzle import Puzzle

PROBLEM_CONTENT_TYPE: Final = "application/problem+json"
IANA_PREFIX: Final = "https://iana.org/assignments/http-problem-types#"
"""Of the two problems that draft-ietf-httpbis-resumable-upload defines."""


@dataclass(frozen=True)
class Problem:
    """One kind of refusal: its `name` (after `prefix` its type), its HTTP `status`, its `title`, a sentence."""

    name: str
    status: int
    title: str
    prefix: str = PROBLEM_PREFIX


_ALL: Final = (
    Problem("malformed", 400, "The request is not made up as it must be."),
    Problem("not-sealed", 400, "This is not a sealed object."),
    Problem("wrong-recipients", 400, "This object is sealed to a kind of recipient that is not accepted here."),
    Problem("stanza-count", 400, "This object is not sealed to the right number of recipients."),
    Problem("wrong-size", 400, "This object does not have one of the accepted sizes."),
    Problem("digest-mismatch", 400, "The bytes that arrived are not those that were announced."),
    Problem("metadata-refused", 400, "Metadata about an upload is not accepted."),
    Problem("unknown-epoch", 400, "The epoch of this object is not known here."),
    Problem("bad-signature", 403, "The signature does not verify."),
    Problem("not-found", 404, "There is nothing at this address."),
    Problem("method", 405, "This address does not take this method."),
    Problem("offset-mismatch", 409, "The upload goes on at another offset."),
    Problem("id-conflict", 409, "Another object has this id."),
    Problem("upload-busy", 409, "This upload is being written by another request."),
    Problem("destroyed-epoch", 410, "The keys of this epoch were destroyed: seal again for the current one."),
    Problem("length-required", 411, "The length must be announced."),
    Problem("tus-version", 412, "Only tus 1.0.0 is spoken here."),
    Problem("too-large", 413, "This is larger than what is accepted here."),
    Problem("media-type", 415, "This content type is not accepted."),
    Problem("completed-upload", 409, "This upload is complete and cannot be changed."),
    Problem("checksum-algorithm", 400, "Only the algorithm sha256 is known here."),
    Problem("checksum-mismatch", 460, "The bytes of this request are not those of its checksum."),
    Problem("mismatching-upload-offset", 409, "The upload goes on at another offset.", IANA_PREFIX),
    Problem("inconsistent-upload-length", 400, "The lengths told for this upload do not agree.", IANA_PREFIX),
    Problem("puzzle-needed", 429, "The server is under pressure: solve the puzzle, then send again."),
    Problem("internal", 500, "The server failed; nothing was stored."),
    Problem("unavailable", 503, "The server cannot answer now: try again later."),
    Problem("no-space", 507, "There is no space left: try again later."),
)

PROBLEMS: Final[dict[str, Problem]] = {problem.name: problem for problem in _ALL}

_OF_ERRORS: Final[tuple[tuple[type[WireError], str], ...]] = (
    (NotSealed, "not-sealed"),
    (WrongRecipients, "wrong-recipients"),
    (StanzaCount, "stanza-count"),
    (WrongSize, "wrong-size"),
    (DigestMismatch, "digest-mismatch"),
    (BadSignature, "bad-signature"),
)


def problem_for(error: WireError) -> Problem:
    """The refusal that tells of `error`; `malformed` when there is no closer one."""
    return PROBLEMS[next((name for kind, name in _OF_ERRORS if isinstance(error, kind)), "malformed")]


def problem_body(
    name: str, offset: int | None = None, provided: int | None = None, puzzle: Puzzle | None = None
) -> bytes:
    """The JSON body for the problem `name`.

    `offset`, and the one `provided`, only where the offset is the problem, `puzzle` where one is needed.
    """
    problem = PROBLEMS[name]
    fields: dict[str, object] = {
        "type": problem.prefix + problem.name,
        "title": problem.title,
        "status": problem.status,
    }
    if offset is not None and problem.prefix == IANA_PREFIX:
        fields |= {"expected-offset": offset, "provided-offset": provided}
    elif offset is not None:
        fields["offset"] = offset
    if puzzle is not None:
        fields |= {"window": puzzle.window, "seed": puzzle.seed.hex(), "bits": puzzle.bits}
    return strict_json_dumps(fields).encode()
