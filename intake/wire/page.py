"""Stamping a built page with a deployment's roots and newest manifest (SPEC.md section 11): same input, same bytes."""

import hashlib

from intake.wire.encoding import errors_as, utf8
from intake.wire.errors import PageInvalid

_DEPLOYMENT = (b'<script type="application/json" id="intake-deployment">', b"</script>")
_MANIFEST = (b'<script type="text/plain" id="intake-manifest">', b"</script>")


def stamp(template: bytes, deployment_json: str, manifest_note: bytes) -> bytes:
    """Return the page with both blocks filled; raise PageInvalid on a missing or doubled block or a `<`."""
    page = _fill(template, _DEPLOYMENT, deployment_json.encode())
    return _fill(page, _MANIFEST, manifest_note)


def read_blocks(page: bytes) -> tuple[str, bytes]:
    """Return (deployment block, manifest block) of a page; raise PageInvalid when a block is missing or doubled."""
    start, end = _find(page, _DEPLOYMENT)
    first, last = _find(page, _MANIFEST)
    with errors_as(PageInvalid):
        return utf8(page[start:end]), page[first:last]


def released_hash(page: bytes) -> str:
    """Return the released page hash, 64 hex: SHA-256 of the page with its manifest block empty."""
    start, end = _find(page, _MANIFEST)
    return hashlib.sha256(page[:start] + page[end:]).hexdigest()


def _fill(page: bytes, block: tuple[bytes, bytes], text: bytes) -> bytes:
    if b"<" in text:
        raise PageInvalid("text for a page may not hold <")
    start, end = _find(page, block)
    return page[:start] + text + page[end:]


def _find(page: bytes, block: tuple[bytes, bytes]) -> tuple[int, int]:
    opening, closing = block
    if page.count(opening) != 1:
        raise PageInvalid("the page does not have exactly one of each block")
    start = page.index(opening) + len(opening)
    end = page.find(closing, start)
    if end < 0 or b"<" in page[start:end]:
        raise PageInvalid("a block of the page is not closed")
    return start, end
