"""Media over tus: offsets that are told are durable, refusals leave nothing, a newer request takes over."""

import base64
import hashlib
import resource
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

TUS = {"Tus-Resumable": "1.0.0"}
MIB = 1 << 20


def begin(client: httpx.Client, size: int, epoch: int = 12, **more: str) -> httpx.Response:
    return client.post("/uploads", headers=TUS | {"Upload-Length": str(size), "Intake-Epoch": str(epoch)} | more)


def append(client: httpx.Client, url: str, offset: int, data: bytes | Iterator[bytes]) -> httpx.Response:
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return client.patch(url, headers=headers, content=data)


def offset_of(client: httpx.Client, url: str) -> int:
    answer = client.head(url, headers=TUS)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return int(answer.headers["upload-offset"])


def digest_header(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def stored(house, url: str) -> bytes:
    return (house.data / "objects" / f"{url.rsplit('/')[-1]}.age").read_bytes()


def half_open(port: int, url: str, offset: int, announced: int, sent: bytes, more: str = "") -> socket.socket:
    """A PATCH, with `more` header lines, whose phone has gone silent after `sent`."""
    return silent_after(
        port,
        f"PATCH {url} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n{more}"
        f"Content-Type: application/offset+octet-stream\r\nContent-Length: {announced}\r\n\r\n",
        sent,
    )


def silent_after(port: int, head: str, sent: bytes) -> socket.socket:
    """A connection on which nothing follows `head` and `sent`."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(head.encode() + sent)
    return connection


def test_upload_in_one_piece_is_stored_with_its_digest(shared_client, shared_house, forge):
    data = forge.media()
    created = begin(shared_client, len(data))
    assert (created.status_code, created.headers["tus-resumable"]) == (201, "1.0.0")
    url = created.headers["location"]
    done = append(shared_client, url, 0, data)
    assert (done.status_code, done.headers["upload-offset"]) == (204, str(len(data)))
    assert done.headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data
    rows = {row[0].hex(): row for row in shared_house.rows()["objects"]}
    assert rows[url.rsplit("/")[-1]][1:5] == (2, len(data), hashlib.sha256(data).digest(), 12)
    assert shared_house.rows()["uploads"] == []


def test_head_after_completion_tells_the_digest_again(shared_client, forge):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    append(shared_client, url, 0, data)
    answer = shared_client.head(url, headers=TUS)
    assert answer.headers["repr-digest"] == digest_header(data)
    assert answer.headers["upload-offset"] == answer.headers["upload-length"] == str(len(data))


def test_upload_in_pieces_of_any_size_is_the_same(shared_client, shared_house, forge):
    data = forge.media(4 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    offset = 0
    for size in (1, 21, 30, 4000, 689, 1, 65536, 1_500_000, len(data)):
        answer = append(shared_client, url, offset, data[offset : offset + size])
        offset = min(offset + size, len(data))
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(offset))
    assert answer.headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


def test_streamed_piece_without_a_length_is_taken(shared_client, shared_house, forge):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    answer = append(shared_client, url, 0, iter([data[:10], data[10:5000], data[5000:]]))
    assert answer.headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


CREATIONS = {
    "no tus version": ({"Tus-Resumable": "0.2.2"}, "tus-version"),
    "no length": ({"Upload-Length": None}, "length-required"),
    "deferred length": ({"Upload-Length": None, "Upload-Defer-Length": "1"}, "metadata-refused"),
    "metadata": ({"Upload-Metadata": "filename d29ybGQ="}, "metadata-refused"),
    "concatenation": ({"Upload-Concat": "partial"}, "metadata-refused"),
    "cookie": ({"Cookie": "a=b"}, "metadata-refused"),
    "no epoch": ({"Intake-Epoch": None}, "malformed"),
    "epoch past u32": ({"Intake-Epoch": "4294967296"}, "malformed"),
    "length with a zero": ({"Upload-Length": "070000"}, "malformed"),
    "negative length": ({"Upload-Length": "-1"}, "malformed"),
    "unknown epoch": ({"Intake-Epoch": "13"}, "unknown-epoch"),
    "destroyed epoch": ({"Intake-Epoch": "10"}, "destroyed-epoch"),
    "size of no class": ({"Upload-Length": "70000"}, "wrong-size"),
    "size of a small object": ({"Upload-Length": "8192"}, "wrong-size"),
    "size for three recipients": ({"Upload-Length": "70309"}, "wrong-size"),
    "larger than any": ({"Upload-Length": str(5 * 1024**3)}, "too-large"),
}


@pytest.mark.parametrize("case", CREATIONS)
def test_refused_creation_leaves_nothing(shared_client, shared_house, forge, problem, case):
    changes, name = CREATIONS[case]
    headers = TUS | {"Upload-Length": str(len(forge.media())), "Intake-Epoch": "12"} | changes
    before = shared_house.snapshot()
    answer = shared_client.post("/uploads", headers={k: v for k, v in headers.items() if v is not None})
    assert problem(answer) == name
    assert shared_house.snapshot() == before


PLAIN = b"\x00\x00\x00\x18ftypmp42 a video nobody sealed "
CONTENTS = {
    "plaintext": (lambda f, size: PLAIN.ljust(size), "not-sealed"),
    "one letter of plaintext": (lambda f, size: b"I", "not-sealed"),
    "classic recipients": (lambda f, size: b"age-encryption.org/v1\n-> X25519 ".ljust(size, b"A"), "wrong-recipients"),
    "one stanza for two": (lambda f, size: f.sealed(size, recipients=1), "stanza-count"),
    "three stanzas for two": (lambda f, size: f.sealed(size, recipients=3), "stanza-count"),
    "no header MAC": (lambda f, size: f.sealed(size).replace(b"\n--- ", b"\n-x- ", 1), "not-sealed"),
}


@pytest.mark.parametrize("case", CONTENTS)
def test_content_that_is_not_sealed_is_refused_and_removed(shared_client, shared_house, forge, problem, case):
    make, name = CONTENTS[case]
    before = shared_house.snapshot()
    size = len(forge.media())
    url = begin(shared_client, size).headers["location"]
    data = make(forge, size)
    assert problem(append(shared_client, url, 0, data)) == name
    assert shared_house.snapshot() == before
    assert shared_client.head(url, headers=TUS).status_code == 404


def test_wrong_offset_is_told_the_right_one_and_changes_nothing(shared_client, shared_house, forge):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    append(shared_client, url, 0, data[:5000])
    before = shared_house.snapshot()
    for offset in (0, 4999, 5001, len(data)):
        answer = append(shared_client, url, offset, data[5000:])
        assert (answer.status_code, answer.json()["offset"]) == (409, 5000)
    assert shared_house.snapshot() == before
    assert append(shared_client, url, 5000, data[5000:]).headers["repr-digest"] == digest_header(data)


def test_body_past_the_end_is_refused(shared_client, shared_house, forge, problem):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    assert problem(append(shared_client, url, 0, data + b"\0")) == "too-large"
    assert problem(append(shared_client, url, 0, iter([data, b"\0"]))) == "too-large"
    assert offset_of(shared_client, url) == 0
    assert append(shared_client, url, 0, data).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


def test_append_needs_type_version_and_a_known_upload(shared_client, forge, problem):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    plain = TUS | {"Upload-Offset": "0"}
    assert problem(shared_client.patch(url, headers=plain, content=data)) == "media-type"
    typed = plain | {"Content-Type": "application/offset+octet-stream"}
    assert problem(shared_client.patch(url, headers=typed | {"Tus-Resumable": "2"}, content=data)) == "tus-version"
    assert problem(append(shared_client, "/uploads/" + "ab" * 16, 0, data)) == "not-found"
    assert problem(append(shared_client, "/uploads/" + "AB" * 16, 0, data)) == "not-found"
    assert problem(shared_client.get(url, headers=TUS)) == "method"


def test_upload_whose_id_a_report_has_taken_is_refused_and_removed(shared_client, shared_house, forge, problem):
    data = forge.media()
    url = begin(shared_client, len(data)).headers["location"]
    upload_id = bytes.fromhex(url.rsplit("/")[-1])
    assert shared_client.post("/reports", content=forge.envelope(object_id=upload_id)).status_code == 200
    assert problem(append(shared_client, url, 0, data)) == "id-conflict"
    assert not (shared_house.data / "objects" / f"{upload_id.hex()}.age").exists()
    assert upload_id not in {row[0] for row in shared_house.rows()["uploads"]}
    assert shared_client.head(url, headers=TUS).status_code == 404


def test_abilities_are_told(shared_client):
    answer = shared_client.options("/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    extensions = "creation,creation-with-upload,checksum,expiration,termination"
    assert (answer.headers["tus-extension"], answer.headers["tus-checksum-algorithm"]) == (extensions, "sha256")
    assert answer.headers["upload-limit"] == f"max-size={4 * 1024**3}, min-size=67195"
    assert answer.headers["tus-max-size"] == str(4 * 1024**3)


def test_dropped_connection_keeps_what_came(shared_client, shared_server, shared_house, forge):
    data = forge.media(2 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    connection = half_open(shared_server.port, url, 0, len(data), data[:MIB])
    wait_for_offset(shared_house, url, 0)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(65536)
    connection.close()
    offset = offset_of(shared_client, url)
    assert 0 < offset <= MIB
    assert append(shared_client, url, offset, data[offset:]).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


def wait_for_offset(house, url: str, more_than: int) -> None:
    """Until the server has bytes of the upload on its disk: what was sent is not yet what was received."""
    path = house.data / "uploads" / f"{url.rsplit('/')[-1]}.part"
    deadline = time.monotonic() + 20
    while not any(path.read_bytes()[more_than : more_than + 100]) and time.monotonic() < deadline:
        continue


@pytest.mark.parametrize("asking", ["head", "patch"])
def test_newer_request_takes_over_a_half_open_one(shared_client, shared_server, shared_house, forge, asking):
    data = forge.media(4 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    connection = half_open(shared_server.port, url, 0, len(data), data[: 3 * MIB])
    wait_for_offset(shared_house, url, 2 * MIB - 200)
    started = time.monotonic()
    offset = offset_of(shared_client, url) if asking == "head" else append(shared_client, url, 1, b"x").json()["offset"]
    assert time.monotonic() - started < 5
    assert 2 * MIB - 200 <= offset <= 3 * MIB
    assert connection.recv(65536).startswith(b"HTTP/1.1 409 ")
    connection.sendall(b"\xff" * 1000)
    assert append(shared_client, url, offset, data[offset:]).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data
    connection.close()


def test_offset_survives_a_kill_and_the_digest_is_computed_again(server, house, forge):
    data = forge.media(2 * MIB)
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        url = begin(client, len(data)).headers["location"]
        assert append(client, url, 0, data[:MIB]).headers["upload-offset"] == str(MIB)
    server.kill()
    server.start()
    assert "event=uploads-measured uploads=1" in server.log.read_text("utf-8")
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert offset_of(client, url) == MIB
        assert append(client, url, MIB, data[MIB:]).headers["repr-digest"] == digest_header(data)
    assert stored(house, url) == data


def test_stop_keeps_the_bytes_of_a_running_upload(server, house, forge):
    data = forge.media(2 * MIB)
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        url = begin(client, len(data)).headers["location"]
    connection = half_open(server.port, url, 0, len(data), data[: MIB + 4096])
    wait_for_offset(house, url, MIB - 200)
    assert server.stop() == 0
    connection.close()
    (row,) = house.rows()["uploads"]
    assert row[3] >= MIB - 200


def test_no_room_is_told_before_the_first_byte(start_server, house, forge, problem):
    server = start_server()
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (16 * MIB, 16 * MIB))
    before = house.snapshot()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        answer = begin(client, len(forge.media(32 * MIB)))
        assert (answer.status_code, problem(answer)) == (507, "no-space")
        assert int(answer.headers["retry-after"]) > 0
        assert house.snapshot() == before
        assert client.post("/reports", content=forge.envelope()).status_code == 200


def test_largest_media_is_a_setting(start_server, forge, problem):
    server = start_server("--media-max", "100000")
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert begin(client, len(forge.media())).status_code == 201
        assert problem(begin(client, len(forge.media(2 * MIB)))) == "too-large"
        assert client.options("/uploads").headers["tus-max-size"] == "100000"
