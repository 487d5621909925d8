"""An index to find the revisions that are still open."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME = "ix_revision_open_at"


def upgrade():
    if op.get_bind().dialect.name == "postgresql":  # others go on writing
        with op.get_context().autocommit_block():
            op.create_index(
                NAME, "revision", ["open", "at"], postgresql_concurrently=True, if_not_exists=True
            )
    else:
        op.create_index(NAME, "revision", ["open", "at"])


def downgrade():
    op.drop_index(NAME, "revision")
