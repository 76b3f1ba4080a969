"""The tables. Nothing in them tells an address, a name, an order of arrival or a time finer than a day.

Keys are random or hashes, and SQLite keeps rows in the order of their key (no hidden counting rowid). What still shows
order inside the database file is written in README.md. The SQL stays neutral: PostgreSQL gets the same tables.
"""

from sqlalchemy import BigInteger, Column, Date, LargeBinary, MetaData, SmallInteger, String, Table, Text
from sqlalchemy.schema import SchemaItem

from intake.wire.constants import (
    ED25519_KEY_SIZE,
    MAILBOX_ID_SIZE,
    MAILBOX_SIZE,
    OBJECT_ID_SIZE,
    SALT_SIZE,
    SHA256_SIZE,
    SLOT_SIZE,
)

metadata = MetaData()


def _table(name: str, *columns: SchemaItem) -> Table:
    return Table(name, metadata, *columns, sqlite_with_rowid=False)


def _object_id() -> Column[bytes]:
    return Column("id", LargeBinary(OBJECT_ID_SIZE), primary_key=True)


objects = _table(
    "objects",
    _object_id(),
    Column("kind", SmallInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary(SHA256_SIZE), nullable=False, index=True),
    Column("epoch", BigInteger, nullable=False),
    Column("day", Date, nullable=False),
    Column("salt", LargeBinary(SALT_SIZE), nullable=False),
    Column("leaf_number", BigInteger, index=True),
    Column("work", SmallInteger, nullable=False, server_default="0"),
)
"""Every stored sealed object, small or media; `leaf_number` is empty until its batch is closed.

`work` is the coarse class of puzzle work its sender solved, 0 for none: exports go by it.
"""

bodies = _table("bodies", _object_id(), Column("sealed", LargeBinary, nullable=False))
"""The bytes of small objects. Media lie in the blob store."""

uploads = _table(
    "uploads",
    _object_id(),
    Column("size", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("work", SmallInteger, nullable=False, server_default="0"),
    Column("day", Date, nullable=False),
    Column("announced", LargeBinary(SHA256_SIZE)),
    Column("nonce", LargeBinary(OBJECT_ID_SIZE)),
)
"""Unfinished media; `position` bytes are on the disk for good, the last of them came on `day`.

`announced` is the SHA-256 the whole must have, where its sender told it at creation. `nonce` is random: it tells two
uploads under one id apart, of which the first was removed while another process remembered it.
"""

erasures = _table("erasures", _object_id())
"""Media whose record is gone and whose file must go: what a stopped deletion has still to do."""

leaves = _table(
    "leaves",
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary(SHA256_SIZE), nullable=False),
)
"""The intake log; stays for ever."""

heads = _table(
    "heads",
    Column("batch", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("edge", LargeBinary),
)
"""Signed heads of the intake log, one a batch; `edge` is the right edge of its tree, from which the next one grows."""

manifests = _table(
    "manifests",
    Column("serial", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
"""Key manifests as their signed notes; verified against the pinned roots whenever they are loaded."""

revoked = _table(
    "revoked",
    Column("key_hash", String(64), primary_key=True),
    Column("day", Date, nullable=False),
)
"""Keys that a manifest in force has revoked, and the day the server saw it."""

acks = _table(
    "acks",
    Column("object_id", LargeBinary(OBJECT_ID_SIZE), primary_key=True),
    Column("laptop", String(64), primary_key=True),
    Column("giver", String(64), primary_key=True),
    Column("key", LargeBinary(ED25519_KEY_SIZE), primary_key=True),
    Column("day", Date, nullable=False),
)
"""Which laptop holds which object: `giver` is empty, or the laptop it has the object from; `key` signed it."""

outboxes = _table(
    "outboxes",
    Column("laptop", String(64), primary_key=True),
    Column("purpose", String(64), primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("log_size", BigInteger, nullable=False, server_default="0"),
)
"""The last applied serial of each laptop and purpose, against replays; `log_size` leaves of the log it has seen."""

mailboxes = _table(
    "mailboxes",
    Column("id", LargeBinary(MAILBOX_ID_SIZE), primary_key=True),
    Column("slots", LargeBinary(MAILBOX_SIZE), nullable=False),
    Column("day", Date),
)
"""Mailboxes, all slots in one value of 16,384 bytes, a slot that is empty holding its decoy; last filled on `day`."""

waiting_slots = _table(
    "waiting_slots",
    Column("batch", LargeBinary(OBJECT_ID_SIZE), primary_key=True),
    Column("number", SmallInteger, primary_key=True, autoincrement=False),
    Column("mailbox", LargeBinary(MAILBOX_ID_SIZE), nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("data", LargeBinary(SLOT_SIZE), nullable=False),
    Column("day", Date, nullable=False),
)
"""Slots of applied outboxes that wait for their batch's random moment; `batch` is random, `day` when it was applied."""

counters = _table(
    "counters",
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
"""Small numbers that outlive a process: the serial of the last bundle, refusals by reason."""
