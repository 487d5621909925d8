"""What people are called."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "user", sa.Column("name", sa.String(length=80), nullable=False, server_default="")
    )


def downgrade():
    op.drop_column("user", "name")
