"""Nothing of a sender reaches the disk or the log: no address, no agent, no name, no time finer than a day."""

import asyncio
import logging
import re
import socket
import sqlite3

import httpx
import pytest

from intake.server.api.middleware import Blindfold, Guard
from intake.server.logs import AllowList, Event, log

AGENT = "Canary-Agent/7.31 (very rare phone)"
NAME = "canary-file-name.mp4"
ADDRESS = "127.13.37.11"
FORWARDED = "203.0.113.77"


def talk(server, forge) -> None:
    """Every kind of request, good and bad, from an address of its own."""
    transport = httpx.HTTPTransport(local_address=ADDRESS)
    headers = {"User-Agent": AGENT, "X-Forwarded-For": FORWARDED, "Forwarded": f"for={FORWARDED}"}
    tus = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}
    patch = tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    data = forge.media()
    with httpx.Client(base_url=server.url, transport=transport, headers=headers) as client:
        client.post("/reports?canary-query", content=forge.envelope())
        client.post("/reports", content=b"canary-body" * 100, headers={"Cookie": "canary-cookie"})
        finished, half = (
            client.post("/uploads", headers=tus | {"Upload-Length": str(len(data))}).headers["location"]
            for _ in range(2)
        )
        assert client.patch(finished, headers=patch, content=data).status_code == 204
        assert client.patch(half, headers=patch, content=data[:5000]).status_code == 204
        client.post("/uploads", headers=tus | {"Upload-Length": "1", "Upload-Metadata": NAME})
        client.post("/forward", files=[("sealed", (NAME, forge.sealed())), ("sealed", (NAME, b"canary-plaintext"))])
        client.post("/mailbox", content=b"canary-mailbox-of-32-bytes------")
        client.get("/canary-path")
    with socket.create_connection(("127.0.0.1", server.port), source_address=(ADDRESS, 0)) as connection:
        connection.sendall(b"canary junk that is not HTTP\r\n\r\n")
        connection.recv(65536)


@pytest.fixture(scope="module")
def times(shared_server, shared_house, make_forge, intake, tmp_path_factory):
    """Name -> times of every media file, after a conversation, the stop of the server and an export."""
    talk(shared_server, make_forge(5))
    assert shared_server.stop() == 0
    target = tmp_path_factory.mktemp("bundles")
    assert intake("export", "--data", shared_house.data, "--out", target).returncode == 0
    folders = [shared_house.data / "objects", shared_house.data / "uploads"]
    return {path.name: path.stat() for folder in folders for path in [folder, *folder.iterdir()]}


@pytest.fixture(scope="module")
def talked(times, shared_house):
    """The house after all that."""
    return shared_house


def everything(house) -> bytes:
    paths = [path for path in house.data.parent.rglob("*") if path.is_file()]
    names = "\n".join(str(path.relative_to(house.data.parent)) for path in paths).encode()
    return names + b"".join(path.read_bytes() for path in paths)


def test_nothing_of_the_sender_is_anywhere_in_the_folder(talked):
    kept = everything(talked).lower()
    planted = talked.data / "uploads" / "planted"
    planted.write_bytes(b"... Canary-Agent ...")
    assert b"canary" in everything(talked).lower()
    planted.unlink()
    for needle in ("canary", ADDRESS, FORWARDED, NAME):
        assert needle.encode().lower() not in kept
    assert socket.inet_aton(ADDRESS) not in kept


def test_log_holds_no_time_and_only_known_lines(talked):
    text = (talked.data.parent / "serve.log").read_text("utf-8")
    known = [
        f"event={event.label}" + "".join(rf" {name}=(\d+|[A-Z][A-Za-z]+)" for name in event.fields) for event in Event
    ]
    known.append(r'event=server text="[A-Z][A-Za-z .]+(\[\d+\])?"')
    for line in text.splitlines():
        assert any(re.fullmatch(f"level=[a-z]+ {pattern}", line) for pattern in known), line
    assert not re.search(r"\d\d:\d\d", text)


def test_records_hold_no_time_finer_than_a_day(talked):
    connection = sqlite3.connect(talked.data / "intake.sqlite")
    tables = connection.execute("select name, sql from sqlite_master where type = 'table'").fetchall()
    columns = {(name, row[1]): row[2] for name, _ in tables for row in connection.execute(f"pragma table_info({name})")}
    connection.close()
    assert {kind for (_, column), kind in columns.items() if column == "day"} == {"DATE"}
    assert not [c for c in columns if re.search("time|created|at$|when", c[1]) or "TIME" in columns[c]]
    days = {value for row in talked.rows()["objects"] for value in row if isinstance(value, str)}
    assert days == {talked.deployment.today.isoformat()}
    assert all("WITHOUT ROWID" in sql for _, sql in tables)


def test_media_files_have_the_times_of_a_day_also_after_an_export(times):
    assert len(times) == 4
    for name, found in times.items():
        assert (name, found.st_mtime % 86400) == (name, 0)
    files = [found for name, found in times.items() if "." in name]
    assert [found.st_atime % 86400 for found in files] == [0, 0]


def test_handlers_never_see_address_or_agent():
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    headers = [(b"user-agent", b"x"), (b"x-forwarded-for", b"1.2.3.4"), (b"referer", b"y"), (b"cookie", b"secret")]
    scope = {"type": "http", "client": ("1.2.3.4", 5), "headers": [*headers, (b"content-length", b"3")]}
    asyncio.run(Blindfold(app)(scope, None, None))
    assert seen["client"] is None
    assert seen["headers"] == [(b"content-length", b"3"), (b"cookie", b"")]


def test_unexpected_error_is_told_by_its_kind_alone(capsys, caplog):
    async def app(scope, receive, send):
        raise ZeroDivisionError("canary of the request")

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(Guard(app)), base_url="http://x") as client:
            return await client.get("/")

    with caplog.at_level(logging.INFO):
        answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:intake:problem:internal")
    assert [record.getMessage() for record in caplog.records if record.name == "intake.server"] == [
        "event=unexpected-error kind=ZeroDivisionError"
    ]
    assert all(record.exc_info is None for record in caplog.records if record.name == "intake.server")


def test_foreign_messages_are_withheld():
    try:
        raise ValueError("canary")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, "canary %s", ("1.2.3.4",), info)
    assert AllowList().format(record) == "level=error event=withheld logger=asyncio kind=ValueError"
    known = logging.LogRecord("uvicorn.error", logging.INFO, __file__, 1, "Shutting down", (), None)
    assert AllowList().format(known) == 'level=info event=server text="Shutting down"'
    ours = logging.LogRecord("intake.server", logging.INFO, __file__, 1, "canary", (), None)
    assert AllowList().format(ours) == "level=info event=withheld logger=intake.server kind=none"
    odd = logging.LogRecord("1.2.3.4 canary", logging.INFO, __file__, 1, "canary", (), None)
    assert AllowList().format(odd) == "level=info event=withheld logger=withheld kind=none"


def test_own_events_take_counts_and_names_of_errors(caplog):
    with caplog.at_level(logging.INFO):
        log(Event.CLOSED_DAY, 3, 12)
    assert caplog.messages == ["event=batch-closed batch=3 leaves=12"]


@pytest.mark.parametrize("value", ["1.2.3.4", "/a/path", "two words", "a=b", "a\nb", "x" * 65, 5, True, b"bytes"])
def test_value_that_its_field_does_not_declare_is_withheld(value):
    assert Event.UNEXPECTED.line(value) == "event=unexpected-error kind=withheld"
    if value != 5:
        assert Event.LISTENING.line(value) == "event=listening port=withheld"


def test_event_with_another_number_of_values_is_a_fault():
    with pytest.raises(TypeError, match="CLOSED_DAY has 2 fields"):
        Event.CLOSED_DAY.line(1)


def test_every_event_is_documented(root):
    text = (root / "intake/server/OPERATING.md").read_text("utf-8")
    for event in Event:
        fields = "".join(f" {name}=" for name in event.fields)
        assert f"| `{event.label}{fields.replace('= ', '=… ').rstrip()}{'…' if fields else ''}` |" in text, event
