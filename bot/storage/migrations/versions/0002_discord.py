"""Guilds, votes' and RSVPs' people, merged questions, proposals, settings.

A step never changes once it was released: it says how files were, not how ``tables`` is now.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("groups", sa.Column("set_up_at", sa.Text(), nullable=True))
    op.add_column(
        "rsvps",
        sa.Column("interested", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.create_index(op.f("ix_rsvps_person_id"), "rsvps", ["person_id"], unique=False)
    op.create_index(op.f("ix_votes_person_id"), "votes", ["person_id"], unique=False)
    # SQLite can't add a foreign key to a table: it is copied, and takes the old one's place.
    with op.batch_alter_table(
        "questions", recreate="always", table_kwargs={"sqlite_strict": True}
    ) as questions:
        questions.add_column(sa.Column("merged_into", sa.Integer(), nullable=True))
        questions.create_foreign_key(
            op.f("fk_questions_merged_into_questions"), "questions", ["merged_into"], ["id"]
        )
    op.create_table(
        "guilds",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("organiser_role", sa.Text(), nullable=False),
        sa.Column("set_up_by", sa.Text(), nullable=False),
        sa.Column("set_up_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_guilds_group_id_groups")
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_guilds")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_guilds_group_id"), "guilds", ["group_id"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_proposals_group_id_groups")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
        sqlite_strict=True,
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
