"""What the fuzzing of requests starts from: a good request of every kind, and some that are nearly good."""

from __future__ import annotations

import hashlib

from intake.wire.encoding import b64
from tests.server.parts import Forge
from tests.suites.fuzz_requests import ENVELOPE, MEDIA, SIGNED

TUS = b"\ntus-resumable: 1.0.0"
PLACE = b" /uploads/{id}"
PATCH = b"PATCH" + PLACE + TUS + b"\ncontent-type: application/offset+octet-stream\nupload-offset: "
PART = b"\ncontent-type: application/partial-upload"
EPOCH = b"\nintake-epoch: 12"
LENGTH = b"%d" % len(MEDIA)


def _digest(data: bytes) -> bytes:
    return b64(hashlib.sha256(data).digest()).encode()


def tus_seeds() -> tuple[bytes, ...]:
    """Uploads over tus."""
    begin = b"POST /uploads" + TUS + EPOCH
    body = b"\ncontent-type: application/offset+octet-stream"
    piece = MEDIA[:5000]
    return (
        begin + b"\nupload-length: 74000\n\n",
        begin + b"\nupload-length: " + LENGTH + b"\n\n",
        begin + body + b"\nupload-length: " + LENGTH + b"\n\n" + piece,
        begin + body + b"\nupload-length: " + LENGTH + b"\n\n" + MEDIA,
        b"HEAD" + PLACE + TUS + b"\n\n",
        PATCH + b"0\n\n" + piece,
        PATCH + b"0\n\n" + MEDIA,
        PATCH + b"0\nupload-checksum: sha256 " + _digest(piece) + b"\n\n" + piece,
        PATCH + b"0\nupload-checksum: sha256 " + _digest(b"") + b"\n\n" + piece,
        PATCH + b"0\ncontent-length: 9\n\nnot sealed",
        PATCH + b"-1\n\n",
        b"POST" + PLACE + TUS + b"\nx-http-method-override: DELETE\n\n",
        b"DELETE" + PLACE + TUS + b"\n\n",
        b"OPTIONS /uploads\n\n",
        b"OPTIONS /uploads\naccess-control-request-method: PATCH\n\n",
    )


def draft_seeds() -> tuple[bytes, ...]:
    """Uploads as the IETF drafts them."""
    whole = b"\nupload-complete: ?1" + EPOCH
    piece = MEDIA[:5000]
    return (
        b"POST /uploads\nupload-complete: ?0\nupload-length: " + LENGTH + EPOCH + b"\n\n",
        b"POST /uploads\nupload-complete: ?0\nupload-length: " + LENGTH + EPOCH + b"\n\n" + piece,
        b"POST /uploads" + whole + b"\ncontent-length: " + LENGTH + b"\n\n" + MEDIA,
        b"POST /uploads" + whole + b"\nrepr-digest: sha-256=:" + _digest(MEDIA) + b":\n\n" + MEDIA,
        b"HEAD" + PLACE + b"\n\n",
        b"PATCH" + PLACE + PART + b"\nupload-complete: ?0\nupload-offset: 0\n\n" + piece,
        b"PATCH" + PLACE + PART + b"\nupload-complete: ?1\nupload-offset: 0\n\n" + MEDIA,
        b"PATCH" + PLACE + PART + b"\nupload-complete: ?1\nupload-offset: 0\n\n" + MEDIA + b"x",
        b"PATCH" + PLACE + PART + b"\nupload-complete: ?0\nupload-offset: 7;a=b\n\n" + piece,
        b"PATCH" + PLACE + PART + b"\nupload-complete: ?0\nupload-offset: 0\ncontent-digest: sha-512=:a:, sha-256=:"
        + _digest(piece) + b":\n\n" + piece,
        b"DELETE" + PLACE + b"\n\n",
    )  # fmt: skip


def work_seeds() -> tuple[bytes, ...]:
    """Reports and uploads with a solved puzzle."""
    return (
        b"POST /reports\nintake-work: {work}\n\n" + ENVELOPE,
        b"POST /reports\nintake-work: {media-work}\n\n" + ENVELOPE,
        b"POST /reports\nintake-work: AA==\n\n" + ENVELOPE,
        b"POST /uploads" + TUS + EPOCH + b"\nintake-work: {media-work}\nupload-length: " + LENGTH + b"\n\n",
        b"POST /uploads\nupload-complete: ?0\nupload-length: " + LENGTH + EPOCH + b"\nintake-work: {media-work}\n\n",
    )


def courier_seeds() -> tuple[bytes, ...]:
    """Requests of a courier, signed and not."""
    bundle = b"POST /courier/bundles/{bundle}/"
    return (
        b"POST /courier/challenge\n\n",
        b"POST /courier/bundles\n\nA",
        b"POST /courier/bundles\n" + SIGNED + b"\n\nA",
        b"POST /courier/bundles\n" + SIGNED + b"\n\nC",
        bundle + b"files\n" + SIGNED + b"\n\ndata/index.txt 0 1000",
        bundle + b"files\n" + SIGNED + b"\n\nbagit.txt 20 4194304",
        bundle + b"files\n" + SIGNED + b"\n\nintake-bundle.note 0 0",
        bundle + b"done\n" + SIGNED + b"\n\n",
        b"POST /courier/outboxes\n" + SIGNED + b"\n\nintake-outbox/v1\nkind ack\n",
    )


def seeds() -> tuple[bytes, ...]:
    """All of them, and the other addresses."""
    forge = Forge(2)
    form = b'--b\r\nContent-Disposition: form-data; name="sealed"; filename="a"\r\n\r\n%b\r\n--b--\r\n'
    forward = b"POST /forward\ncontent-type: multipart/form-data; boundary=b\ncontent-length: %d\n\n%b"
    forms = [form % forge.sealed(), form % b"plain", form.replace(b"sealed", b"other") % b""]
    return (
        b"POST /reports\n\n" + forge.envelope(),
        b"POST /reports\ncookie: a\n\nx",
        *tus_seeds(),
        *draft_seeds(),
        *work_seeds(),
        *courier_seeds(),
        b"POST /mailbox\n\n" + bytes(range(32)),
        b"POST /mailbox/delete\n\n" + bytes(224),
        b"GET /forward\n\n",
        b"POST /forward/known\n\ndigest=" + b"0F " * 32,
        b"GET /\naccept-language: ru, kk;q=0.5\naccept-encoding: br\n\n",
        b"GET /manifest\n\n",
        b"GET /health\n\n",
        *(forward % (len(one), one) for one in forms),
    )
