"""What the site needs to answer quickly: stamps, and indexes that its lists are read from."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LISTED = (
    ("language", "state", "published_at", "id"),
    ("category_id", "state", "published_at", "id"),
)


def upgrade():
    op.create_table(
        "stamp",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stamp")),
    )
    for columns in LISTED:
        name = f"ix_article_{'_'.join(columns)}"
        # The new one first: MariaDB keeps no foreign key without an index of its column.
        op.create_index(op.f(f"{name}_deleted_at"), "article", [*columns, "deleted_at"])
        op.drop_index(op.f(name), table_name="article")


def downgrade():
    for columns in LISTED:
        name = f"ix_article_{'_'.join(columns)}"
        op.create_index(op.f(name), "article", [*columns])
        op.drop_index(op.f(f"{name}_deleted_at"), table_name="article")
    op.drop_table("stamp")
