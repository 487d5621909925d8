"""The order of presets, and what can be taken back."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PRESET = sa.table("image_preset", sa.column("name"), sa.column("position"))
SHIPPED = (
    "resize", "thumbnail", "width-320", "width-640", "width-960", "width-1280", "width-1920"
)  # fmt: skip
GAP = 1024


def upgrade():
    with op.batch_alter_table("image_preset", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("position", sa.Integer(), server_default="1000000", nullable=False)
        )
    for place, name in enumerate(SHIPPED, 1):
        at = sa.update(PRESET).where(PRESET.c.name == name)
        op.execute(at.values(position=place * GAP))
    op.create_table(
        "undo_step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("view", sa.String(length=40), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undo_step")),
    )
    with op.batch_alter_table("undo_step", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_undo_step_user_id_created_at"), ["user_id", "created_at"], unique=False
        )


def downgrade():
    op.drop_table("undo_step")
    with op.batch_alter_table("image_preset", schema=None) as batch_op:
        batch_op.drop_column("position")
