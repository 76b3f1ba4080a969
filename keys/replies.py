"""An answer, from signed text to the 4,096 uniform bytes of a slot and back (SPEC.md sections 2 and 6).

```
signed reply frame, padded to 2,409 bytes
  -> age file to the return code's recipient, 4,068 bytes     only the code opens it, post-quantum
    -> ChaCha20-Poly1305 under the slot key, 4,096 bytes      the server cannot tell it from a decoy
```
"""

import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from intake.wire.constants import (
    PAYLOAD_NONCE_SIZE,
    REPLY_SEALED_SIZE,
    REPLY_TEXT_MAX_SIZE,
    SLOT_NONCE_SIZE,
    SLOT_SIZE,
    TAG_SIZE,
)
from intake.wire.frame import Reply, ReplyBlock, pack_padded, recipient_hash, unpack, verify_reply
from intake.wire.mailbox import mailbox_id, slot_associated_data
from intake.wire.padding import header_size
from keys.age import HybridRecipient, open_sealed_bytes, seal_bytes
from keys.errors import NoMatch, PayloadError, ReplyInvalid
from keys.return_code import CodeKeys

_REPLY_PLAIN_SIZE = REPLY_SEALED_SIZE - header_size(1) - PAYLOAD_NONCE_SIZE - TAG_SIZE


def check_reply_text(text: str) -> str:
    """Return `text` when it fits a slot: 1 to 2,187 bytes of UTF-8; raises ReplyInvalid with its size otherwise."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ReplyInvalid("it holds half a character") from None
    if not text.strip():
        raise ReplyInvalid("it is empty")
    if size > REPLY_TEXT_MAX_SIZE:
        raise ReplyInvalid(f"{size} bytes where {REPLY_TEXT_MAX_SIZE} fit; a Cyrillic letter takes 2")
    return text


def seal_reply(signed: Reply, block: ReplyBlock, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Return the 4,096-byte slot of a signed reply for the phone that gave `block`.

    `random(n)` gives the n = 12 nonce bytes. Raises ReplyInvalid, BadSignature when `signed` is not signed, and
    KeyTextError when the phone's recipient is not a key.
    """
    check_reply_text(signed.text)
    verify_reply(signed)
    sealed = seal_bytes(pack_padded(signed, _REPLY_PLAIN_SIZE), [HybridRecipient(block.recipient)])
    nonce = random(SLOT_NONCE_SIZE)
    bound = slot_associated_data(mailbox_id(block.follow_up_key))
    return nonce + ChaCha20Poly1305(block.slot_key).encrypt(nonce, sealed, bound)


def open_slot(untrusted_slot: bytes, code: CodeKeys) -> Reply:
    """Return the reply in a slot, its signature verified; which reply keys to believe is the caller's to say.

    Raises NoMatch for anything that is not a slot under this code: a decoy, another's, a changed one.
    """
    if len(untrusted_slot) != SLOT_SIZE:
        raise NoMatch
    nonce, rest = untrusted_slot[:SLOT_NONCE_SIZE], untrusted_slot[SLOT_NONCE_SIZE:]
    try:
        sealed = ChaCha20Poly1305(code.slot_key).decrypt(nonce, rest, slot_associated_data(code.mailbox_id))
    except InvalidTag:
        raise NoMatch from None
    frame = unpack(open_sealed_bytes(sealed, [code.identity], _REPLY_PLAIN_SIZE))
    if not isinstance(frame, Reply) or frame.mailbox_id != code.mailbox_id:
        raise PayloadError("not an answer to this code")
    if frame.recipient_hash != recipient_hash(code.identity.recipient):
        raise PayloadError("an answer to another recipient")
    verify_reply(frame)
    return frame
