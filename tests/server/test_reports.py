"""`POST /reports`: stored once, acknowledged when durable, and every refusal changes nothing."""

import hashlib
import socket

import pytest


def test_report_is_acknowledged_with_its_digest(shared_client, shared_house, forge):
    sealed = forge.sealed()
    body = forge.envelope(sealed)
    answer = shared_client.post("/reports", content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    confirmed = f'{{"id":"{body[:16].hex()}","sha256":"{hashlib.sha256(sealed).hexdigest()}","receipt":"'
    assert answer.text.startswith(confirmed)
    rows = {row[0]: row for row in shared_house.rows()["objects"]}
    assert rows[body[:16]][1:5] == (1, 8192, hashlib.sha256(sealed).digest(), 12)
    assert dict(shared_house.rows()["bodies"])[body[:16]] == sealed


@pytest.mark.parametrize("total", [8192, 16384, 65536])
def test_report_of_every_class_is_taken(shared_client, forge, total):
    assert shared_client.post("/reports", content=forge.envelope(forge.sealed(total))).status_code == 200


def test_report_sent_again_gets_the_same_answer_and_is_kept_once(shared_client, shared_house, forge):
    body = forge.envelope()
    first = shared_client.post("/reports", content=body)
    before = shared_house.snapshot()
    second = shared_client.post("/reports", content=body)
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert shared_house.snapshot() == before


@pytest.mark.parametrize(("epoch", "recipients"), [(12, 2), (2**31 + 1, 1), (0, 1), (0, 3)])
def test_report_with_the_stanzas_of_its_epoch_is_taken(shared_client, forge, epoch, recipients):
    body = forge.envelope(forge.sealed(recipients=recipients), epoch=epoch)
    assert shared_client.post("/reports", content=body).status_code == 200


def change_last(body: bytes) -> bytes:
    return body[:-1] + bytes([body[-1] ^ 1])


REFUSED = {
    "nothing": (lambda f: b"", "malformed"),
    "cut in the envelope": (lambda f: f.envelope()[:51], "malformed"),
    "plaintext": (lambda f: f.envelope(b"I saw it. ".ljust(8192)), "not-sealed"),
    "photo": (lambda f: f.envelope(b"\xff\xd8\xff\xe0".ljust(8192, b"\0")), "not-sealed"),
    "armored": (lambda f: f.envelope(b"-----BEGIN AGE ENCRYPTED FILE-----\n".ljust(8192)), "not-sealed"),
    "cut in the header": (lambda f: f.envelope(f.sealed()[:1000]), "not-sealed"),
    "classic recipients": (
        lambda f: f.envelope(b"age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n".ljust(8192)),
        "wrong-recipients",
    ),
    "hybrid in name only": (lambda f: f.envelope(f.header(2, "mlkem768p256").ljust(8192)), "wrong-recipients"),
    "one stanza for two": (lambda f: f.envelope(f.sealed(recipients=1)), "stanza-count"),
    "three stanzas for two": (lambda f: f.envelope(f.sealed(recipients=3)), "stanza-count"),
    "four stanzas": (lambda f: f.envelope(f.sealed(recipients=4), epoch=0), "stanza-count"),
    "a byte short": (lambda f: f.envelope(f.sealed()[:-1]), "wrong-size"),
    "a byte long": (lambda f: f.envelope(f.sealed() + b"\0"), "wrong-size"),
    "over the bound": (lambda f: f.envelope(f.sealed(65537)), "too-large"),
    "media": (lambda f: f.envelope(f.media()), "too-large"),
    "another digest": (lambda f: change_last(f.envelope()), "digest-mismatch"),
    "unknown epoch": (lambda f: f.envelope(epoch=13), "unknown-epoch"),
    "unknown carry epoch": (lambda f: f.envelope(epoch=2**31 + 2), "unknown-epoch"),
    "destroyed epoch": (lambda f: f.envelope(epoch=10), "destroyed-epoch"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_report_changes_nothing(shared_client, shared_house, forge, problem, case):
    make, name = REFUSED[case]
    body, before = make(forge), shared_house.snapshot()
    assert problem(shared_client.post("/reports", content=body)) == name
    assert shared_house.snapshot() == before


def test_another_report_under_a_known_id_is_refused(shared_client, shared_house, forge, problem):
    object_id = forge.object_id()
    assert shared_client.post("/reports", content=forge.envelope(object_id=object_id)).status_code == 200
    before = shared_house.snapshot()
    again = shared_client.post("/reports", content=forge.envelope(object_id=object_id))
    assert (again.status_code, problem(again)) == (409, "id-conflict")
    assert shared_house.snapshot() == before


def test_streamed_report_is_bounded_while_it_comes(shared_client, shared_house, forge, problem):
    def endless():
        for _ in range(1000):
            yield bytes(65536)

    before = shared_house.snapshot()
    assert problem(shared_client.post("/reports", content=endless())) == "too-large"
    assert shared_house.snapshot() == before
    body = forge.envelope()
    assert shared_client.post("/reports", content=iter([body[:5], body[5:9000]])).status_code == 200


def test_announced_size_is_refused_before_the_body(shared_server, problem):
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=10) as connection:
        connection.sendall(b"POST /reports HTTP/1.1\r\nHost: x\r\nContent-Length: 65589\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_report_cut_off_on_the_way_is_not_kept(shared_server, shared_house, forge):
    body, before = forge.envelope(), shared_house.snapshot()
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=10) as connection:
        head = f"POST /reports HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        connection.sendall(head + body[:-1])
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b" 200 " not in answer
    assert shared_house.snapshot() == before


@pytest.mark.parametrize(
    "header", [{"Cookie": "session=1"}, {"Upload-Metadata": "filename d29y"}, {"Upload-Length": "1"}]
)
def test_metadata_beside_a_report_is_refused(shared_client, shared_house, forge, problem, header):
    before = shared_house.snapshot()
    assert problem(shared_client.post("/reports", content=forge.envelope(), headers=header)) == "metadata-refused"
    assert shared_house.snapshot() == before


def test_reports_of_many_senders_at_once_are_all_kept(shared_server, shared_house, forge, run_many):
    bodies = [forge.envelope() for _ in range(64)]
    answers = run_many(shared_server.url, bodies)
    assert [answer.status_code for answer in answers] == [200] * 64
    kept = {row[0] for row in shared_house.rows()["objects"]}
    assert {body[:16] for body in bodies} <= kept
