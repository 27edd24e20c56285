"""What is known of a reading's text, and of a summary before somebody approves it.

A step never changes once it was released: it says how files were, not how ``tables`` is now.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, default in (("author", ""), ("published", ""), ("notes", "[]"), ("text_hash", "")):
        op.add_column(
            "readings", sa.Column(name, sa.Text(), server_default=default, nullable=False)
        )
    op.add_column(
        "summaries", sa.Column("findings", sa.Text(), server_default="[]", nullable=False)
    )
    op.add_column("summaries", sa.Column("usage", sa.Text(), nullable=True))
    op.add_column("summaries", sa.Column("scope", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "summaries",
        sa.Column("edited", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("summaries", sa.Column("approved_at", sa.Text(), nullable=True))
    # Until now whatever was stored was shown at once.
    op.execute("UPDATE summaries SET approved_at = created_at WHERE status = 'approved'")
    _hash_texts()


def _hash_texts() -> None:
    file = op.get_bind()
    for reading_id, body in file.exec_driver_sql(
        "SELECT id, text FROM readings WHERE text <> ''"
    ).fetchall():
        digest = hashlib.sha256(body.encode()).hexdigest()
        file.exec_driver_sql("UPDATE readings SET text_hash = ? WHERE id = ?", (digest, reading_id))
