"""The two seams of the format: what can wrap a file key, and what can unwrap one."""

from collections.abc import Sequence
from typing import Protocol

from keys.age.header import Stanza


class Recipient(Protocol):
    """Someone a file can be sealed to."""

    def wrap(self, file_key: bytes) -> Stanza:
        """Return a stanza from which only this recipient's identity recovers the 16-byte file key."""
        ...


class Identity(Protocol):
    """Someone who may be able to open a file."""

    def unwrap(self, stanzas: Sequence[Stanza]) -> bytes | None:
        """Return the 16-byte file key, or None if no stanza is for this identity.

        Ignores stanzas of other types. Raises HeaderError for a malformed stanza of its own type.
        """
        ...
