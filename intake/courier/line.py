"""The line to one server: signed requests over https, loopback or an onion, each over a challenge of its own."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx

from intake.courier.errors import AddressRefused, LineBroken, ProxyUnusable, ServerBusy, ServerRefused
from intake.courier.signing import RequestSigner
from intake.wire.constants import COURIER_CHALLENGE_HEADER, COURIER_CHALLENGE_SIZE
from intake.wire.courier_request import CourierRequest, write_request
from intake.wire.encoding import unb64
from intake.wire.errors import ManifestInvalid, WireError
from intake.wire.manifest_reader import read_address

_TIMEOUT_SECONDS = 120.0
_SMALL_ANSWER_SIZE = 1024
_NOT_FOUND = 404
_BUSY = (503, 507)
_GOOD = (200, 202, 204)


class Line:
    """Requests to one server of one deployment (64 hex); close it, or use it as `open_line` does."""

    def __init__(self, client: httpx.Client, deployment: str, signer: RequestSigner) -> None:
        self._client = client
        self._deployment = deployment
        self._signer = signer
        self._challenge = b""

    @contextmanager
    def ask(self, path: str, payload: bytes) -> Iterator[httpx.Response]:
        """Gives the answer to a signed request, its body still to be read.

        Raises ServerRefused, ServerBusy, or LineBroken when the line does not hold; also while the body is read.
        """
        try:
            response = self._sent(path, payload)
            try:
                if response.status_code in _BUSY:
                    raise ServerBusy
                if response.status_code not in _GOOD:
                    raise ServerRefused
                yield response
            finally:
                response.close()
        except httpx.HTTPError as error:
            self._challenge = b""
            raise LineBroken(type(error).__name__) from None

    def read(self, path: str, payload: bytes, limit: int) -> tuple[int, bytes]:
        """The status (200, 202 or 204) and the body of an answer of at most `limit` bytes; raises as `ask` does."""
        with self.ask(path, payload) as response:
            taken = bytearray()
            for piece in response.iter_raw():
                taken += piece
                if len(taken) > limit:
                    raise ServerRefused("its answer is too long")
            return response.status_code, bytes(taken)

    def _sent(self, path: str, payload: bytes) -> httpx.Response:
        carried = bool(self._challenge)
        response = self._send(path, payload)
        if carried and response.status_code == _NOT_FOUND:
            # The challenge that came with the last answer may have grown old, or another process had given it.
            response.close()
            response = self._send(path, payload)
        return response

    def _send(self, path: str, payload: bytes) -> httpx.Response:
        request = self._client.build_request("POST", path, content=self._signed(path, payload))
        response = self._client.send(request, stream=True)
        self._challenge = _challenge_in(response)
        return response

    def _signed(self, path: str, payload: bytes) -> bytes:
        challenge, self._challenge = self._challenge or self._new_challenge(), b""
        body = hashlib.sha256(payload).digest()
        request = CourierRequest(self._deployment, self._signer.name, challenge, path, body)
        return write_request(self._signer.sign(request), payload)

    def _new_challenge(self) -> bytes:
        response = self._client.post("/courier/challenge")
        if response.status_code != 200 or len(response.content) > _SMALL_ANSWER_SIZE:
            raise ServerRefused
        try:
            return unb64(response.text.removesuffix("\n"), COURIER_CHALLENGE_SIZE)
        except WireError:
            raise ServerRefused("its challenge is malformed") from None


def _challenge_in(response: httpx.Response) -> bytes:
    try:
        return unb64(response.headers.get(COURIER_CHALLENGE_HEADER, ""), COURIER_CHALLENGE_SIZE)
    except WireError:
        return b""


@contextmanager
def open_line(server: str, proxy: str | None, deployment: str, signer: RequestSigner) -> Iterator[Line]:
    """A line to a server's base URL; raises AddressRefused, ProxyUnusable.

    Nothing of the environment counts: a proxy set there for a browser must not see where a courier goes.
    """
    try:
        address = read_address(server, "server")
    except ManifestInvalid:
        raise AddressRefused from None
    if (urlsplit(address).hostname or "").endswith(".onion") and not proxy:
        raise ProxyUnusable("an onion without a proxy")
    try:
        client = httpx.Client(
            base_url=address,
            proxy=proxy,
            trust_env=False,
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=False,
            headers={"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "intake"},
        )
    except ImportError:
        raise ProxyUnusable("socksio is not installed") from None
    except (ValueError, httpx.InvalidURL):
        raise ProxyUnusable("not the address of a proxy") from None
    with client:
        yield Line(client, deployment, signer)
