"""Who is admitted: a key of the manifest in force, a fresh challenge, the very path and payload that were signed."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import insert

from intake.courier.settings import Home
from intake.courier.signing import CourierKey, RequestSigner, load_courier_key
from intake.server.errors import Refusal, StorageFull
from intake.server.models import acks
from intake.server.services.core import open_core
from intake.server.services.couriers import Couriers
from intake.server.services.manifests import add_manifest
from intake.server.services.objects import NewObject, put_object
from intake.server.services.offering import BUNDLE_MAX_DAYS, Offers
from intake.wire.constants import COURIER_CHALLENGE_HEADER, COURIER_CHALLENGE_SECONDS, OBJECT_MEDIA
from intake.wire.courier_request import CourierRequest, PieceWanted, parse_offer, write_request
from intake.wire.encoding import unb64
from intake.wire.manifest import NamedKey

PATH = "/courier/bundles"


class Raw:
    """Sends requests that nobody should send."""

    def __init__(self, carrier) -> None:
        self.carrier = carrier
        self.client = httpx.Client(base_url=carrier.server.url, trust_env=False, timeout=30)

    def challenge(self) -> bytes:
        return unb64(self.client.post("/courier/challenge").text.removesuffix("\n"), 56)

    def body(self, payload: bytes = b"A", signer=None, sent: bytes | None = None, **changes: object) -> bytes:
        fields = {
            "deployment": self.carrier.roots.deployment,
            "courier": "courier-1",
            "challenge": self.challenge(),
            "path": PATH,
            "body": hashlib.sha256(payload).digest(),
        }
        request = CourierRequest(**(fields | changes))
        return write_request((signer or self.carrier.signer).sign(request), payload if sent is None else sent)

    def post(self, body: bytes, path: str = PATH) -> httpx.Response:
        return self.client.post(path, content=body)


@pytest.fixture
def raw(carrier) -> Iterator[Raw]:
    carrier.prepare()
    made = Raw(carrier)
    yield made
    made.client.close()


def restart(raw: Raw) -> None:
    """Another process has read the newest manifest; the client finds it at its new address."""
    raw.carrier.server.stop()
    raw.carrier.server.start()
    raw.client.close()
    raw.client = httpx.Client(base_url=raw.carrier.server.url, trust_env=False, timeout=30)


def shape(response: httpx.Response) -> tuple[object, ...]:
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status_code, headers, response.content


@pytest.fixture
def nothing(raw) -> tuple[object, ...]:
    """What a route that does not exist answers."""
    return shape(raw.client.post("/no/such/route"))


def test_signed_request_is_answered(raw):
    answer = raw.post(raw.body())
    assert answer.status_code == 200
    assert parse_offer(answer.content).bundle.startswith("bundle-")
    assert len(unb64(answer.headers[COURIER_CHALLENGE_HEADER])) == 56


def refusals(raw) -> dict[str, bytes]:
    stranger = RequestSigner(CourierKey("courier-1", os.urandom(32)))
    unknown = RequestSigner(CourierKey("nobody", os.urandom(32)))
    used = raw.body()
    assert raw.post(used).status_code == 200
    return {
        "empty": b"",
        "unsigned": b"\x00\x04abcd",
        "junk": os.urandom(5000),
        "cut off": raw.body()[:200],
        "another key": raw.body(signer=stranger),
        "an unknown name": raw.body(signer=unknown, courier="nobody"),
        "another deployment": raw.body(deployment="ab" * 32),
        "another path": raw.body(path="/courier/outboxes"),
        "another payload": raw.body(sent=b"B"),
        "a longer payload": raw.body(sent=b"A" + bytes(3000)),
        "an invented challenge": raw.body(challenge=os.urandom(56)),
        "a challenge that was used": used,
        "a laptop nobody named": raw.body(payload=b"C"),
        "a laptop that is not ASCII": raw.body(payload=b"\xff\xff"),
    }


def test_whatever_is_wrong_is_answered_like_a_route_that_is_not_there(raw, nothing):
    answers = {name: shape(raw.post(body)) for name, body in refusals(raw).items()}
    assert {name: answer for name, answer in answers.items() if answer != nothing} == {}


@pytest.mark.parametrize("path", ["/courier/bundles/bundle-00000000/files", "/courier/bundles/bundle-00000000/done"])
def test_bundle_that_is_not_there_is_answered_alike(raw, nothing, path):
    assert shape(raw.post(raw.body(b"bagit.txt 0 1", path=path), path)) == nothing


@pytest.mark.parametrize(
    "wanted",
    ["../log.key 0 10", "../../log.key 0 10", "data/../../../log.key 0 10", "no.txt 0 10", "bagit.txt 0 0", "", "x"],
)
def test_file_outside_the_bundle_is_answered_alike(raw, nothing, wanted):
    bundle = parse_offer(raw.post(raw.body()).content).bundle
    path = f"/courier/bundles/{bundle}/files"
    assert shape(raw.post(raw.body(wanted.encode(), path=path), path)) == nothing


def test_piece_is_what_was_asked_for(raw):
    bundle = parse_offer(raw.post(raw.body()).content).bundle
    path = f"/courier/bundles/{bundle}/files"
    whole = (raw.carrier.house.data / "bundles" / bundle / "data/index.txt").read_bytes()
    for offset, size in ((0, 10), (5, 4_194_304), (len(whole) - 1, 100), (len(whole), 100), (2**50, 100)):
        answer = raw.post(raw.body(f"data/index.txt {offset} {size}".encode(), path=path), path)
        assert (answer.status_code, answer.content) == (200, whole[offset : offset + size])


def test_request_sent_twice_at_once_is_answered_once(raw):
    body = raw.body()
    with ThreadPoolExecutor(8) as pool:
        codes = [answer.status_code for answer in pool.map(lambda _: raw.post(body), range(8))]
    assert sorted(codes) == [200, *[404] * 7]


def test_challenge_grows_old(house, home, monkeypatch):
    import time

    with open_core(house.settings) as core:
        couriers, signer = Couriers(core), RequestSigner(load_courier_key(Home(home).key))
        challenge, now = couriers.challenge(), time.time()
        request = CourierRequest(core.roots.deployment, "courier-1", challenge, PATH, bytes(32))
        monkeypatch.setattr(time, "time", lambda: now + COURIER_CHALLENGE_SECONDS + 2)
        with pytest.raises(Exception, match="not-found"):
            couriers.admit(signer.sign(request), PATH)
        monkeypatch.setattr(time, "time", lambda: now + COURIER_CHALLENGE_SECONDS - 2)
        assert couriers.admit(signer.sign(request), PATH) == request


def test_mirror_with_another_log_key_takes_no_challenge_of_this_server(house, home, monkeypatch):
    import dataclasses

    with open_core(house.settings) as core:
        mirror = dataclasses.replace(core, log_key=dataclasses.replace(core.log_key, seed=os.urandom(32)))
        signer = RequestSigner(load_courier_key(Home(home).key))
        request = CourierRequest(core.roots.deployment, "courier-1", Couriers(mirror).challenge(), PATH, bytes(32))
        with pytest.raises(Exception, match="not-found"):
            Couriers(core).admit(signer.sign(request), PATH)


def revoked_hash(carrier) -> str:
    return hashlib.sha256(load_courier_key(Home(carrier.home).key).public).hexdigest()


def test_revoked_courier_is_answered_alike_for_good(raw, nothing, add_manifest):
    carrier = raw.carrier
    key = NamedKey("courier-1", load_courier_key(Home(carrier.home).key).public)
    add_manifest(carrier.house, 3, (key,), revoked=(revoked_hash(carrier),))
    restart(raw)
    assert shape(raw.post(raw.body())) == nothing
    add_manifest(carrier.house, 4, (key,))
    restart(raw)
    assert shape(raw.post(raw.body())) == nothing


def test_courier_the_manifest_no_longer_names_is_answered_alike(raw, nothing, add_manifest):
    add_manifest(raw.carrier.house, 3, ())
    restart(raw)
    assert shape(raw.post(raw.body())) == nothing


def test_unsigned_flood_is_refused_before_its_body_is_read(raw, nothing):
    """A million bytes behind a note that nobody signed: the answer comes before they are asked for."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", raw.carrier.server.port), timeout=30) as line:
        line.sendall(head + b"\x00\x04abcd" + bytes(5000))
        assert line.recv(12) == b"HTTP/1.1 404"


def test_old_bundles_are_removed_and_young_ones_stay(house, home):
    with open_core(house.settings) as core:
        offers = Offers(core)
        assert offers.offer("A") is None
        offers.wait()
        assert offers.offer("A") is not None
        assert offers.clear() == 0
        day = core.clock()
    with house.open(lambda: day + timedelta(days=BUNDLE_MAX_DAYS)) as later:
        assert Offers(later).clear() == 0
    with house.open(lambda: day + timedelta(days=BUNDLE_MAX_DAYS + 1)) as later:
        assert Offers(later).clear() == 1
    assert list((house.data / "bundles").iterdir()) == []


def test_what_a_laptop_has_acked_needs_no_room_on_the_disk(house, home):
    with open_core(house.settings) as core:
        huge, key = (
            NewObject(os.urandom(16), OBJECT_MEDIA, 2**50, bytes(32), 12),
            house.deployment.laptops[0].ack.public,
        )
        ack = {"object_id": huge.object_id, "laptop": "A", "giver": "", "key": key, "day": core.clock()}
        core.store.write(lambda connection: put_object(connection, huge, core.clock())).result()
        offers = Offers(core)
        assert offers.offer("A") is None
        offers.wait()
        with pytest.raises(StorageFull):
            offers.offer("A")
        core.store.write(lambda connection: connection.execute(insert(acks), [ack])).result()
        assert offers.offer("A") is None
        offers.wait()
        assert offers.offer("A") is not None


def test_bundle_for_a_laptop_that_is_named_no_more_is_removed(house, home):
    with open_core(house.settings) as core:
        offers = Offers(core)
        assert offers.offer("B") is None
        offers.wait()
        assert offers.clear() == 0
        laptops, recipients = (house.deployment.laptops[0].keys(),), (bytes(1216),)
        epoch = dataclasses.replace(house.deployment.manifest(house.log_key).epoch, number=13, recipients=recipients)
        newer = house.manifest(serial=99, laptops=laptops, epoch=epoch)
        core.store.write(lambda connection: add_manifest(connection, newer, core.roots)).result()
    with open_core(house.settings) as core:
        assert Offers(core).clear() == 1


def test_piece_of_a_bundle_that_is_being_removed_is_not_found(house, home):
    with open_core(house.settings) as core:
        offers = Offers(core)
        assert offers.offer("A") is None
        offers.wait()
        offer = offers.offer("A")
        (house.data / "bundles" / offer.bundle / offer.files[0].path).unlink()
        with pytest.raises(Refusal) as refused:
            offers.piece(offer.bundle, PieceWanted(offer.files[0].path, 0, 1))
        assert refused.value.problem == "not-found"


def test_one_bundle_is_made_at_a_time_also_by_two_processes(house, home):
    with open_core(house.settings) as one, open_core(house.settings) as two:
        first, second = Offers(one), Offers(two)
        assert [first.offer("A"), second.offer("A")] == [None, None]
        first.wait()
        second.wait()
        assert first.offer("A") == second.offer("A") is not None
        assert len(list((house.data / "bundles").iterdir())) == 1
