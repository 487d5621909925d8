"""Indexes for lists of pictures that leave out the trash.

SQLite took that of the trash for all that is not in it; now it holds the trash alone.
PostgreSQL counted the keys of a deep page by looking at each row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TRASH = "ix_image_deleted_at_id"
KEYS = "ix_image_id_deleted_at"
DELETED = {f"{kind}_where": sa.text("deleted_at IS NOT NULL") for kind in ("sqlite", "postgresql")}


def upgrade():
    replace(**DELETED)
    if on("postgresql"):
        op.create_index(KEYS, "image", ["id", "deleted_at"])


def downgrade():
    replace()
    if on("postgresql"):
        op.drop_index(KEYS, "image")


def replace(**only):
    if on("sqlite", "postgresql"):
        op.drop_index(TRASH, "image")
        op.create_index(TRASH, "image", ["deleted_at", "id"], **only)


def on(*dialects):
    return op.get_bind().dialect.name in dialects
