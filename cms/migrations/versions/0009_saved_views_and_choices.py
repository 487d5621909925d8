"""Saved views of lists, how each person has each list shown, and shortcuts."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("list", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_saved_view_owner_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint(
            "owner_id", "list", "name", name=op.f("uq_saved_view_owner_id_list_name")
        ),
    )
    with op.batch_alter_table("saved_view", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_saved_view_list_shared"), ["list", "shared"], unique=False
        )
    op.create_table(
        "list_choice",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("list", sa.String(length=40), nullable=False),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("look", sa.String(length=10), nullable=True),
        sa.Column("view_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_list_choice_user_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["view_id"],
            ["saved_view.id"],
            name=op.f("fk_list_choice_view_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("user_id", "list", name=op.f("pk_list_choice")),
    )
    with op.batch_alter_table("list_choice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_list_choice_view_id"), ["view_id"], unique=False)
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("shortcuts", sa.Boolean(), server_default=sa.true(), nullable=False)
        )


def downgrade():
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_column("shortcuts")
    op.drop_table("list_choice")
    op.drop_table("saved_view")
