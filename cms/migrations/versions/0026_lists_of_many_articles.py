"""Indexes for lists of very many articles.

SQLite took that of the trash for all that is not in it, as it once did with pictures (0013).
What is held and what waits is counted on each page, and is hardly ever there. Where a
picture or a document is used is said of the first few, however many they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TRASH = "ix_article_deleted_at_id"
KEYS = "ix_article_id_deleted_at"
PUBLISHED = "ix_article_published_at_id_deleted_at"
FEW = {name: f"ix_article_{name}_id_deleted_at" for name in ("held_at", "waiting")}
USES = [
    ("article", "cover_id", "id"),
    *((f"{kind}_picture", "image_id", f"{kind}_id") for kind in ("article", "page")),
    *((f"{kind}_document", "document_id", f"{kind}_id") for kind in ("article", "page")),
]


def upgrade():
    if on("sqlite", "postgresql"):
        op.drop_index(TRASH, "article")
        op.create_index(TRASH, "article", ["deleted_at", "id"], **where("deleted_at"))
        op.create_index(KEYS, "article", ["id", "deleted_at"])
    op.create_index(PUBLISHED, "article", ["published_at", "id", "deleted_at"])
    for column, name in FEW.items():
        op.create_index(name, "article", [column, "id", "deleted_at"], **where(column))
    for table, used, user in USES:  # the new one first: MariaDB needs one for the foreign key
        op.create_index(f"ix_{table}_{used}_{user}", table, [used, user])
        op.drop_index(f"ix_{table}_{used}", table)


def downgrade():
    for table, used, user in USES:
        op.create_index(f"ix_{table}_{used}", table, [used])
        op.drop_index(f"ix_{table}_{used}_{user}", table)
    for name in (*FEW.values(), PUBLISHED):
        op.drop_index(name, "article")
    if on("sqlite", "postgresql"):
        op.drop_index(KEYS, "article")
        op.drop_index(TRASH, "article")
        op.create_index(TRASH, "article", ["deleted_at", "id"])


def where(column):
    there = sa.text(f"{column} IS NOT NULL")
    return {"sqlite_where": there, "postgresql_where": there}


def on(*dialects):
    return op.get_bind().dialect.name in dialects
