"""The test-only app for public suites: it lets in what the server refuses, and the server knows nothing of it."""

import hashlib

import httpx

from tests.server.test_uploads import TUS, append
from tests.suites.open_uploads import open_server


def test_open_door_lets_in_what_the_server_refuses(core, problem):
    data = b"plain words, not sealed"
    with open_server(core) as url, httpx.Client(base_url=url, trust_env=False) as client:
        made = client.post(url, headers=TUS | {"Upload-Defer-Length": "1", "Upload-Metadata": "name eA=="})
        path = url.removesuffix("/uploads") + made.headers["location"]
        assert "upload-length" not in client.head(path, headers=TUS).headers
        headers = TUS | {"Upload-Offset": "0", "Upload-Length": str(len(data))}
        done = client.patch(path, headers=headers | {"Content-Type": "application/offset+octet-stream"}, content=data)
        assert "repr-digest" in done.headers
        assert client.head(path, headers=TUS).headers["upload-metadata"] == "name eA=="
        assert hashlib.sha256(client.get(path).content).digest() == hashlib.sha256(data).digest()
        assert client.delete(path, headers=TUS).status_code == 204
        assert problem(append(client, path, 0, data)) == "not-found"


def test_server_itself_refuses_all_of_it(shared_client, problem):
    plain = {"Upload-Length": "23", "Intake-Epoch": "0"}
    assert problem(shared_client.post("/uploads", headers=TUS | plain)) == "wrong-size"
    for refused in ({"Upload-Metadata": "name eA=="}, {"Upload-Defer-Length": "1"}):
        assert problem(shared_client.post("/uploads", headers=TUS | plain | refused)) == "metadata-refused"
    assert problem(shared_client.get("/uploads/" + "ab" * 16)) == "method"
