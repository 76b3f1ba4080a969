"""What may be uploaded: sizes and contents, decided by the gate of the wire format and by nothing else."""

from typing import Protocol

from intake.server.errors import Refusal
from intake.server.services.feeding import Gate
from intake.server.services.manifests import Manifests
from intake.wire.constants import MEDIA_FLOOR_SIZE, RECIPIENTS_MAX
from intake.wire.errors import WrongSize
from intake.wire.padding import media_class_ok, sealed_size


class Door(Protocol):
    """Decides about uploads before and while they come; both sizes in bytes."""

    size_min: int
    size_max: int

    def length(self, announced: int | None) -> int:
        """The size to reserve for what a request announced, None when it announced nothing.

        Raises Refusal: length-required, too-large.
        """

    def gate(self, size: int, epoch: int) -> Gate:
        """What looks at the bytes of an upload; raises Refusal (unknown-epoch, destroyed-epoch), WrongSize."""


class SealedDoor:
    """Lets sealed media in: sizes of a class, for an epoch whose keys exist."""

    size_min: int = sealed_size(1, MEDIA_FLOOR_SIZE)

    def __init__(self, manifests: Manifests, size_max: int) -> None:
        self.size_max = size_max
        self._manifests = manifests

    def length(self, announced: int | None) -> int:
        """As Door says: room is reserved before the first byte, so a length must be known."""
        if announced is None:
            raise Refusal("length-required")
        if announced > self.size_max:
            raise Refusal("too-large")
        return announced

    def gate(self, size: int, epoch: int) -> Gate:
        """As Door says."""
        stanzas = self._manifests.stanzas_of(epoch)
        counts = range(1, RECIPIENTS_MAX + 1) if stanzas is None else (stanzas,)
        if not any(media_class_ok(size, count) for count in counts):
            raise WrongSize("not a class of media objects")
        return Gate(size, stanzas)
