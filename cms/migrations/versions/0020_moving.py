"""Whole sites that are taken in, and where things came from."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "site_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=True),
        sa.Column("media_key", sa.String(length=100), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("fetches", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_site_import_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_import")),
        sa.UniqueConstraint("key", name=op.f("uq_site_import_key")),
        sa.UniqueConstraint("media_key", name=op.f("uq_site_import_media_key")),
    )
    op.create_index(op.f("ix_site_import_user_id_id"), "site_import", ["user_id", "id"])
    op.create_index(op.f("ix_site_import_created_at"), "site_import", ["created_at"])
    op.create_table(
        "site_import_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=600), nullable=False),
        sa.Column("local", sa.String(length=600), nullable=False),
        sa.Column("address", sa.String(length=600), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=True),
        *_of_an_import("site_import_item"),
    )
    for columns in (["state", "what", "id"], ["ref"], ["local"], ["address"]):
        names = ["import_id", *columns]
        op.create_index(op.f(f"ix_site_import_item_{'_'.join(names)}"), "site_import_item", names)
    op.create_table(
        "site_import_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        *_of_an_import("site_import_note"),
    )
    op.create_index(
        op.f("ix_site_import_note_import_id_id"), "site_import_note", ["import_id", "id"]
    )
    op.create_table(
        "import_origin",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("ref", sa.String(length=600), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_origin")),
        sa.UniqueConstraint("key", name=op.f("uq_import_origin_key")),
    )
    op.create_index(op.f("ix_import_origin_kind_thing_id"), "import_origin", ["kind", "thing_id"])


def _of_an_import(table):
    return (
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["site_import.id"],
            name=op.f(f"fk_{table}_import_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def downgrade():
    for table in ("import_origin", "site_import_note", "site_import_item", "site_import"):
        op.drop_table(table)
