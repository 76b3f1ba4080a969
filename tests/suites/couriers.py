"""A courier for suites that feed a server: named by a second manifest, it signs whatever it is given to send."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from intake.wire.courier_request import CourierRequest, write_request
from intake.wire.manifest import NamedKey
from tests.server.parts import House, Signer, run_intake

NAME = "courier-1"


@dataclass(frozen=True)
class Courier:
    """The seed of its key, and the deployment it works for."""

    seed: bytes
    deployment: str

    @property
    def signer(self) -> Signer:
        return Signer(NAME, Ed25519PrivateKey.from_private_bytes(self.seed))

    def request(self, path: str, challenge: bytes, payload: bytes) -> bytes:
        """The body of a request, signed for any path, also for one that no courier would ask for."""
        request = CourierRequest(self.deployment, NAME, challenge, path, hashlib.sha256(payload).digest())
        return write_request(self.signer.note(request.text()), payload)


def name_courier(house: House, seed: bytes) -> Courier:
    """A courier of this house, whom its newest manifest names from now on."""
    courier = Courier(seed, house.deployment.roots.deployment)
    path = house.data.parent / "manifest-2.note"
    path.write_bytes(house.manifest(serial=2, couriers=(NamedKey(NAME, courier.signer.public),)))
    ran = run_intake("manifest", "add", "--data", house.data, path)
    assert ran.returncode == 0, ran.stderr
    return courier
