-- The tables as the first server made them, before versions were written down.
CREATE TABLE acks (
    object_id BLOB NOT NULL,
    laptop VARCHAR(64) NOT NULL,
    giver VARCHAR(64) NOT NULL,
    "key" BLOB NOT NULL,
    day DATE NOT NULL,
    PRIMARY KEY (object_id, laptop, giver, "key")
)
 WITHOUT ROWID;
CREATE TABLE bodies (
    id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE counters (
    name VARCHAR(32) NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
)
 WITHOUT ROWID;
CREATE TABLE erasures (
    id BLOB NOT NULL,
    PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE heads (
    batch BIGINT NOT NULL,
    day DATE NOT NULL,
    size BIGINT NOT NULL,
    note BLOB NOT NULL,
    PRIMARY KEY (batch)
)
 WITHOUT ROWID;
CREATE TABLE leaves (
    number BIGINT NOT NULL,
    leaf BLOB NOT NULL,
    PRIMARY KEY (number)
)
 WITHOUT ROWID;
CREATE TABLE mailboxes (
    id BLOB NOT NULL,
    slots BLOB NOT NULL,
    PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE manifests (
    serial BIGINT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (serial)
)
 WITHOUT ROWID;
CREATE TABLE objects (
    id BLOB NOT NULL,
    kind SMALLINT NOT NULL,
    size BIGINT NOT NULL,
    sha256 BLOB NOT NULL,
    epoch BIGINT NOT NULL,
    day DATE NOT NULL,
    salt BLOB NOT NULL,
    leaf_number BIGINT,
    PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE INDEX ix_objects_leaf_number ON objects (leaf_number);
CREATE INDEX ix_objects_sha256 ON objects (sha256);
CREATE TABLE outboxes (
    laptop VARCHAR(64) NOT NULL,
    purpose VARCHAR(64) NOT NULL,
    serial BIGINT NOT NULL,
    PRIMARY KEY (laptop, purpose)
)
 WITHOUT ROWID;
CREATE TABLE revoked (
    key_hash VARCHAR(64) NOT NULL,
    day DATE NOT NULL,
    PRIMARY KEY (key_hash)
)
 WITHOUT ROWID;
CREATE TABLE uploads (
    id BLOB NOT NULL,
    size BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    position BIGINT NOT NULL,
    day DATE NOT NULL,
    PRIMARY KEY (id)
)
 WITHOUT ROWID;
