"""The forwarder form: sealed files of any number are stored, anything else is refused in words and not kept."""

import contextlib
import hashlib
import re
import resource
import socket
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from intake.server.services.lookup import is_known
from intake.server.services.objects import NewObject, put_object

NOT_SEALED = "this file was not encrypted and was not kept"


def hand_in(client: httpx.Client, *contents: bytes, name: str = "sealed") -> httpx.Response:
    files = [(name, (f"secret-name-{i}.jpg.age", data, "image/jpeg")) for i, data in enumerate(contents)]
    return client.post("/forward", files=files)


def outcomes(answer: httpx.Response) -> list[str]:
    return re.findall(r'<span lang="en">([^<]*)</span></li>', answer.text)


def stored(house) -> list[tuple]:
    return [row[1:5] for row in house.rows()["objects"]]


def test_form_is_plain_and_speaks_three_languages(shared_client):
    answer = shared_client.get("/forward")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert {f'lang="{lang}"' in answer.text for lang in ("kk", "ru", "en")} == {True}
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert outcomes(answer) == []


def test_small_and_media_files_are_stored_without_an_epoch(shared_client, shared_house, forge):
    small, media = forge.sealed(16384, recipients=3), forge.media(4 << 20, recipients=1)
    answer = hand_in(shared_client, small, media)
    assert (answer.status_code, outcomes(answer)) == (200, ["stored", "stored"])
    kept = {row[1]: row for row in stored(shared_house)}
    assert kept[len(small)][3] == kept[len(media)][3] == 0
    assert small in dict(shared_house.rows()["bodies"]).values()
    assert media in [path.read_bytes() for path in (shared_house.data / "objects").iterdir()]
    assert list((shared_house.data / "uploads").iterdir()) == []


def test_file_handed_in_again_is_stored_once_and_told_the_same(shared_client, shared_house, forge):
    small, media = forge.sealed(), forge.media()
    first = hand_in(shared_client, small, media)
    before = shared_house.snapshot()
    second = hand_in(shared_client, small, media)
    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert shared_house.snapshot() == before


def test_file_whose_stored_copy_is_damaged_is_stored_again(shared_client, shared_house, forge):
    media = forge.media()
    assert hand_in(shared_client, media).status_code == 200
    digest = hashlib.sha256(media).digest()
    first = next(row[0] for row in shared_house.rows()["objects"] if row[3] == digest)
    shared_house.media_file(first).write(media[:-1])
    assert outcomes(hand_in(shared_client, media)) == ["stored"]
    copies = [row[0] for row in shared_house.rows()["objects"] if row[3] == digest]
    assert sorted(shared_house.media_file(each).read() == media for each in copies) == [False, True]


REFUSED = {
    "plaintext": (lambda f: b"I saw who was taken", NOT_SEALED),
    "nothing": (lambda f: b"", NOT_SEALED),
    "large plaintext": (lambda f: b"\xff\xd8\xff\xe0" * 100_000, NOT_SEALED),
    "header only": (lambda f: f.header(2), "this file is incomplete or changed and was not kept"),
    "small of no class": (lambda f: f.sealed(9000), "this file is incomplete or changed and was not kept"),
    "media of no class": (lambda f: f.sealed(100_000), "this file is incomplete or changed and was not kept"),
    "classic recipients": (
        lambda f: b"age-encryption.org/v1\n-> X25519 AAAA\n".ljust(200_000),
        "this file is encrypted for other keys and was not kept",
    ),
    "four recipients": (lambda f: f.sealed(recipients=4), "this file is encrypted for other keys and was not kept"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_file_is_told_in_words_and_not_kept(shared_client, shared_house, forge, case):
    make, words = REFUSED[case]
    before = shared_house.snapshot()
    answer = hand_in(shared_client, make(forge))
    assert (answer.status_code, outcomes(answer)) == (400, [words])
    assert shared_house.snapshot() == before


def test_refused_file_does_not_touch_the_others(shared_client, shared_house, forge):
    before = shared_house.count("objects")
    answer = hand_in(shared_client, forge.sealed(), b"plain", forge.media(), b"\0" * 500_000, forge.sealed())
    assert answer.status_code == 400
    assert outcomes(answer) == ["stored", NOT_SEALED, "stored", NOT_SEALED, "stored"]
    assert shared_house.count("objects") == before + 3


def test_answer_shows_nothing_of_the_request(shared_client, forge):
    answer = hand_in(shared_client, forge.sealed(), b"canary-in-a-file")
    assert "secret-name" not in answer.text
    assert "canary" not in answer.text


BROKEN = {
    "no form": ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
    "no boundary": ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 415),
    "no part": ({"content": b"--b--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
    "no end": (
        {
            "content": b'--b\r\nContent-Disposition: form-data; name="sealed"\r\n\r\nxx',
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        400,
    ),
    "junk": ({"content": b"\0" * 1000, "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
    "another field": ({"files": [("photo", ("a", b"plain"))]}, 400),
    "empty field": ({"files": [("sealed", ("", b""))]}, 400),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_form_is_refused_and_changes_nothing(shared_client, shared_house, case):
    arguments, status = BROKEN[case]
    before = shared_house.snapshot()
    assert shared_client.post("/forward", **arguments).status_code == status
    assert shared_house.snapshot() == before


def test_form_without_a_length_is_refused(shared_client):
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert shared_client.post("/forward", content=iter([b"--b--\r\n"]), headers=headers).status_code == 411


def test_too_many_files_are_refused(shared_client, shared_house):
    answer = hand_in(shared_client, *([b"plain"] * 70))
    assert answer.status_code == 400
    assert len(outcomes(answer)) == 65
    assert outcomes(answer)[-1] == "too large, not kept"


def test_form_cut_off_on_the_way_leaves_nothing(shared_server, shared_house, forge):
    before = shared_house.snapshot()
    part = b'--b\r\nContent-Disposition: form-data; name="sealed"\r\n\r\n' + forge.media(4 << 20)[: 3 << 20]
    head = (
        "POST /forward HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        f"Content-Length: {5 << 20}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=20) as connection:
        connection.sendall(head.encode() + part)
        deadline = time.monotonic() + 20
        while not any((shared_house.data / "uploads").iterdir()):
            assert time.monotonic() < deadline
    while any((shared_house.data / "uploads").iterdir()):
        assert time.monotonic() < deadline
    assert shared_house.snapshot() == before


def test_file_past_the_largest_media_is_refused_and_not_kept(start_server, house, forge):
    server = start_server("--media-max", "100000")
    before = house.snapshot()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        inside = hand_in(client, forge.media(4 << 16), forge.sealed())
        assert (inside.status_code, outcomes(inside)) == (413, ["too large, not kept", "stored"])
        assert house.count("objects") == len(before["rows"]["objects"]) + 1
        whole = hand_in(client, forge.media(4 << 20))
        assert (whole.status_code, outcomes(whole)) == (413, ["too large, not kept"])
    assert list((house.data / "uploads").iterdir()) == list((house.data / "objects").iterdir()) == []


def test_form_on_a_full_disk_says_so_and_when_to_come_back(start_server, house, forge):
    server = start_server()
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        answer = hand_in(client, forge.media(8 << 20))
        assert (answer.status_code, outcomes(answer)) == (507, ["there is no space now, try again later"])
        assert int(answer.headers["retry-after"]) > 0
    assert list((house.data / "uploads").iterdir()) == []


def look_up(client: httpx.Client, digest: str) -> httpx.Response:
    return client.post("/forward/known", data={"digest": digest})


def test_look_up_tells_a_stored_file_to_who_has_its_whole_digest(shared_client, forge):
    sealed = forge.sealed()
    assert hand_in(shared_client, sealed).status_code == 200
    digest = hashlib.sha256(sealed).hexdigest()
    for typed in (digest, digest.upper(), f"  {digest[:32]}\r\n{digest[32:]} "):
        assert [line.strip() for line in outcomes(look_up(shared_client, typed))] == [
            "This file is here, it is stored."
        ]
    assert outcomes(look_up(shared_client, digest[:-1] + "0123456789abcdef"[int(digest[-1], 16) ^ 1])) == [
        "No such file came in the last three days."
    ]


def test_look_up_has_one_shape_for_yes_and_no(shared_client, forge):
    sealed = forge.sealed()
    hand_in(shared_client, sealed)
    yes, no = (look_up(shared_client, digest) for digest in (hashlib.sha256(sealed).hexdigest(), "0" * 64))
    assert yes.text != no.text
    assert (yes.status_code, len(yes.content)) == (no.status_code, len(no.content))
    for answer in (yes, no):
        answer.headers.pop("date", None)
    assert list(yes.headers.raw) == list(no.headers.raw)


def test_look_up_forgets_after_the_third_day(core, forge):
    today = core.clock()
    found = []
    for days in range(5):
        new = NewObject(forge.object_id(), 1, 8192, forge.random.randbytes(32), 0)
        core.store.write(lambda c, new=new, days=days: put_object(c, new, today - timedelta(days))).result()
        found.append(is_known(core, new.sha256))
    assert found == [True, True, True, True, False]


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64, "0" * 63, "0" * 65, "«»" * 32])
def test_look_up_of_no_digest_says_so(shared_client, digest):
    answer = look_up(shared_client, digest)
    assert answer.status_code == 400
    assert outcomes(answer) == ["This is no SHA-256: it has 64 characters, 0–9 and a–f."]


def test_look_up_with_a_second_field_says_so(shared_client):
    answer = shared_client.post("/forward/known", data={"digest": "0" * 64, "more": "1"})
    assert answer.status_code == 400
    assert outcomes(answer) == ["This is no SHA-256: it has 64 characters, 0–9 and a–f."]


def test_look_up_is_bounded_and_never_in_an_address(shared_client, shared_house):
    assert shared_client.post("/forward/known", content=b"digest=" + b"0" * 2000).status_code == 413
    assert shared_client.get("/forward/known").status_code == 405
    assert 'action="/forward/known"' in shared_client.get("/forward").text
    assert 'method="get"' not in shared_client.get("/forward").text


def test_forms_share_a_small_lane_under_pressure(start_server, house, forge):
    server = start_server("--calm-rate", "0")
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        answer = hand_in(client, *(forge.sealed() for _ in range(60)))
        taken = outcomes(answer).count("stored")
        assert answer.status_code == 503
        assert set(outcomes(answer)) == {"stored", "the server cannot take it now, try again later"}
        assert int(answer.headers["retry-after"]) > 0
    assert 32 <= taken < 60
    assert house.count("objects") == taken


def memory_of(server) -> int:
    """Resident bytes of a server's process."""
    text = Path(f"/proc/{server.process.pid}/statm").read_text("ascii")
    return int(text.split()[1]) * resource.getpagesize()


def test_forms_that_drip_hold_little_memory_each(start_server, forge):
    server, count = start_server(), 60
    media = forge.media(2 << 20)
    part = b'--b\r\nContent-Disposition: form-data; name="sealed"\r\n\r\n'
    lines = f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(media) + 200}\r\n\r\n"
    before, sent = memory_of(server), part + media[: (1 << 20) + 40_000]
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            opened.enter_context(connection).sendall(f"POST /forward HTTP/1.1\r\nHost: x\r\n{lines}".encode() + sent)
        with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
            assert hand_in(client, forge.media()).status_code == 200
        assert memory_of(server) - before < count * len(sent) // 2
