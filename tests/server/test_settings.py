"""stores.json: what it may hold, who may read it, and that its passwords are told to nobody."""

import json

import pytest

from intake.server.errors import StoresInvalid
from intake.server.stores import Bucket, Stores, parse_stores, read_private_stores

BUCKET = {"endpoint": "https://s3.example", "bucket": "b", "region": "eu", "key_id": "k", "secret": "canary"}
NEAR = BUCKET | {"endpoint": "http://127.0.0.1:9000", "allow_http": True}
FAR = "postgresql://intake:canary@db.example/intake"

GOOD = {
    "nothing": ({}, Stores()),
    "a socket": ({"database": "postgresql:///intake"}, Stores("postgresql:///intake")),
    "a socket's folder": ({"database": "postgresql:///i?host=/run/pg"}, Stores("postgresql:///i?host=/run/pg")),
    "this machine": ({"database": "postgresql://u:p@localhost/i"}, Stores("postgresql://u:p@localhost/i")),
    "TLS": ({"database": FAR + "?sslmode=verify-full"}, Stores(FAR + "?sslmode=verify-full")),
    "a bucket": ({"bucket": BUCKET}, Stores(None, Bucket(**BUCKET))),
    "a bucket on this machine": ({"bucket": NEAR}, Stores(None, Bucket(**NEAR))),
    "a prefix": ({"bucket": BUCKET | {"prefix": "a/b"}}, Stores(None, Bucket(**BUCKET, prefix="a/b"))),
}
BAD = {
    "no object": "[]",
    "no JSON": "canary",
    "twice": '{"database": null, "database": null}',
    "deep": "[" * 100_000,
    "unknown field": '{"databse": "canary"}',
    "number": '{"database": 1}',
    "list": '{"bucket": []}',
    "another database": '{"database": "mysql://canary@localhost/i"}',
    "another driver": '{"database": "postgresql+asyncpg://localhost/i"}',
    "no name": '{"database": "postgresql://localhost"}',
    "no URL": '{"database": "canary"}',
    "far without TLS": json.dumps({"database": FAR}),
    "far with unverified TLS": json.dumps({"database": FAR + "?sslmode=require"}),
    "far by parameter": '{"database": "postgresql:///i?host=db.example"}',
    "two hosts": '{"database": "postgresql:///i?host=/run&host=db.example"}',
    "two hosts in one": '{"database": "postgresql:///i?host=/run,db.example"}',
    "two hosts in two places": '{"database": "postgresql://localhost/i?host=db.example"}',
    "an address beside the host": '{"database": "postgresql:///i?hostaddr=192.0.2.1"}',
    "a service": '{"database": "postgresql:///i?service=canary"}',
    "bad port": '{"database": "postgresql://localhost:canary/i"}',
    "missing field": json.dumps({"bucket": {k: v for k, v in BUCKET.items() if k != "secret"}}),
    "unknown field of the bucket": json.dumps({"bucket": BUCKET | {"canary": 1}}),
    "number in the bucket": json.dumps({"bucket": BUCKET | {"region": 1}}),
    "allow_http is no truth": json.dumps({"bucket": BUCKET | {"allow_http": "yes"}}),
    "http far away": json.dumps({"bucket": NEAR | {"endpoint": "http://s3.example"}}),
    **{
        f"endpoint {endpoint}": json.dumps({"bucket": BUCKET | {"endpoint": endpoint}})
        for endpoint in ("https://", "https://[::1", "https://a host", "https://user:secret@host", "https://host:99999")
    },
    "http not allowed": json.dumps({"bucket": NEAR | {"allow_http": False}}),
    "no scheme": json.dumps({"bucket": BUCKET | {"endpoint": "s3.example"}}),
    "prefix with a slash": json.dumps({"bucket": BUCKET | {"prefix": "a/"}}),
    "no bucket name": json.dumps({"bucket": BUCKET | {"bucket": ""}}),
}


@pytest.mark.parametrize("case", GOOD)
def test_good_stores_are_read_and_written_the_same(case):
    values, stores = GOOD[case]
    assert parse_stores(json.dumps(values)) == stores
    assert parse_stores(stores.text()) == stores


@pytest.mark.parametrize("case", BAD)
def test_bad_stores_are_refused_without_a_word_of_them(case):
    with pytest.raises(StoresInvalid) as told:
        parse_stores(BAD[case])
    assert "canary" not in f"{told.value}{told.value!r}"
    assert told.value.__cause__ is None


def test_stores_show_no_password():
    stores = Stores(FAR, Bucket(**BUCKET))
    assert "canary" not in f"{stores}{stores!r}{stores.bucket}{stores.bucket!r}"


def test_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "stores.json"
    path.write_text("{}")
    path.chmod(0o644)
    with pytest.raises(StoresInvalid, match="other users"):
        read_private_stores(path)


def test_folder_whose_stores_others_may_read_is_refused(house, intake):
    path = house.data / "stores.json"
    path.write_text("{}")
    path.chmod(0o640)
    ran = intake("status", "--data", house.data)
    assert (ran.returncode, "other users of this machine may read it" in ran.stderr) == (1, True)


def test_folder_without_its_database_is_refused(house, intake):
    (house.data / "intake.sqlite").unlink()
    ran = intake("status", "--data", house.data)
    assert (ran.returncode, "intake.sqlite is missing" in ran.stderr) == (1, True)


def test_init_does_not_change_the_stores_of_a_folder(house, intake, tmp_path, postgres):
    wished = tmp_path / "wished.json"
    wished.write_text(json.dumps({"database": postgres.url(postgres.make())}))
    wished.chmod(0o600)
    ran = intake("init", "--data", house.data, "--stores", wished)
    assert (ran.returncode, "intake move moves it" in ran.stderr) == (1, True)
    fresh = tmp_path / "fresh"
    assert intake("init", "--data", fresh, "--stores", wished).returncode == 0
    assert (fresh / "stores.json").stat().st_mode & 0o777 == 0o600
    assert intake("init", "--data", fresh, "--stores", wished).returncode == 0
    wished.write_text("{}")
    ran = intake("init", "--data", fresh, "--stores", wished)
    assert (ran.returncode, "names others already" in ran.stderr) == (1, True)
