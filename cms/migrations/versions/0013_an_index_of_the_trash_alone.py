"""An index of the trash alone, which SQLite does not take for every list of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_image_deleted_at_id"
DELETED = {f"{kind}_where": sa.text("deleted_at IS NOT NULL") for kind in ("sqlite", "postgresql")}


def upgrade():
    replace(**DELETED)


def downgrade():
    replace()


def replace(**only):
    if op.get_bind().dialect.name not in ("sqlite", "postgresql"):
        return
    op.drop_index(NAME, "image")
    op.create_index(NAME, "image", ["deleted_at", "id"], **only)
