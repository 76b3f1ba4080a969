"""tus 1.0 beyond its core: creation with a body, checksums, expiry told, termination; refusals leave nothing."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from tests.server.test_uploads import (
    TUS,
    append,
    begin,
    digest_header,
    half_open,
    offset_of,
    silent_after,
    stored,
    wait_for_offset,
)

MIB = 1 << 20
OCTETS = {"Content-Type": "application/offset+octet-stream"}


def checksum(data: bytes) -> dict[str, str]:
    return {"Upload-Checksum": f"sha256 {base64.b64encode(hashlib.sha256(data).digest()).decode()}"}


def append_checked(client, url: str, offset: int, data: bytes, checked: dict[str, str]):
    return client.patch(url, headers=TUS | OCTETS | checked | {"Upload-Offset": str(offset)}, content=data)


def create_with(client, size: int, data: bytes, **more: str):
    headers = TUS | OCTETS | {"Upload-Length": str(size), "Intake-Epoch": "12"} | more
    return client.post("/uploads", headers=headers, content=data)


def test_creation_takes_the_first_bytes(shared_client, shared_house, forge):
    data = forge.media(2 * MIB)
    created = create_with(shared_client, len(data), data[:MIB])
    assert (created.status_code, created.headers["upload-offset"]) == (201, str(MIB))
    url = created.headers["location"]
    assert append(shared_client, url, MIB, data[MIB:]).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


def test_creation_takes_everything(shared_client, shared_house, forge):
    data = forge.media()
    created = create_with(shared_client, len(data), data, **checksum(data))
    assert (created.status_code, created.headers["repr-digest"]) == (201, digest_header(data))
    assert stored(shared_house, created.headers["location"]) == data


def test_creation_whose_body_is_refused_leaves_nothing(shared_client, shared_house, forge, problem):
    data = forge.media()
    before = shared_house.snapshot()
    assert problem(create_with(shared_client, len(data), b"plain" * 20_000)) == "too-large"
    assert problem(create_with(shared_client, len(data), b"plain" * 1000)) == "not-sealed"
    assert problem(create_with(shared_client, len(data), data, **checksum(b"other"))) == "checksum-mismatch"
    assert (
        problem(create_with(shared_client, len(data), data, **{"Upload-Checksum": "md5 AAAA"})) == "checksum-algorithm"
    )
    assert problem(create_with(shared_client, len(data), data, **{"Content-Type": "text/plain"})) == "media-type"
    assert shared_house.snapshot() == before


def test_creation_that_is_cut_off_leaves_nothing(shared_client, shared_server, shared_house, forge):
    data = forge.media()
    before = shared_house.snapshot()
    head = f"POST /uploads HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: {len(data)}\r\n"
    head += f"Intake-Epoch: 12\r\nContent-Type: {OCTETS['Content-Type']}\r\nContent-Length: {len(data)}\r\n\r\n"
    connection = silent_after(shared_server.port, head, data[:30_000])
    wait_until(lambda: shared_house.rows()["uploads"] != before["rows"]["uploads"])
    connection.close()
    wait_until(lambda: shared_house.snapshot() == before)


def wait_until(is_so) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while not is_so():
        assert datetime.now(UTC) < deadline


def test_bytes_with_their_checksum_are_kept(shared_client, shared_house, forge):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    assert append_checked(shared_client, url, 0, data[:5000], checksum(data[:5000])).status_code == 204
    done = append_checked(shared_client, url, 5000, data[5000:], checksum(data[5000:]))
    assert done.headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


@pytest.mark.parametrize("start", [0, 5000])
def test_bytes_of_another_checksum_are_not_kept(shared_client, shared_house, forge, problem, start):
    data = forge.media(10 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    append(shared_client, url, 0, data[:start])
    rows = shared_house.rows()
    damaged = data[start:-1] + bytes([data[-1] ^ 1])
    answer = append_checked(shared_client, url, start, damaged, checksum(data[start:]))
    assert (answer.status_code, problem(answer), answer.headers["tus-resumable"]) == (460, "checksum-mismatch", "1.0.0")
    assert shared_house.rows() == rows
    assert offset_of(shared_client, url) == start
    assert append(shared_client, url, start, data[start:]).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "checksum-algorithm"),
        ("SHA256 AAAA", "checksum-algorithm"),
        ("sha256", "malformed"),
        ("sha256 AAAA", "malformed"),
        ("sha256 !!!!", "malformed"),
    ],
)
def test_checksum_that_cannot_be_checked_is_refused(shared_client, shared_house, forge, problem, value, name):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    before = shared_house.snapshot()
    answer = append_checked(shared_client, url, 0, data, {"Upload-Checksum": value})
    assert (answer.status_code, problem(answer)) == (400, name)
    assert shared_house.snapshot() == before


def test_body_with_a_checksum_that_is_taken_over_is_not_kept(shared_client, shared_server, shared_house, forge):
    data = forge.media(2 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    more = f"Upload-Checksum: {checksum(data)['Upload-Checksum']}\r\n"
    connection = half_open(shared_server.port, url, 0, len(data), data[: MIB + 5000], more)
    wait_for_offset(shared_house, url, MIB - 200)
    assert offset_of(shared_client, url) == 0
    connection.close()
    assert append(shared_client, url, 0, data).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


def test_unfinished_upload_tells_when_it_may_go(shared_client, forge):
    data = forge.media()
    created = begin(shared_client, len(data))
    url = created.headers["location"]
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    answers = [created, append(shared_client, url, 0, data[:100]), shared_client.head(url, headers=TUS)]
    for answer in answers:
        assert parsedate_to_datetime(answer.headers["upload-expires"]) == midnight + timedelta(days=4)
        assert answer.headers["upload-expires"].endswith(" GMT")
    assert "upload-expires" not in append(shared_client, url, 100, data[100:]).headers


def test_terminated_upload_is_gone(shared_client, shared_house, forge, problem):
    data = forge.media()
    before = shared_house.snapshot()
    url = begin(shared_client, len(data)).headers["location"]
    append(shared_client, url, 0, data[:5000])
    gone = shared_client.delete(url, headers=TUS)
    assert (gone.status_code, gone.headers["tus-resumable"]) == (204, "1.0.0")
    assert shared_house.snapshot() == before
    assert problem(shared_client.delete(url, headers=TUS)) == "not-found"
    assert problem(append(shared_client, url, 5000, data[5000:])) == "not-found"
    assert shared_client.head(url, headers=TUS).status_code == 404


def test_upload_can_be_terminated_while_it_is_received(shared_client, shared_server, shared_house, forge):
    data = forge.media(4 * MIB)
    before = shared_house.snapshot()
    url = begin(shared_client, len(data)).headers["location"]
    connection = half_open(shared_server.port, url, 0, len(data), data[: 2 * MIB])
    wait_for_offset(shared_house, url, MIB - 200)
    assert shared_client.delete(url, headers=TUS).status_code == 204
    assert shared_house.snapshot() == before
    assert connection.recv(65536).startswith(b"HTTP/1.1 409 ")
    connection.close()


def test_what_is_stored_cannot_be_terminated_or_changed(shared_client, shared_house, forge, problem):
    data = forge.media()
    url = create_with(shared_client, len(data), data).headers["location"]
    before = shared_house.snapshot()
    for headers in (TUS, {}):
        assert problem(shared_client.delete(url, headers=headers)) == "completed-upload"
    assert problem(append(shared_client, url, len(data), b"more")) == "completed-upload"
    assert append(shared_client, url, 0, data).json()["offset"] == len(data)
    again = append(shared_client, url, len(data), b"")
    assert (again.status_code, again.headers["repr-digest"]) == (204, digest_header(data))
    assert shared_house.snapshot() == before


def test_every_answer_names_the_version(shared_client, forge):
    url = begin(shared_client, len(forge.media())).headers["location"]
    for answer in (begin(shared_client, 5), append(shared_client, url, 7, b""), shared_client.delete(url, headers=TUS)):
        assert answer.headers["tus-resumable"] == "1.0.0"
    unspoken = shared_client.post("/uploads", headers={"Upload-Length": "5"})
    assert (unspoken.status_code, unspoken.headers["tus-version"]) == (412, "1.0.0")


def test_method_can_be_told_in_a_header(shared_client, shared_house, forge, problem):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    patch = TUS | OCTETS | {"Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert shared_client.post(url, headers=patch, content=data[:5000]).headers["upload-offset"] == "5000"
    assert problem(shared_client.post(url, headers=TUS | {"X-HTTP-Method-Override": "GET"})) == "method"
    assert problem(shared_client.get("/mailbox", headers={"X-HTTP-Method-Override": "POST"})) == "method"
    assert shared_client.post(url, headers=TUS | {"X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert problem(shared_client.delete(url, headers=TUS)) == "not-found"
