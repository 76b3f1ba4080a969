"""The `reviewer` command as people use it, in an empty network namespace where the machine allows one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from intake.reviewer.cli import build_parser, run
from intake.reviewer.settings import Home
from intake.wire.constants import REHEARSAL_NOTICE
from intake.wire.manifest import parse_manifest, roots_from_json, verify_manifest
from intake.wire.note import require_signer
from intake.wire.outbox import parse_outbox
from keys.replies import open_slot
from keys.ring import load_ring

PASSPHRASE = "сегіз қой бес ешкі бір түйе"
TEMPLATE = (
    b"<!doctype html><form></form>"
    b'<script type="application/json" id="intake-deployment"></script><p>text</p>'
    b'<script type="text/plain" id="intake-manifest"></script>'
)
COURIER_KEYS = [base64.b64encode(bytes([number]) * 32).decode() for number in (3, 4)]


@dataclass
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Command:
    """Runs `reviewer` on one home folder: in this process, or in one of its own behind the words of `before`."""

    home: Path
    passphrase: Path
    before: list[str] | None = None

    def __call__(self, *arguments: object, text: str = "", home: Path | None = None) -> Done:
        where = ["--home", str(home or self.home), "--passphrase-file", str(self.passphrase)]
        words = [*where, *map(str, arguments)]
        return self._inside(words, text) if self.before is None else self._outside([*self.before, *words], text)

    def _inside(self, words: list[str], text: str) -> Done:
        out, err, stdin = io.StringIO(), io.StringIO(), io.TextIOWrapper(io.BytesIO(text.encode()))
        with redirect_stdout(out), redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", stdin)
            code = run(words)
        return Done(code, out.getvalue(), err.getvalue())

    def _outside(self, words: list[str], text: str) -> Done:
        done = subprocess.run(words, capture_output=True, input=text, text=True, timeout=120, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    def good(self, *arguments: object, text: str = "", home: Path | None = None) -> str:
        done = self(*arguments, text=text, home=home)
        assert done.returncode == 0, done.stderr
        assert REHEARSAL_NOTICE in done.stderr
        return done.stdout

    def bad(self, *arguments: object, text: str = "", home: Path | None = None) -> str:
        done = self(*arguments, text=text, home=home)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laptops")
    folder.chmod(0o700)
    return folder


@pytest.fixture(scope="module")
def reviewer(folder: Path) -> Command:
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(PASSPHRASE + "\n", "utf-8")
    return Command(folder / "home", passphrase)


@pytest.fixture(scope="module")
def apart(reviewer: Command, in_empty_network: list[str]) -> Command:
    """The installed command in a process of its own, with no network at all."""
    program = str(Path(sys.executable).parent / "reviewer")
    return Command(reviewer.home, reviewer.passphrase, [*in_empty_network, program])


@pytest.fixture(scope="module")
def log_server(make_server):
    return make_server()


@pytest.fixture(scope="module")
def ready(reviewer: Command, log_server) -> str:
    """Keys for two laptops; what `keys init` printed."""
    key = base64.b64encode(log_server.public_key).decode()
    printed = reviewer.good(
        "keys", "init", "--rehearsal", "--laptops", "A,B", "--server", "http://127.0.0.1:8400", "--log-key", key
    )
    home = Home(reviewer.home)
    log_server.deployment = json.loads(home.roots.read_text("utf-8"))["deployment"]
    log_server.manifest = home.manifest(1).read_bytes()
    return printed


@pytest.fixture(scope="module")
def recipients(reviewer: Command, ready: str) -> list[bytes]:
    return list(parse_manifest(Home(reviewer.home).manifest(1).read_bytes()).manifest.epoch.recipients)


def test_init_makes_all_that_a_rehearsal_needs(reviewer, ready):
    home = Home(reviewer.home)
    roots, rehearsal = roots_from_json(home.roots.read_text("utf-8"))
    assert (roots.quorum, len(roots.keys), rehearsal) == (2, 3, True)
    manifests = [verify_manifest(parse_manifest(home.manifest(n).read_bytes()), roots).manifest for n in range(1, 9)]
    assert [each.epoch.number for each in manifests] == list(range(1, 9))
    assert all(each.not_before == each.epoch.first for each in manifests)
    assert all((each.not_after - each.epoch.until).days == 3 for each in manifests)
    assert all(each.rehearsal for each in manifests)
    assert [each.name for each in manifests[0].laptops] == ["A", "B"]
    assert len({r for each in manifests for r in each.epoch.recipients}) == 16
    for path in (home.path, home.key_file):
        assert path.stat().st_mode & 0o077 == 0
    assert str(home.path / "laptop-B") in ready


def test_each_laptop_holds_its_own_keys_and_the_first_the_roots(reviewer, ready):
    first = load_ring(reviewer.home / "keys.sealed", PASSPHRASE)
    second = load_ring(reviewer.home / "laptop-B" / "keys.sealed", PASSPHRASE)
    assert (len(first.roots), len(second.roots)) == (3, 0)
    assert (first.laptop, second.laptop) == ("A", "B")
    assert {e.identity.seed for e in first.epochs}.isdisjoint(e.identity.seed for e in second.epochs)
    assert first.seeds.vault != second.seeds.vault


def test_init_without_rehearsal_says_what_is_missing(reviewer, folder):
    error = reviewer.bad("keys", "init", home=folder / "real")
    assert error.startswith("error: Keys for real names need the full ceremony")
    assert "hint: add --rehearsal" in error
    assert not (folder / "real").exists()


def test_command_without_a_folder_asks_for_its_name(monkeypatch, capsys):
    monkeypatch.delenv("REVIEWER_HOME", raising=False)
    for words in (["keys", "init", "--rehearsal"], ["list"]):
        assert run(words) == 1
        error = capsys.readouterr().err
        assert "error: The laptop's folder was not named.\nhint: name it with --home DIR" in error


def test_init_never_replaces_keys(reviewer, ready):
    before = (reviewer.home / "keys.sealed").read_bytes()
    assert "error: There are keys here already" in reviewer.bad("keys", "init", "--rehearsal")
    assert (reviewer.home / "keys.sealed").read_bytes() == before


@pytest.mark.parametrize(
    "options",
    [
        ("--server", "http://example.org"),
        ("--server", "https://example.org/"),
        ("--log-key", "AAAA"),
        ("--receipt-key", "AAAA"),
        ("--courier", "courier-1"),
        ("--courier", "courier-1 AAAA"),
        ("--courier", f"a/b c {COURIER_KEYS[0]}"),
        ("--courier", f"c {COURIER_KEYS[0]}", "--courier", f"c {COURIER_KEYS[1]}"),
        ("--laptops", "A,A"),
        ("--laptops", "A,B,C,D"),
        ("--laptops", "../A"),
        ("--laptops", "A,../B"),
        ("--organisation-en", "<b>"),
    ],
)
def test_init_with_bad_options_writes_nothing(reviewer, folder, options):
    home = folder / "none"
    assert "error: What was given cannot be used." in reviewer.bad("keys", "init", "--rehearsal", *options, home=home)
    assert not home.exists()


def test_wrong_passphrase_is_one_error_and_one_hint(reviewer, ready, folder):
    wrong = folder / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text("not the passphrase\n")
    done = Command(reviewer.home, wrong)("list")
    assert done.stderr == (
        "error: The passphrase is wrong, or the key file was changed.\nhint: check the keyboard's language\n"
    )
    assert done.returncode == 1


def test_passphrase_file_open_to_others_is_refused(reviewer, ready, folder):
    loose = folder / "loose"
    loose.write_text(PASSPHRASE)
    loose.chmod(0o644)
    assert "open to others" in Command(reviewer.home, loose).bad("list")


def test_home_open_to_others_is_refused(reviewer, ready):
    reviewer.home.chmod(0o755)
    try:
        assert "error: The key file or its folder is open to others" in reviewer.bad("list")
    finally:
        reviewer.home.chmod(0o700)


def test_home_without_keys_is_said(reviewer, folder):
    assert "error: There are no keys here." in reviewer.bad("list", home=folder / "nowhere")


def test_passphrase_never_goes_on_the_command_line(reviewer):
    options = {text for action in build_parser()._actions for text in action.option_strings}
    assert [each for each in options if "pass" in each] == ["--passphrase-file"]


def test_passphrase_may_come_from_standard_input(reviewer, ready):
    done = Command(reviewer.home, Path("-"))("status", text=PASSPHRASE + "\n")
    assert done.returncode == 0, done.stderr


def test_whole_way_of_a_report_without_network(reviewer, apart, ready, log_server, make_phone, recipients, tmp_path):
    phone, photo = make_phone(recipients), b"\xff\xd8" + os.urandom(100_000)
    block = phone.code.reply_block
    text = phone.section(1, parts=3, block=block, who="Айжан Қасымова", where="Төле би", hurt=True, lang="kk")
    media = phone.media(2, photo)
    bundle = log_server.bundle(tmp_path, [text, media, phone.closing(3, text, media)])

    printed = apart.good("import", bundle)
    assert "3 new, 0 known" in printed
    assert "0 new, 3 known" in reviewer.good("import", bundle)

    listed = json.loads(apart.good("list", "--json"))
    (item,) = listed["items"]
    assert listed["rehearsal"] is True
    assert (item["state"], item["answers"]["who"], item["lang"]) == ("complete", "Айжан Қасымова", "kk")
    assert item["files"][0]["sha256"] == hashlib.sha256(photo).hexdigest()
    number = item["number"]
    shown = reviewer.good("list")
    assert "Айжан Қасымова" in shown
    assert "hurt or ill" in shown
    assert "Кім?" in reviewer.good("show", number)
    assert "Who?" in reviewer.good("show", number, "--lang", "en")

    assert f"{len(photo)}" in reviewer.good("media", number, "--out", tmp_path / "out")
    assert (tmp_path / "out" / f"{number}-1.jpg").read_bytes() == photo

    assert "answer 1" in apart.good("reply", number, text="Хабарыңызды алдық.")
    answer = tmp_path / "answer"
    answer.write_text("Екінші жауап.", "utf-8")
    assert "answer 2" in reviewer.good("reply", number, "--text-file", answer)

    paths = apart.good("outbox", "--out", tmp_path).split()
    ring = load_ring(apart.home / "keys.sealed", PASSPHRASE)
    (ack_note, acks), (reply_note, replies) = (parse_outbox(Path(each).read_bytes()) for each in paths)
    assert require_signer(ack_note, {"A": ring.public_keys().ack}) == "A"
    assert require_signer(reply_note, {"A": ring.public_keys().outbox}) == "A"
    assert len(acks.acks) == 3
    mine = {each.slot: each.data for each in replies.slots if each.mailbox_id == phone.code.mailbox_id}
    assert [open_slot(mine[slot], phone.code).text for slot in (0, 1)] == ["Хабарыңызды алдық.", "Екінші жауап."]
    assert "nothing waits" in reviewer.good("outbox", "--out", tmp_path)
    assert "every link and signature holds" in reviewer.good("status")


def test_second_laptop_opens_the_same_bundle(reviewer, ready, log_server, make_phone, recipients, tmp_path):
    bundle = log_server.bundle(tmp_path, [make_phone(recipients).section(who="B opens it too")])
    second = reviewer.home / "laptop-B"
    assert "1 new" in reviewer.good("import", bundle, home=second)
    assert "B opens it too" in reviewer.good("list", home=second)


def test_forged_bundle_is_one_error_and_one_hint(reviewer, ready, log_server, make_phone, recipients, tmp_path):
    bundle = log_server.bundle(tmp_path, [make_phone(recipients).section(who="x")])
    (bundle / "bundle.note").unlink()
    error = reviewer.bad("import", bundle)
    assert "error: The bundle is not from this deployment's server: nothing of it was read." in error
    assert "hint: ask for the bundle again" in error


@pytest.mark.parametrize("verb", [("show", 99), ("reply", 99), ("media", 99, "--out", "x")])
def test_number_that_is_not_there_is_said(reviewer, ready, verb):
    assert "error: There is nothing of that name or number here. (number 99)" in reviewer.bad(*verb, text="x")


def test_plaintext_file_is_refused(reviewer, ready, tmp_path):
    (tmp_path / "notes.txt").write_text("not sealed")
    done = reviewer("import", tmp_path / "notes.txt")
    assert done.returncode == 1
    assert "refused: notes.txt" in done.stdout


def test_page_is_stamped_with_the_current_manifest(reviewer, ready, tmp_path):
    (tmp_path / "page.html").write_bytes(TEMPLATE)
    out = tmp_path / "stamped.html"
    printed = reviewer.good("page", "stamp", "--template", tmp_path / "page.html", "--out", out)
    page, home = out.read_bytes(), Home(reviewer.home)
    assert home.roots.read_bytes() in page
    assert home.manifest(1).read_bytes() in page
    again = reviewer("page", "hash", out)
    assert again.stdout == printed
    (tmp_path / "other.html").write_bytes(page.replace(b"text", b"Text"))
    assert reviewer("page", "hash", tmp_path / "other.html").stdout != printed


def test_manifest_made_anew_has_higher_serials_and_the_change(reviewer, ready, tmp_path):
    hotlines = tmp_path / "hotlines.json"
    words = {"kk": "а", "ru": "б", "en": "c"}
    hotlines.write_text(json.dumps([{"label": words, "number": "112"}]))
    revoked = "ab" * 32
    options = ("--server", "https://a.example", "--server", "https://b.example", "--revoke", revoked)
    reviewer.good("manifest", "make", *options, "--hotlines", hotlines, "--organisation-ru", "Мы")
    home = Home(reviewer.home)
    roots, _ = roots_from_json(home.roots.read_text("utf-8"))
    made = [verify_manifest(parse_manifest(home.manifest(n).read_bytes()), roots).manifest for n in range(9, 17)]
    assert [each.epoch.number for each in made] == list(range(1, 9))
    for each in made:
        assert each.servers == ("https://a.example", "https://b.example")
        assert each.hotlines[0].number == "112"
        assert (each.organisation.ru, each.revoked) == ("Мы", (revoked,))
        assert each.log_keys == parse_manifest(home.manifest(1).read_bytes()).manifest.log_keys
        assert each.receipt_keys == ()


def test_receipt_keys_are_named_by_their_order(reviewer, ready):
    keys = [bytes([number]) * 32 for number in (1, 2)]
    options = [word for key in keys for word in ("--receipt-key", base64.b64encode(key).decode())]
    reviewer.good("manifest", "make", *options)
    reviewer.good("manifest", "make", "--server", "https://a.example")
    made = parse_manifest(Home(reviewer.home).manifest(17).read_bytes()).manifest
    assert [(each.name, each.key) for each in made.receipt_keys] == [("receipt-1", keys[0]), ("receipt-2", keys[1])]


def test_file_that_is_not_there_is_named(reviewer, ready):
    assert "(none.json: No such file or directory)" in reviewer.bad("manifest", "make", "--hotlines", "none.json")


def test_couriers_stay_until_others_are_named(reviewer, ready):
    first, second = (f"courier-{number} {key}" for number, key in enumerate(COURIER_KEYS, 1))
    for options, names in (
        (("--courier", first, "--courier", second), ["courier-1", "courier-2"]),
        (("--organisation-en", "We"), ["courier-1", "courier-2"]),
        (("--courier", second), ["courier-2"]),
    ):
        newest = reviewer.good("manifest", "make", *options).split()[-1]
        assert [each.name for each in parse_manifest(Path(newest).read_bytes()).manifest.couriers] == names


def test_manifest_is_made_only_where_the_roots_are(reviewer, ready):
    assert "error: This laptop holds no root keys." in reviewer.bad("manifest", "make", home=reviewer.home / "laptop-B")


def test_changed_roots_are_noticed(reviewer, ready, folder):
    roots = reviewer.home / "roots.json"
    before = roots.read_text("utf-8")
    other = folder / "other"
    reviewer.good("keys", "init", "--rehearsal", home=other)
    roots.write_text((other / "roots.json").read_text("utf-8"), "utf-8")
    try:
        assert "roots.json is not the one these keys were made with" in reviewer.bad("list")
    finally:
        roots.write_text(before, "utf-8")
