"""What the worst night needs.

Work classes, announced digests, the log each laptop has seen, and slots that wait for their moment.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds columns and a table; on PostgreSQL also stops it from trying to compress ciphertext."""
    op.add_column("objects", sa.Column("work", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("uploads", sa.Column("work", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("uploads", sa.Column("announced", sa.LargeBinary(32)))
    op.add_column("uploads", sa.Column("nonce", sa.LargeBinary(16)))
    op.add_column("outboxes", sa.Column("log_size", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("mailboxes", sa.Column("day", sa.Date()))
    op.add_column("heads", sa.Column("edge", sa.LargeBinary()))
    op.create_table(
        "waiting_slots",
        sa.Column("batch", sa.LargeBinary(16), primary_key=True),
        sa.Column("number", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("mailbox", sa.LargeBinary(32), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(4096), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        for table, column in (("bodies", "sealed"), ("mailboxes", "slots"), ("waiting_slots", "data")):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
