"""The IETF's resumable uploads on the same addresses: creation, offset, append, cancel, limits, digests, problems."""

import pytest

from tests.server.test_tus import checksum
from tests.server.test_uploads import TUS, append, begin, digest_header, half_open, stored, wait_for_offset

MIB = 1 << 20
PARTIAL = {"Content-Type": "application/partial-upload"}


def create(client, complete: str, data: bytes = b"", **more: str):
    return client.post("/uploads", headers={"Upload-Complete": complete, "Intake-Epoch": "12"} | more, content=data)


def patch(client, url: str, offset: int | str, complete: str, data: bytes = b"", **more: str):
    headers = PARTIAL | {"Upload-Offset": str(offset), "Upload-Complete": complete} | more
    return client.patch(url, headers=headers, content=data)


def state(answer) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["upload-complete"], answer.headers.get("upload-offset")


def test_careful_creation_then_parts_then_the_end(shared_client, shared_house, forge):
    data = forge.media(2 * MIB)
    created = create(shared_client, "?0", **{"Upload-Length": str(len(data)), "Upload-Draft-Interop-Version": "8"})
    assert state(created) == (201, "?0", "0")
    url = created.headers["location"]
    assert state(patch(shared_client, url, 0, "?0", data[:MIB])) == (204, "?0", str(MIB))
    told = shared_client.head(url)
    assert (state(told), told.headers["upload-length"]) == ((204, "?0", str(MIB)), str(len(data)))
    assert told.headers["cache-control"] == "no-store"
    done = patch(shared_client, url, MIB, "?1", data[MIB:])
    assert (state(done), done.headers["repr-digest"]) == ((200, "?1", str(len(data))), digest_header(data))
    assert state(shared_client.head(url)) == (204, "?1", str(len(data)))
    assert stored(shared_house, url) == data


def test_whole_upload_in_its_creation(shared_client, shared_house, forge):
    data = forge.media()
    for more in ({}, {"Upload-Length": str(len(data))}):
        done = create(shared_client, "?1", data, **more, **{"Repr-Digest": digest_header(data)})
        assert (state(done), done.headers["repr-digest"]) == ((200, "?1", str(len(data))), digest_header(data))
        assert stored(shared_house, done.headers["location"]) == data


def test_limits_are_told_with_the_time_that_is_left(shared_client, forge):
    limits = f"max-size={4 * 1024**3}, min-size=67195"
    assert shared_client.options("/uploads").headers["upload-limit"] == limits
    created = create(shared_client, "?0", **{"Upload-Length": str(len(forge.media()))})
    for answer in (created, shared_client.head(created.headers["location"])):
        start, _, age = answer.headers["upload-limit"].partition(", max-age=")
        assert start == limits
        assert 3 * 86400 - 60 <= int(age) <= 4 * 86400
    too_large = create(shared_client, "?0", **{"Upload-Length": str(5 * 1024**3)})
    assert (too_large.status_code, too_large.headers["upload-limit"]) == (413, limits)


CREATIONS = {
    "no boolean": ({"Upload-Complete": "true"}, "malformed"),
    "no length": ({"Upload-Length": None}, "length-required"),
    "no epoch": ({"Intake-Epoch": None}, "malformed"),
    "an offset": ({"Upload-Offset": "0"}, "metadata-refused"),
    "metadata": ({"Upload-Metadata": "filename d29ybGQ="}, "metadata-refused"),
    "cookie": ({"Cookie": "a=b"}, "metadata-refused"),
    "unknown epoch": ({"Intake-Epoch": "13"}, "unknown-epoch"),
    "destroyed epoch": ({"Intake-Epoch": "10"}, "destroyed-epoch"),
    "size of no class": ({"Upload-Length": "70000"}, "wrong-size"),
    "broken digest": ({"Repr-Digest": "sha-256=AAAA"}, "malformed"),
    "short digest": ({"Content-Digest": "sha-256=:AAAA:"}, "malformed"),
    "plaintext": ({"body": b"plain"}, "not-sealed"),
    "another content digest": ({"body": b"age-", "Content-Digest": digest_header(b"x")}, "digest-mismatch"),
}


@pytest.mark.parametrize("case", CREATIONS)
def test_refused_creation_leaves_nothing(shared_client, shared_house, forge, problem, case):
    changes, name = CREATIONS[case]
    headers = {"Upload-Complete": "?0", "Upload-Length": str(len(forge.media())), "Intake-Epoch": "12"} | changes
    body = headers.pop("body", b"")
    before = shared_house.snapshot()
    answer = shared_client.post("/uploads", headers={k: v for k, v in headers.items() if v is not None}, content=body)
    assert problem(answer) == name
    assert answer.headers["upload-complete"] == ("?1" if name in ("not-sealed", "wrong-size") else "?0")
    assert shared_house.snapshot() == before


def iana(answer) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("https://iana.org/assignments/http-problem-types#")


def test_lengths_that_do_not_agree_are_refused(shared_client, shared_house, forge):
    data = forge.media()
    size = {"Upload-Length": str(len(data))}
    before = shared_house.snapshot()
    for answer in (create(shared_client, "?1", data[:-1], **size), create(shared_client, "?0", data + b"x", **size)):
        assert (answer.status_code, iana(answer)) == (400, "inconsistent-upload-length")
    assert shared_house.snapshot() == before
    url = create(shared_client, "?0", **size).headers["location"]
    before = shared_house.snapshot()
    for answer in (
        patch(shared_client, url, 0, "?0", data, **{"Upload-Length": "5"}),
        patch(shared_client, url, 0, "?1", data[:-1]),
        patch(shared_client, url, 0, "?1"),
    ):
        assert (state(answer), iana(answer)) == ((400, "?0", None), "inconsistent-upload-length")
    assert shared_house.snapshot() == before


def test_wrong_offset_is_told_both_and_changes_nothing(shared_client, shared_house, forge):
    data = forge.media()
    url = create(shared_client, "?0", **{"Upload-Length": str(len(data))}).headers["location"]
    patch(shared_client, url, 0, "?0", data[:5000])
    before = shared_house.snapshot()
    for offset in (0, 4999, 5001):
        answer = patch(shared_client, url, offset, "?0", data[5000:])
        assert (state(answer), iana(answer)) == ((409, "?0", "5000"), "mismatching-upload-offset")
        assert (answer.json()["expected-offset"], answer.json()["provided-offset"]) == (5000, offset)
    assert shared_house.snapshot() == before


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"Upload-Offset": "abc"}, "malformed"),
        ({"Upload-Offset": "-5"}, "malformed"),
        ({"Upload-Complete": "1"}, "malformed"),
        ({"Content-Type": "text/plain"}, "media-type"),
        ({"Content-Digest": digest_header(b"other")}, "digest-mismatch"),
    ],
)
def test_refused_append_changes_nothing(shared_client, shared_house, forge, problem, changes, name):
    data = forge.media()
    url = create(shared_client, "?0", **{"Upload-Length": str(len(data))}).headers["location"]
    before = shared_house.rows()
    assert problem(patch(shared_client, url, 0, "?1", data, **changes)) == name
    assert shared_house.rows() == before
    assert patch(shared_client, url, 0, "?1", data).headers["repr-digest"] == digest_header(data)


def test_full_upload_is_incomplete_until_its_sender_says_so(shared_client, shared_house, forge):
    data = forge.media()
    url = create(shared_client, "?0", **{"Upload-Length": str(len(data))}).headers["location"]
    assert state(patch(shared_client, url, 0, "?0", data)) == (204, "?0", str(len(data)))
    assert state(shared_client.head(url)) == (204, "?0", str(len(data)))
    assert state(patch(shared_client, url, len(data), "?1")) == (200, "?1", str(len(data)))
    assert state(patch(shared_client, url, len(data), "?1")) == (200, "?1", str(len(data)))
    assert stored(shared_house, url) == data


@pytest.mark.parametrize("streamed", [False, True])
def test_upload_that_goes_past_its_length_is_removed(shared_client, shared_house, forge, streamed):
    data = forge.media()
    before = shared_house.snapshot()
    url = create(shared_client, "?0", **{"Upload-Length": str(len(data))}).headers["location"]
    body = iter([data, b"x"]) if streamed else data + b"x"
    answer = patch(shared_client, url, 0, "?0", body)
    assert (state(answer), iana(answer)) == ((400, "?0", None), "inconsistent-upload-length")
    assert shared_house.snapshot() == before
    assert shared_client.head(url).status_code == 404


def test_whole_that_is_not_what_was_announced_is_removed(shared_client, shared_house, forge, problem):
    data = forge.media()
    before = shared_house.snapshot()
    more = {"Upload-Length": str(len(data)), "Repr-Digest": f"sha-512=:AAAA:, {digest_header(b'other')}"}
    url = create(shared_client, "?0", **more).headers["location"]
    answer = patch(shared_client, url, 0, "?1", data)
    assert (problem(answer), answer.headers["upload-complete"]) == ("digest-mismatch", "?1")
    assert shared_house.snapshot() == before


def test_both_protocols_go_on_with_one_upload(shared_client, shared_house, forge):
    data = forge.media(2 * MIB)
    url = begin(shared_client, len(data)).headers["location"]
    assert patch(shared_client, url, 0, "?0", data[:1000]).headers["upload-offset"] == "1000"
    assert append(shared_client, url, 1000, data[1000:MIB]).headers["upload-offset"] == str(MIB)
    assert patch(shared_client, url, MIB, "?0", data[MIB:]).headers["upload-offset"] == str(len(data))
    told = shared_client.head(url, headers=TUS)
    assert told.headers["repr-digest"] == digest_header(data)
    assert state(shared_client.head(url)) == (204, "?1", str(len(data)))
    assert stored(shared_house, url) == data


def test_offset_request_takes_over_a_half_open_append(shared_client, shared_server, shared_house, forge):
    data = forge.media(4 * MIB)
    url = create(shared_client, "?0", **{"Upload-Length": str(len(data))}).headers["location"]
    connection = half_open(shared_server.port, url, 0, len(data), data[: 3 * MIB])
    wait_for_offset(shared_house, url, 2 * MIB - 200)
    offset = int(shared_client.head(url).headers["upload-offset"])
    assert 2 * MIB - 200 <= offset <= 3 * MIB
    assert connection.recv(65536).startswith(b"HTTP/1.1 409 ")
    connection.close()
    assert patch(shared_client, url, offset, "?1", data[offset:]).headers["repr-digest"] == digest_header(data)
    assert stored(shared_house, url) == data


def test_requests_of_no_protocol_are_refused(shared_client, forge, problem):
    url = begin(shared_client, len(forge.media())).headers["location"]
    assert problem(shared_client.post("/uploads", headers={"Intake-Epoch": "12"})) == "tus-version"
    assert problem(shared_client.patch(url, content=b"x")) == "tus-version"
    mixed = TUS | checksum(b"") | {"Upload-Complete": "?1", "Upload-Length": "5", "Intake-Epoch": "12"}
    assert problem(shared_client.post("/uploads", headers=mixed)) == "metadata-refused"
    for name, value in (("Upload-Offset", "0"), ("Upload-Complete", "?0")):
        assert shared_client.head(url, headers={name: value}).status_code == 400


def test_browsers_may_send_and_read_every_header(shared_client):
    asked = {"Origin": "null", "Access-Control-Request-Method": "DELETE"}
    answer = shared_client.options("/uploads/" + "ab" * 16, headers=asked)
    allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {"tus-resumable", "upload-checksum", "upload-complete", "content-digest", "repr-digest"} <= allowed
    assert {"upload-draft-interop-version", "upload-offset", "upload-length", "content-type", "intake-epoch"} <= allowed
    assert {"location", "repr-digest", "upload-expires", "upload-limit", "upload-complete", "upload-offset"} <= exposed
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-max-age"] == "86400"
