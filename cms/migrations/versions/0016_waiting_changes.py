"""Changes to what is live that wait to be published, and revisions of a whole sitting."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    for table in ("article", "page"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column("waiting", sa.Integer(), nullable=True))
            batch_op.add_column(sa.Column("waiting_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("open", sa.Boolean(), server_default=sa.false(), nullable=False)
        )


def downgrade():
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_column("open")
    for table in ("article", "page"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("waiting_at")
            batch_op.drop_column("waiting")
