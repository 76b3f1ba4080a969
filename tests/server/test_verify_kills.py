"""What a server killed in the middle of requests leaves: `intake verify --repair` names it all and mends it all."""

import random
import threading

import httpx

from tests.server.houses import Stands
from tests.suites import verify_kills

TUS = {"Tus-Resumable": "1.0.0", "Intake-Epoch": "12"}
PATCH = TUS | {"Content-Type": "application/offset+octet-stream"}
TURNS = 10


def reports(client: httpx.Client, forge) -> None:
    assert client.post("/reports", content=forge.envelope()).status_code == 200


def forwarded(client: httpx.Client, forge) -> None:
    files = [("sealed", ("x", forge.media(2**18))), ("sealed", ("y", forge.sealed()))]
    assert client.post("/forward", files=files).status_code == 200


def uploaded(client: httpx.Client, forge) -> None:
    data = forge.media(2**17)
    url = client.post("/uploads", headers=TUS | {"Upload-Length": str(len(data))}).headers["location"]
    for at in range(0, len(data), 70_000):
        headers = PATCH | {"Upload-Offset": str(at)}
        assert client.patch(url, headers=headers, content=data[at : at + 70_000]).status_code == 204


def send_until_it_dies(url: str, send, forge, done: list[str]) -> None:
    try:
        with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
            while True:
                send(client, forge)
                done.append(send.__name__)
    except httpx.HTTPError:
        return


def kill_under_load(server, forges, done: list[str], goal: int) -> None:
    threads = [
        threading.Thread(target=send_until_it_dies, args=(server.url, send, forge, done))
        for send, forge in zip((reports, forwarded, uploaded, forwarded, uploaded), forges, strict=True)
    ]
    for thread in threads:
        thread.start()
    while len(done) < goal and any(thread.is_alive() for thread in threads):
        threads[0].join(0.003)
    server.kill()
    for thread in threads:
        thread.join()


def test_whatever_a_kill_leaves_is_named_and_mended(start_server, house, make_forge, intake):
    server, chance, done = start_server(), random.Random(11), []
    mended = 0
    for turn in range(TURNS):
        forges = [make_forge(1000 * turn + number) for number in range(5)]
        kill_under_load(server, forges, done, len(done) + chance.randrange(3, 40))
        ran = intake("verify", "--data", house.data, "--repair")
        assert ran.returncode == 0, ran.stdout
        mended += ran.stdout.count("repaired: ")
        again = intake("verify", "--data", house.data)
        assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "0 problems left, 0 repaired")
        server.start()
    assert set(done) == {"reports", "forwarded", "uploaded"}
    assert mended > 0
    print(f"{len(done)} things sent, {TURNS} kills, {mended} kinds of leftovers mended")


def test_running_server_makes_good_what_verify_left_to_it(start_server, house, make_forge, intake):
    server, done = start_server(), []
    kill_under_load(server, [make_forge(number) for number in range(5)], done, 20)
    server.start()
    ran = intake("verify", "--data", house.data, "--repair")
    assert ran.returncode == 0, ran.stdout
    assert intake("verify", "--data", house.data).stdout.splitlines()[-1] == "0 problems left, 0 repaired"


def test_sample_of_kills_over_postgres_and_a_bucket_is_named_and_mended(postgres, bucketeer):
    progress = verify_kills.run(3, "sample", None, Stands(postgres, bucketeer), light=True)
    assert progress.failures == []
    assert progress.kills == 3
    assert min(progress.counts[name] for name in ("reports", "forwarded", "offsets")) > 0
