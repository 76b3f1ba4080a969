"""The vault: encrypted, immutable, chained, one command at a time."""

from __future__ import annotations

import os

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from intake.reviewer import cli
from intake.reviewer.errors import ChainBroken, InputInvalid, NotFound, VaultLocked, VaultUnreadable, VaultUnsafe
from intake.reviewer.services.events import append_event, verify_chain
from intake.reviewer.services.media import export_media
from intake.reviewer.storage import open_vault
from keys.age import open_sealed_bytes
from keys.errors import KeyFileLoose, PayloadError
from keys.ring import save_ring

CANARY = "КАНАРЕЙКА-7f3a91"


def files_holding(folder, needle: bytes) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_no_plaintext_lies_in_the_vault(laptop, stick):
    report = laptop.report(who=CANARY, story=f"{CANARY} " * 500)
    laptop.take(laptop.server.bundle(stick, report.parts))
    laptop.reply(laptop.item(), CANARY)
    (laptop.home.vault / "planted").write_bytes(CANARY.encode())
    assert files_holding(laptop.home.vault, CANARY.encode()) == [str(laptop.home.vault / "planted")]
    assert files_holding(laptop.home.vault, report.body[:64]) == []


def test_original_ciphertext_is_kept_unchanged(laptop, stick):
    sealed = laptop.phone().section(who="A")
    laptop.take(laptop.server.bundle(stick, [sealed]))
    with laptop.vault.begin() as connection:
        kept = connection.execute(text("SELECT data FROM objects")).scalar_one()
    assert kept == sealed.data
    assert open_sealed_bytes(kept, laptop.ring.identities(), 65536)


@pytest.mark.parametrize("table", ["objects", "listings", "events", "heads"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_rows_that_are_evidence_cannot_be_changed(laptop, stick, table, statement):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="A")]))
    with pytest.raises(IntegrityError), laptop.vault.begin() as connection:
        connection.execute(text(statement.format(table)))


def test_second_command_waits_its_turn(laptop):
    with pytest.raises(VaultLocked), open_vault(laptop.home, laptop.ring.seeds.vault):
        pass


def test_other_key_does_not_open_the_vault(tmp_path, laptop):
    home = type(laptop.home)(tmp_path / "other")
    home.path.mkdir()
    with open_vault(home, os.urandom(32)):
        pass
    with pytest.raises(VaultUnreadable), open_vault(home, os.urandom(32)):
        pass


def test_changed_page_does_not_open(tmp_path, laptop):
    home, key = type(laptop.home)(tmp_path / "other"), os.urandom(32)
    home.path.mkdir()
    with open_vault(home, key):
        pass
    data = bytearray(home.database.read_bytes())
    data[100] ^= 1
    home.database.write_bytes(data)
    with pytest.raises(VaultUnreadable), open_vault(home, key):
        pass


def test_key_of_another_size_is_refused(tmp_path, laptop):
    home = type(laptop.home)(tmp_path / "other")
    home.path.mkdir()
    with pytest.raises(VaultUnsafe), open_vault(home, os.urandom(16)):
        pass


def append_twice(connection, ring):
    append_event(connection, ring, "media-exported", item=1, object="ab", size=1)
    append_event(connection, ring, "media-exported", item=1)


def test_failed_transaction_leaves_nothing(laptop):
    with pytest.raises(ValueError, match="fields"), laptop.vault.begin() as connection:
        append_twice(connection, laptop.ring)
    assert laptop.event_count() == 0


def test_chain_holds_after_much_work(laptop, stick, tmp_path):
    for number in range(3):
        laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who=str(number))]))
    laptop.outboxes(tmp_path)
    assert laptop.event_count() == 7


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE events SET body = replace(body, 'import', 'Import') WHERE number = 1",
        "UPDATE events SET body = CAST(replace(body, 'import', 'Import') AS BLOB) WHERE number = 1",
        "UPDATE events SET hash = zeroblob(32) WHERE number = 1",
        "UPDATE events SET signature = zeroblob(64) WHERE number = 2",
        "DELETE FROM events WHERE number = 1",
        "UPDATE events SET number = 9 WHERE number = 2",
    ],
)
def test_tampering_with_the_chain_is_found(laptop, stick, attack):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="A")]))
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="B")]))
    with laptop.vault.begin() as connection:
        connection.execute(text("DROP TRIGGER events_update"))
        connection.execute(text("DROP TRIGGER events_delete"))
        connection.execute(text(attack))
    with pytest.raises(ChainBroken), laptop.vault.begin() as connection:
        verify_chain(connection, laptop.ring)


def test_event_signed_by_another_laptop_is_found(laptop, stick):
    other = type(laptop.ring)(**{**laptop.ring.__dict__, "seeds": type(laptop.ring.seeds).fresh()})
    with laptop.vault.begin() as connection:
        append_event(connection, other, "media-exported", item=1, object="ab", size=1)
    with pytest.raises(ChainBroken):
        laptop.event_count()


def test_media_comes_out_under_a_neutral_name(laptop, stick, tmp_path):
    report = laptop.report()
    laptop.take(laptop.server.bundle(stick, report.parts))
    before = laptop.event_count()
    ((path, size),) = export_media(laptop.vault, laptop.ring, laptop.item(), tmp_path / "out")
    assert path.name == "1-1.jpg"
    assert (path.read_bytes(), size) == (report.body, len(report.body))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert laptop.event_count() == before + 1


def test_small_hand_sealed_file_comes_out(laptop, stick, tmp_path):
    (stick / "x").write_bytes(laptop.phone().seal_raw(b"by hand").data)
    laptop.take(stick / "x")
    ((path, _),) = export_media(laptop.vault, laptop.ring, laptop.item(), tmp_path / "out")
    assert path.read_bytes() == b"by hand"


def test_media_never_goes_into_the_home_folder(laptop, stick, tmp_path):
    laptop.take(laptop.server.bundle(stick, laptop.report().parts))
    (tmp_path / "way-in").symlink_to(laptop.home.path)
    for folder in (laptop.home.path / "out", laptop.home.vault, tmp_path / "way-in" / "out"):
        with pytest.raises(InputInvalid):
            export_media(laptop.vault, laptop.ring, laptop.item(), folder)


def test_media_never_goes_into_a_folder_open_to_others(laptop, stick, tmp_path):
    laptop.take(laptop.server.bundle(stick, laptop.report().parts))
    (tmp_path / "open").mkdir(mode=0o755)
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(KeyFileLoose):
        export_media(laptop.vault, laptop.ring, laptop.item(), tmp_path / "open")


def test_media_of_a_report_without_files_is_not_found(laptop, stick, tmp_path):
    laptop.take(laptop.server.bundle(stick, [laptop.phone().section(who="A")]))
    with pytest.raises(NotFound):
        export_media(laptop.vault, laptop.ring, laptop.item(), tmp_path / "out")


def test_media_changed_in_the_vault_does_not_come_out(laptop, stick, tmp_path):
    report = laptop.report()
    laptop.take(laptop.server.bundle(stick, report.parts))
    kept = laptop.vault.object_path(report.photo.sha256)
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    kept.write_bytes(data)
    with pytest.raises(PayloadError):
        export_media(laptop.vault, laptop.ring, laptop.item(), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_damaged_page_is_said_without_a_traceback(laptop, stick, capsys, tmp_path):
    laptop.take_one(laptop.server.bundle(stick, [laptop.phone().section(who="x")]))
    save_ring(laptop.home.key_file, laptop.ring, "six words would be better")
    laptop.close()
    database = bytearray(laptop.home.database.read_bytes())
    for start in range(4096, len(database), 4096):
        database[start] ^= 1
    laptop.home.database.write_bytes(database)
    passphrase = tmp_path / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text("six words would be better\n")
    assert cli.run(["--home", str(laptop.home.path), "--passphrase-file", str(passphrase), "list"]) == 1
    printed = capsys.readouterr().err
    assert "error: The vault does not open" in printed
    assert "SELECT" not in printed
