"""Nothing of a sender reaches the disk or the log: no address, no agent, no name, no time finer than a day."""

import asyncio
import logging
import os
import re
import socket
import sqlite3
import stat
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Date, Integer, LargeBinary, String
from starlette.responses import Response

from intake.server.api import reports
from intake.server.api.app import make_app
from intake.server.api.middleware import Blindfold, Guard
from intake.server.logs import AllowList, Event, log
from intake.server.models import metadata
from tests.fine_times import fine_times

AGENT = "Canary-Agent/7.31 (very rare phone)"
NAME = "canary-file-name.mp4"
ADDRESS = "127.13.37.11"
FORWARDED = "203.0.113.77"
MADE_ONCE = {
    *("log.key", "receipt.key", "decoy.secret", "roots.json"),
    *("serve.lock", "erase.lock", "open.lock", "work.lock", "courier.lock", "uploads.lock"),
}
"""Files that `intake init` or the first start makes and nothing changes any more."""


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
        begun = client.post("/uploads", headers=tus | {"Upload-Length": str(len(data))}).headers["location"]
        assert client.delete(begun, headers=tus).status_code == 204
    with socket.create_connection(("127.0.0.1", server.port), source_address=(ADDRESS, 0)) as connection:
        connection.sendall(b"canary junk that is not HTTP\r\n\r\n")
        connection.recv(65536)


@pytest.fixture(scope="module")
def spoken(shared_server, make_forge):
    """The server, still running, after the conversation."""
    talk(shared_server, make_forge(5))
    return shared_server


@pytest.fixture(scope="module")
def open_files(spoken):
    """The files that the server has open after the conversation, as the kernel names them."""
    handles = Path(f"/proc/{spoken.process.pid}/fd").iterdir()
    return [os.readlink(handle) for handle in handles if stat.S_ISREG(handle.stat().st_mode)]


@pytest.fixture(scope="module")
def public(spoken, shared_house):
    """What every address that takes GET answers after the conversation: path -> body."""
    with shared_house.open() as core:
        paths = [path for path, methods in make_app(core).openapi()["paths"].items() if "get" in methods]
    with httpx.Client(base_url=spoken.url, trust_env=False) as client:
        return {path: client.get(path).text for path in paths if "{" not in path}


@pytest.fixture(scope="module")
def times(open_files, public, shared_server, shared_house, intake, tmp_path_factory):
    """Name -> times of every media file, after a conversation, the stop of the server and an export."""
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


def test_every_table_has_columns_that_cannot_hold_a_time(talked):
    """Of the model, so that a new table is looked at before anything fills it."""
    for column in (column for table in metadata.tables.values() for column in table.columns):
        assert isinstance(column.type, LargeBinary | Integer | Date | String), column
        assert not re.search("time|created|seen|_at$|when|stamp|hour|minute|second", column.name), column
        assert isinstance(column.type, Date) == (column.name == "day"), column
    assert set(metadata.tables) == set(talked.rows()) - {"sqlite_sequence", "alembic_version"}


def test_no_value_of_any_table_reads_as_a_time(talked):
    assert fine_times(talked.data / "intake.sqlite") == []


def test_planted_times_are_found_in_any_table(tmp_path):
    now = time.time()
    planted = (int(now), now, str(int(now * 1000)), "2026-11-26T09:15", b"at 09:15", int(now * 1e9))
    with sqlite3.connect(tmp_path / "planted.sqlite") as database:
        for number, value in enumerate(planted):
            database.execute(f"create table t{number} (harmless)")
            database.execute(f"insert into t{number} values (?)", (value,))
        database.execute("create table clean (day, size, random)")
        database.execute("insert into clean values ('2026-11-26', 8192, ?)", (os.urandom(32),))
    database.close()
    assert fine_times(tmp_path / "planted.sqlite") == [f"t{number}.harmless" for number in range(len(planted))]


def test_files_with_times_are_only_those_that_the_readme_names(talked, root):
    """Any new file in the folder is looked at: its times are those of a day, or it is named here and there."""
    readme = (root / "intake" / "server" / "README.md").read_text("utf-8")
    assert "all times of `intake.sqlite`, its WAL and the logs" in readme
    known = {"intake.sqlite", "intake.sqlite-wal", "intake.sqlite-shm", *MADE_ONCE}
    fine = [path for path in talked.data.rglob("*") if path.is_file() and path.stat().st_mtime % 86400]
    assert {path.name for path in fine} - known == set()


def test_server_writes_no_file_outside_its_folder(open_files, talked):
    folder = str(talked.data.parent)
    assert open_files
    assert [name for name in open_files if not name.startswith(folder) or "(deleted)" in name] == []


def test_public_answers_tell_no_sender_and_no_time(public):
    assert {"/health", "/manifest", "/forward"} <= set(public)
    for path, body in public.items():
        assert not re.search(r"canary|\d\d:\d\d|127\.13\.37|203\.0\.113", body, re.IGNORECASE), path
        assert not re.search(rf"\b{str(int(time.time()))[:5]}\d{{5}}", body), path


def test_media_files_have_the_times_of_a_day_also_after_an_export(times):
    assert len(times) == 4
    for name, found in times.items():
        assert (name, found.st_mtime % 86400) == (name, 0)
    files = [found for name, found in times.items() if "." in name]
    assert [found.st_atime % 86400 for found in files] == [0, 0]


def test_socket_of_a_server_does_not_tell_when_the_first_upload_came(start_server, house):
    start_server()
    assert len(list((house.data / "run").glob("*.sock"))) == 1


TELLING = [(b"user-agent", b"x"), (b"x-forwarded-for", b"1.2.3.4"), (b"referer", b"y"), (b"cookie", b"secret")]
TOLD = {"type": "http", "client": ("1.2.3.4", 5), "headers": [*TELLING, (b"content-length", b"3")]}


def test_handlers_never_see_address_or_agent():
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    asyncio.run(Blindfold(app)(TOLD, None, None))
    assert seen["client"] is None
    assert seen["headers"] == [(b"content-length", b"3"), (b"cookie", b"")]


@pytest.mark.parametrize("by", ["lane", "routes"])
def test_what_takes_reports_never_sees_address_or_agent(core, monkeypatch, by):
    seen, sent = {}, []

    async def answer(request) -> Response:
        seen.update(request.scope)
        return Response("taken")

    monkeypatch.setattr(reports, "post_report", answer)
    monkeypatch.setattr(reports.router.routes[0], "endpoint", answer)
    app = make_app(core)
    if by == "routes":
        monkeypatch.setattr(app, "_lane", None)
    scope = TOLD | {"method": "POST", "path": "/reports", "query_string": b"", "root_path": ""}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, None, send))
    assert sent[-1]["body"] == b"taken"
    assert (b"referrer-policy", b"no-referrer") in sent[0]["headers"]
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
