"""The vault's tables. Rows of `objects`, `listings`, `events` and `heads` are never changed or removed (triggers).

| table | a row is |
|---|---|
| objects | one sealed object by the SHA-256 of its ciphertext; `data` is NULL when it lies in objects/ |
| listings | a server's word that it holds an object under an id: what an ack answers |
| items | a number in `reviewer list`, given once |
| parts | what one opened object says, so that listing need not decrypt again; derived from objects |
| events | one signed link of the chain; the vault's state is a fold over them |
| slots | the sealed bytes of an answer |
| outboxes | a signed outbox, kept until it and after it was written |
| leaves, heads | what a log has shown us |
"""

from sqlalchemy import Boolean, Column, Integer, LargeBinary, MetaData, String, Table

METADATA = MetaData()

STATE_OPENED = "opened"
STATE_UNOPENED = "unopened"
STATE_MALFORMED = "malformed"

OBJECTS = Table(
    "objects",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("problem", String, nullable=False),
    Column("day", String, nullable=False),
    Column("data", LargeBinary),
)

LISTINGS = Table(
    "listings",
    METADATA,
    Column("object_id", LargeBinary(16), primary_key=True),
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("day", String, nullable=False),
    Column("log", String, nullable=False),
    Column("leaf", Integer, nullable=False),
    Column("bundle", String, nullable=False),
)

ITEMS = Table(
    "items",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("key", LargeBinary, unique=True, nullable=False),
    sqlite_autoincrement=True,
)

PARTS = Table(
    "parts",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("item", Integer, nullable=False, index=True),
    Column("kind", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("build", Integer, nullable=False),
    Column("report_id", LargeBinary(16), nullable=False),
    Column("part_id", LargeBinary(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("replaces", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("recipient", LargeBinary),
    Column("follow_up_key", LargeBinary, index=True),
    Column("slot_key", LargeBinary),
    Column("signed", Boolean, nullable=False),
    Column("media_type", Integer, nullable=False),
    Column("body_size", Integer, nullable=False),
    Column("body_sha256", LargeBinary(32), nullable=False),
    Column("body", LargeBinary),
)

EVENTS = Table(
    "events",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("signature", LargeBinary(64), nullable=False),
)

SLOTS = Table(
    "slots",
    METADATA,
    Column("mailbox_id", LargeBinary(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

OUTBOXES = Table(
    "outboxes",
    METADATA,
    Column("purpose", String, primary_key=True),
    Column("serial", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("written", Boolean, nullable=False),
)

LEAVES = Table(
    "leaves",
    METADATA,
    Column("log", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("leaf", LargeBinary(32), nullable=False),
)

HEADS = Table(
    "heads",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("log", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("day", String, nullable=False),
    Column("batch", Integer, nullable=False),
    Column("note", LargeBinary, nullable=False),
)

IMMUTABLE = (OBJECTS, LISTINGS, EVENTS, HEADS)
