"""The load of the suite `verify-kills`: that of `kill` and forwarded forms, paced to leave the machine some rest."""

from __future__ import annotations

import hashlib
import http.client
import random

from tests.server.parts import Forge
from tests.suites.kill_load import SMALL, Load, Sender
from tests.suites.verify_checks import BothLedger

FORWARDERS = 2
FORWARDED_PLAIN = (65_536, 262_144)
PAUSE_SECONDS = 0.05
_BOUNDARY = "a-boundary-of-a-form"


class BothLoad(Load):
    """Senders of reports, uploads and forms to one of two servers, or one of each kind if `light`.

    Use a ledger with one server at a time.
    """

    def __init__(self, port: int, ledger: BothLedger, seed: str, light: bool = False) -> None:
        self._forms = ledger
        self._light = light
        super().__init__(port, ledger, seed)

    def senders(self) -> list[Sender]:
        """As Load says, with forms, and each with a pause after it."""
        many = [*super().senders(), *[self._forward] * FORWARDERS]
        return [self._paced(kind) for kind in ([self._report, self._upload, self._forward] if self._light else many)]

    def _paced(self, kind: Sender) -> Sender:
        def send(connection: http.client.HTTPConnection, rng: random.Random) -> None:
            kind(connection, rng)
            self._stopped.wait(rng.uniform(0.0, PAUSE_SECONDS))

        return send

    def _forward(self, connection: http.client.HTTPConnection, rng: random.Random) -> None:
        forge = Forge(rng.getrandbits(32))
        files = [forge.media(rng.choice(FORWARDED_PLAIN)), forge.sealed(SMALL)]
        head = 'Content-Disposition: form-data; name="sealed"; filename="x"'
        parts = [f"--{_BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n" for data in files]
        body = b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])
        connection.request("POST", "/forward", body, {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"})
        answer = connection.getresponse()
        told = answer.read().count(b'<span lang="en">stored</span></li>')
        if answer.status != 200 or told != len(files):
            self._ledger.complain(f"a form was answered with {answer.status}, {told} stored")
            return
        with self._ledger.lock:
            self._forms.forwarded += [hashlib.sha256(data).digest() for data in files]
