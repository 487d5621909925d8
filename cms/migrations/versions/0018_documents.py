"""Documents, and which texts link to them; which redirects were made by hand."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

INDEXES = (
    ["deleted_at", "id"],
    ["status", "id", "deleted_at"],
    ["owner_id", "id", "deleted_at"],
    ["title", "id", "deleted_at"],
    ["sha256"],
)


def upgrade():
    op.create_table(
        "document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("mime", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=True),
        sa.Column("preview_key", sa.String(length=100), nullable=True),
        sa.Column("preview_width", sa.Integer(), nullable=True),
        sa.Column("preview_height", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("processed_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column], ["user.id"], name=op.f(f"fk_document_{column}"), ondelete="SET NULL"
            )
            for column in ("owner_id", "deleted_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("key", name=op.f("uq_document_key")),
    )
    for columns in INDEXES:
        op.create_index(op.f(f"ix_document_{'_'.join(columns)}"), "document", columns)
    for kind in ("article", "page"):
        _links(kind)
    op.add_column(
        "redirect",
        sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def _links(kind):
    table, mine = f"{kind}_document", f"{kind}_id"
    op.create_table(
        table,
        sa.Column(mine, sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            [mine], [f"{kind}.id"], name=op.f(f"fk_{table}_{mine}"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f(f"fk_{table}_document_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(mine, "document_id", name=op.f(f"pk_{table}")),
    )
    op.create_index(op.f(f"ix_{table}_document_id"), table, ["document_id"])


def downgrade():
    op.drop_column("redirect", "by_hand")
    for kind in ("article", "page"):
        op.drop_table(f"{kind}_document")
    op.drop_table("document")
