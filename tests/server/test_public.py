"""The page, the manifest, and what every answer carries."""

import asyncio
import gzip
import shutil
import time
from datetime import timedelta

import brotli
import httpx
import pytest

from intake.server.api.app import make_app
from intake.server.services.core import open_core
from intake.server.services.page import choose_coding, choose_variant
from intake.server.settings import Folder, Settings
from intake.wire.manifest import roots_to_json
from intake.wire.page import read_blocks, released_hash

BLOCKS = (
    '<script type="application/json" id="intake-deployment"></script>',
    '<script type="text/plain" id="intake-manifest"></script>',
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A built page, as small as can be."""
    folder = tmp_path_factory.mktemp("dist")
    for variant in ("kk", "ru", "en", "all"):
        body = f"<!doctype html>{BLOCKS[0]}<p>{variant}</p>{BLOCKS[1]}\n"
        (folder / f"page.{variant}.html").write_text(body, "utf-8")
    return folder


@pytest.fixture(scope="module")
def page_client(built_house, built, intake, start_shared):
    server = start_shared(lambda house: intake("page", "--data", house.data, "--from", built))
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield client


def test_page_is_served_by_language_and_stamped_with_the_newest_manifest(page_client, built_house):
    for header, variant in (("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("kk", "kk"), ("en-US", "en"), ("fr", "all")):
        answer = page_client.get("/", headers={"Accept-Language": header})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert f"<p>{variant}</p>" in answer.text
        assert read_blocks(answer.content)[1] == built_house.manifest()


def test_page_is_precompressed(page_client):
    plain = page_client.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    for coding, unpack in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        with page_client.stream("GET", "/", headers={"Accept-Encoding": coding}) as answer:
            assert answer.headers["content-encoding"] == coding
            assert unpack(b"".join(answer.iter_raw())) == plain.content


def test_page_headers_keep_it_to_itself(page_client):
    headers = page_client.get("/").headers
    assert headers["content-security-policy"] == "frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] == "no-cache"
    assert headers["vary"] == "Accept-Language, Accept-Encoding"
    assert "set-cookie" not in headers
    assert "server" not in headers


def test_page_that_has_not_changed_is_not_sent_again(page_client):
    first = page_client.get("/")
    second = page_client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    other = page_client.get("/", headers={"If-None-Match": first.headers["etag"], "Accept-Language": "kk"})
    assert other.status_code == 200


def test_installed_page_tells_its_released_hash(house, built, intake):
    ran = intake("page", "--data", house.data, "--from", built)
    page = (house.data / "page" / "page.kk.html").read_bytes()
    assert f"kk: {released_hash(page)}" in ran.stdout.splitlines()


def test_page_of_another_deployment_is_refused(house, built, intake, tmp_path):
    built = shutil.copytree(built, tmp_path / "dist")
    foreign = BLOCKS[0].replace("><", '>{"deployment":"ab"}<')
    (built / "page.ru.html").write_text(f"{foreign}{BLOCKS[1]}", "utf-8")
    ran = intake("page", "--data", house.data, "--from", built)
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (
        1,
        "error: This page cannot be served. (it is stamped for another deployment)",
    )
    assert list((house.data / "page").iterdir()) == []


def test_foreign_page_in_the_folder_does_not_stop_the_server(start_shared, forge, problem):
    foreign = BLOCKS[0].replace("><", '>{"deployment":"ab"}<') + BLOCKS[1]
    server = start_shared(lambda house: (house.data / "page" / "page.all.html").write_text(foreign, "utf-8"))
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        assert problem(client.get("/")) == "not-found"
        assert client.post("/reports", content=forge.envelope()).status_code == 200
    assert "event=page-refused kind=PageRefused" in server.log.read_text("utf-8")


def test_server_without_a_page_answers_not_found(shared_client, problem):
    assert problem(shared_client.get("/")) == "not-found"


@pytest.mark.parametrize(
    ("header", "variant"),
    [
        ("", "all"),
        ("*", "all"),
        ("de-DE, fr;q=0.5", "all"),
        ("en;q=0.1, ru;q=0.9", "ru"),
        ("kk-KZ, ru;q=0.9", "kk"),
        ("ru, kk", "ru"),
        ("ru;q=0, en;q=0.2", "en"),
        ("ru;q=x, EN", "en"),
        ("ru;q=nan, en;q=0.5", "en"),
        ("," * 5000, "all"),
    ],
)
def test_language_is_the_one_liked_best(header, variant):
    assert choose_variant(header) == variant


@pytest.mark.parametrize(
    ("header", "coding"), [("", ""), ("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip")]
)
def test_coding_is_one_the_browser_takes(header, coding):
    assert choose_coding(header) == coding


def test_manifest_in_force_is_served(shared_client, shared_house):
    answer = shared_client.get("/manifest")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.content == shared_house.manifest()


def test_newer_manifest_is_served_from_its_first_day_without_a_restart(server, client, house, intake, tmp_path):
    today = house.deployment.today
    for serial, first in ((2, today), (3, today + timedelta(days=1))):
        (tmp_path / "next.note").write_bytes(house.manifest(serial=serial, not_before=first))
        assert intake("manifest", "add", "--data", house.data, tmp_path / "next.note").returncode == 0
    deadline = time.monotonic() + 30
    while client.get("/manifest").content != house.manifest(serial=2, not_before=today):
        assert time.monotonic() < deadline, "the server still serves the first manifest"


def test_server_without_a_manifest_says_unavailable(tmp_path, deployment, intake, problem):
    (tmp_path / "roots.json").write_text(roots_to_json(deployment.roots, rehearsal=True), "utf-8")
    arguments = ("--data", tmp_path / "data", "--roots", tmp_path / "roots.json")
    assert intake("init", *arguments).returncode == 0
    with open_core(Settings(Folder(tmp_path / "data"))) as core:
        answer = asyncio.run(ask(core, "/manifest"))
    assert (answer.status_code, problem(answer)) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def ask(core, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(make_app(core))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        return await client.get(path)


def test_health(shared_client):
    answer = shared_client.get("/health")
    assert (answer.status_code, answer.text) == (200, "ok")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/nothing", "not-found"),
        ("GET", "/openapi.json", "not-found"),
        ("GET", "/docs", "not-found"),
        ("GET", "/reports", "method"),
        ("PUT", "/uploads/" + "ab" * 16, "method"),
        ("PUT", "/mailbox", "method"),
        ("GET", "/reports/", "not-found"),
    ],
)
def test_every_other_address_is_a_problem(shared_client, problem, method, path, name):
    assert problem(shared_client.request(method, path)) == name


def test_any_origin_may_ask_without_credentials(shared_client, forge):
    for answer in (
        shared_client.get("/manifest", headers={"Origin": "null"}),
        shared_client.post("/reports", content=forge.envelope(), headers={"Origin": "null"}),
        shared_client.post("/reports", content=b"junk", headers={"Origin": "https://elsewhere.example"}),
        shared_client.get("/nothing", headers={"Origin": "null"}),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers


def test_preflight_of_an_upload_is_answered(shared_client):
    asked = {
        "Origin": "null",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "content-type,tus-resumable,upload-offset",
    }
    answer = shared_client.options("/uploads/" + "ab" * 16, headers=asked)
    assert answer.status_code == 204
    allowed = answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert {"content-type", "intake-epoch", "tus-resumable", "upload-length", "upload-offset"} <= set(allowed)
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert answer.headers["access-control-max-age"] == "86400"
    exposed = answer.headers["access-control-expose-headers"]
    assert {"Location", "Upload-Offset", "Repr-Digest"} <= set(exposed.replace(" ", "").split(","))


def test_description_can_be_made_but_is_not_served(core):
    paths = make_app(core).openapi()["paths"]
    assert set(paths) == {
        "/",
        "/courier/bundles",
        "/courier/bundles/{bundle}/done",
        "/courier/bundles/{bundle}/files",
        "/courier/challenge",
        "/courier/outboxes",
        "/forward",
        "/forward/known",
        "/health",
        "/mailbox",
        "/mailbox/delete",
        "/manifest",
        "/reports",
        "/uploads",
        "/uploads/{upload_id}",
    }
