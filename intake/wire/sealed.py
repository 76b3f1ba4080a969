"""The gate: what can be told about a sealed object without any key (SPEC.md section 1; C2SP age.md).

It cannot tell whether anyone can open the object: random bytes behind a well-formed header pass.
"""

from dataclasses import dataclass
from typing import Final

from intake.wire.constants import (
    AGE_STANZA_TYPE,
    AGE_VERSION_LINE,
    ENC_SIZE,
    RECIPIENTS_MAX,
    SHA256_SIZE,
    SMALL_CLASSES,
    STANZA_BODY_SIZE,
    STANZA_SIZE,
)
from intake.wire.encoding import errors_as, unb64_unpadded
from intake.wire.errors import NotSealed, StanzaCount, WrongRecipients, WrongSize
from intake.wire.padding import header_size, media_class_ok

_FIRST_LINE: Final = AGE_VERSION_LINE.encode()
_STANZA_START: Final = f"-> {AGE_STANZA_TYPE} ".encode()
_MAC_START: Final = b"--- "
_BODY_TEXT_SIZE: Final = 43
_ENC_END: Final = STANZA_SIZE - 1 - _BODY_TEXT_SIZE - 1
_MAC_LINE_SIZE: Final = 48

header_bytes_needed: Final = header_size(RECIPIENTS_MAX)
"""As many first bytes of an object as parse_header can ever need: 4,741."""


@dataclass(frozen=True)
class SealedHeader:
    """A well-formed age header: `stanzas` 1..3, `size` its bytes with the MAC line."""

    stanzas: int
    size: int


def parse_header(prefix: bytes) -> SealedHeader:
    """Reads the header at the start of `prefix`, of which the first `header_bytes_needed` bytes are enough.

    Raises NotSealed (another format, broken grammar or base64, cut off), WrongRecipients (a stanza of another
    type, with other arguments or another size) or StanzaCount (none, or more than three).
    """
    if not prefix.startswith(_FIRST_LINE):
        raise NotSealed("another first line")
    offset, stanzas = len(_FIRST_LINE), 0
    while prefix.startswith(b"-> ", offset):
        if stanzas == RECIPIENTS_MAX and prefix.startswith(_STANZA_START, offset):
            raise StanzaCount("more than three")
        _check_stanza(prefix[offset : offset + STANZA_SIZE])
        offset, stanzas = offset + STANZA_SIZE, stanzas + 1
    _check_mac(prefix[offset : offset + _MAC_LINE_SIZE])
    if stanzas == 0:
        raise StanzaCount("none")
    return SealedHeader(stanzas, offset + _MAC_LINE_SIZE)


def _check_stanza(stanza: bytes) -> None:
    if not stanza.startswith(_STANZA_START[: len(stanza)]):
        raise WrongRecipients("a stanza of another type")
    if len(stanza) < STANZA_SIZE:
        raise NotSealed("cut off in the header")
    if stanza.find(b"\n") != _ENC_END or stanza.find(b"\n", _ENC_END + 1) != STANZA_SIZE - 1:
        raise WrongRecipients("a stanza with other arguments or of another size")
    _check_base64(stanza[len(_STANZA_START) : _ENC_END], ENC_SIZE)
    _check_base64(stanza[_ENC_END + 1 : -1], STANZA_BODY_SIZE)


def _check_mac(line: bytes) -> None:
    if not line.startswith(_MAC_START) or len(line) < _MAC_LINE_SIZE or line.find(b"\n") != _MAC_LINE_SIZE - 1:
        raise NotSealed("no header MAC")
    _check_base64(line[len(_MAC_START) : -1], SHA256_SIZE)


def _check_base64(text: bytes, size: int) -> None:
    with errors_as(NotSealed):
        unb64_unpadded(text.decode("latin-1"), size)


def _check_count(header: SealedHeader, stanzas: int | None) -> None:
    if stanzas is not None and header.stanzas != stanzas:
        raise StanzaCount("another number than this epoch has")


def check_small(data: bytes, stanzas: int | None) -> SealedHeader:
    """Passes a whole small object: its header, its number of stanzas (None: any of 1..3) and its size class.

    Raises what parse_header raises, StanzaCount, or WrongSize.
    """
    header = parse_header(data[:header_bytes_needed])
    _check_count(header, stanzas)
    if len(data) not in SMALL_CLASSES:
        raise WrongSize("not a class of small objects")
    return header


def check_media(prefix: bytes, total: int, stanzas: int | None) -> SealedHeader:
    """Passes a media object of `total` bytes by its first `header_bytes_needed` bytes; raises as check_small does."""
    header = parse_header(prefix[:header_bytes_needed])
    _check_count(header, stanzas)
    check_media_size(total, header.stanzas)
    return header


def check_media_size(total: int, recipients: int) -> None:
    """Raises WrongSize unless a media object for `recipients` recipients can have `total` bytes."""
    if not media_class_ok(total, recipients):
        raise WrongSize("not a class of media objects")
