"""Who may fetch bundles: requests signed by a courier key of the manifest in force, each over a challenge of its own.

A challenge needs no memory to be checked, and is remembered once a valid request has used it. Every process of this
server accepts it; one that has not seen it used lets it pass again, which does no harm: each request can be repeated.
"""

import hashlib
import hmac
import os
import threading
import time

from sqlalchemy import select

from intake.server.errors import Refusal
from intake.server.models import revoked
from intake.server.services.core import Core
from intake.server.services.deletion import key_hash
from intake.wire.constants import COURIER_CHALLENGE_SECONDS, COURIER_CHALLENGE_SIZE, LABEL_CHALLENGE
from intake.wire.courier_request import CourierRequest, parse_request_note
from intake.wire.errors import WireError
from intake.wire.note import require_signer

_EXPIRY_SIZE = 8
_RANDOM_SIZE = 16


class Couriers:
    """Gives challenges and admits requests; may be used from several threads."""

    def __init__(self, core: Core) -> None:
        self._core = core
        # Mirrors share the decoy secret; the log key tells them apart, so one takes no challenge of another. A request
        # does not name its server: whoever passes our challenge on to a courier can use it here (THREATMODEL.md).
        self._key = hmac.digest(core.decoy_secret, LABEL_CHALLENGE.encode() + core.log_key.public, hashlib.sha256)
        self._used: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def challenge(self) -> bytes:
        """56 bytes for one request within 600 seconds."""
        start = (int(time.time()) + COURIER_CHALLENGE_SECONDS).to_bytes(_EXPIRY_SIZE) + os.urandom(_RANDOM_SIZE)
        return start + self._seal(start)

    def admit(self, untrusted_note: bytes, path: str) -> CourierRequest:
        """What a courier of this deployment signed for `path`; its payload has still to be held to it.

        Raises Refusal not-found, always the same, for whatever is wrong.
        """
        try:
            note, request = parse_request_note(untrusted_note)
            key = self._key_of(request.courier)
            require_signer(note, {request.courier: key})
        except WireError:
            raise Refusal("not-found") from None
        if (request.deployment, request.path) != (self._core.roots.deployment, path):
            raise Refusal("not-found")
        self._use(request.challenge)
        return request

    def _key_of(self, courier: str) -> bytes:
        in_force = self._core.manifests.known().in_force
        named = () if in_force is None else in_force.manifest.couriers
        key = next((each.key for each in named if each.name == courier), None)
        if key is None or in_force is None or key_hash(key) in in_force.manifest.revoked:
            raise Refusal("not-found")
        # Once revoked, for good: a later manifest need not repeat it.
        query = select(revoked.c.day).where(revoked.c.key_hash == key_hash(key))
        if self._core.store.read(lambda connection: connection.execute(query).first()) is not None:
            raise Refusal("not-found")
        return key

    def _use(self, challenge: bytes) -> None:
        start, seal = challenge[: _EXPIRY_SIZE + _RANDOM_SIZE], challenge[_EXPIRY_SIZE + _RANDOM_SIZE :]
        now, expiry = int(time.time()), int.from_bytes(start[:_EXPIRY_SIZE])
        if len(challenge) != COURIER_CHALLENGE_SIZE or not hmac.compare_digest(seal, self._seal(start)):
            raise Refusal("not-found")
        with self._lock:
            self._used = {each: end for each, end in self._used.items() if end >= now}
            if expiry < now or start in self._used:
                raise Refusal("not-found")
            self._used[start] = expiry

    def _seal(self, start: bytes) -> bytes:
        return hmac.digest(self._key, LABEL_CHALLENGE.encode() + start, hashlib.sha256)
