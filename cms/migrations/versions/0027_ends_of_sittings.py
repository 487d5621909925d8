"""An index to find the revisions that are still open."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME = "ix_revision_open_at"


def upgrade():
    if op.get_bind().dialect.name == "postgresql":  # others go on writing
        with op.get_context().autocommit_block():
            # One whose building was stopped is there, but is not used.
            spoiled = sa.text(
                "SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)"
            )
            if op.get_bind().scalar(spoiled, {"name": NAME}):
                op.drop_index(NAME, "revision", postgresql_concurrently=True)
            op.create_index(
                NAME, "revision", ["open", "at"], postgresql_concurrently=True, if_not_exists=True
            )
    else:
        op.create_index(NAME, "revision", ["open", "at"])


def downgrade():
    op.drop_index(NAME, "revision")
