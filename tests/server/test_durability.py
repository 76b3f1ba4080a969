"""The order of write, sync, rename, commit and answer, as the kernel sees it: what kill -9 cannot show."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

CALLS = "trace=pwritev,pwritev2,pwrite64,write,fsync,fdatasync,rename,renameat,renameat2,sendto,writev,sendmsg"
TUS = {"Tus-Resumable": "1.0.0"}


@contextmanager
def traced(strace: str, pid: int, log: Path) -> Iterator[None]:
    """Follows every thread of a process; has it attached when the block begins and gone when it ends."""
    command = [strace, "-f", "-y", "-s", "64", "-e", CALLS, "-o", str(log), "-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = tracer.stderr.readline()
        if "attached" not in line:
            pytest.skip("processes may not be traced here")
        yield
    finally:
        tracer.terminate()
        tracer.wait(20)
        tracer.stderr.close()


def events(log: Path) -> list[str]:
    """The calls that matter, in the order they returned, by short names."""
    names = (
        (r"(fsync|fdatasync)\(\d+<[^>]*intake\.sqlite-wal>", "sync wal"),
        (r"pwrite64\(\d+<[^>]*intake\.sqlite-wal>", "write wal"),
        (r"pwritev2?\(\d+<[^>]*\.part>", "write part"),
        (r"(fsync|fdatasync)\(\d+<[^>]*\.part>", "sync part"),
        (r"rename\w*\(.*\.part.*\.age", "rename"),
        (r"fsync\(\d+<[^>]*/objects>", "sync objects"),
        (r"fsync\(\d+<[^>]*/uploads>", "sync uploads"),
        (r"(sendto|write|writev|sendmsg)\(\d+<(socket|TCP)[^\n]*HTTP/1\.1 20", "answer"),
    )
    found, unfinished = [], {}
    for line in log.read_text("utf-8", "replace").splitlines():
        thread, _, call = line.partition(" ")
        if "<unfinished ...>" in call:
            unfinished[thread] = call
            continue
        if "resumed>" in call:
            call = unfinished.pop(thread, "") + call
        found += [name for pattern, name in names if re.search(pattern, call.strip())]
    return found


def in_order(found: list[str], *wanted: str) -> bool:
    left = iter(found)
    return all(name in left for name in wanted)


def test_report_is_answered_after_its_commit_is_synced(server, house, forge, need_tool, tmp_path):
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/health")
        with traced(need_tool("strace"), server.process.pid, tmp_path / "trace"):
            assert client.post("/reports", content=forge.envelope()).status_code == 200
    found = events(tmp_path / "trace")
    answer = found.index("answer")
    assert in_order(found[:answer], "write wal", "sync wal"), found
    assert found[:answer][-1] == "sync wal", found


def test_offset_is_told_after_its_bytes_and_record_are_synced(server, house, forge, need_tool, tmp_path):
    data = forge.media()
    patch = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        created = TUS | {"Upload-Length": str(len(data)), "Intake-Epoch": "12"}
        url = client.post("/uploads", headers=created).headers["location"]
        with traced(need_tool("strace"), server.process.pid, tmp_path / "trace"):
            assert client.patch(url, headers=patch, content=data[:9000]).status_code == 204
    found = events(tmp_path / "trace")
    before = found[: found.index("answer")]
    assert in_order(before, "write part", "sync part", "write wal", "sync wal"), found


def test_digest_is_told_after_the_seal_and_its_record_are_synced(server, house, forge, need_tool, tmp_path):
    data = forge.media()
    patch = TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        created = TUS | {"Upload-Length": str(len(data)), "Intake-Epoch": "12"}
        url = client.post("/uploads", headers=created).headers["location"]
        with traced(need_tool("strace"), server.process.pid, tmp_path / "trace"):
            assert "repr-digest" in client.patch(url, headers=patch, content=data).headers
    found = events(tmp_path / "trace")
    before = found[: found.index("answer")]
    wanted = ("write part", "sync part", "sync part", "rename", "sync objects", "sync uploads", "write wal", "sync wal")
    assert in_order(before, *wanted), found


def test_each_of_many_reports_is_answered_after_a_sync_of_its_own(server, forge, need_tool, tmp_path):
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/health")
        with traced(need_tool("strace"), server.process.pid, tmp_path / "trace"):
            for _ in range(10):
                assert client.post("/reports", content=forge.envelope()).status_code == 200
    found = [name for name in events(tmp_path / "trace") if name in ("write wal", "sync wal", "answer")]
    told = "".join({"write wal": "w", "sync wal": "s", "answer": "A"}[name] for name in found)
    assert re.fullmatch(r"((w+s)+A){10}", told), told


def test_upload_is_told_after_its_reservation_and_record_are_synced(server, forge, need_tool, tmp_path):
    created = TUS | {"Upload-Length": str(len(forge.media())), "Intake-Epoch": "12"}
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        client.get("/health")
        with traced(need_tool("strace"), server.process.pid, tmp_path / "trace"):
            assert client.post("/uploads", headers=created).status_code == 201
    found = events(tmp_path / "trace")
    before = found[: found.index("answer")]
    assert in_order(before, "sync part", "sync uploads", "write wal", "sync wal"), found
    assert before[-1] == "sync wal"


def test_offsets_of_all_pieces_are_told_after_their_syncs(server, forge, need_tool, tmp_path):
    data = forge.media()
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        created = TUS | {"Upload-Length": str(len(data)), "Intake-Epoch": "12"}
        url = client.post("/uploads", headers=created).headers["location"]
        with traced(need_tool("strace"), server.process.pid, tmp_path / "trace"):
            for start in range(0, len(data), 12_000):
                patch = TUS | {"Upload-Offset": str(start), "Content-Type": "application/offset+octet-stream"}
                assert client.patch(url, headers=patch, content=data[start : start + 12_000]).status_code == 204
    found = events(tmp_path / "trace")
    answers = [index for index, name in enumerate(found) if name == "answer"]
    assert len(answers) == -(-len(data) // 12_000)
    for start, end in zip([0, *answers], answers, strict=False):
        assert in_order(found[start:end], "write part", "sync part", "write wal", "sync wal"), found[start : end + 1]
