"""The audit trail says by what face something was done, and is chained."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("audit_entry") as table:
        table.add_column(sa.Column("face", sa.String(length=10), nullable=True))
        table.add_column(sa.Column("request", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("seal_number", sa.Integer(), nullable=True))
        table.add_column(sa.Column("seal", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("seal_before", sa.String(length=64), nullable=True))
        table.create_unique_constraint(op.f("uq_audit_entry_seal_number"), ["seal_number"])
    op.create_index(op.f("ix_audit_entry_user_id_id"), "audit_entry", ["user_id", "id"])
    op.create_index(op.f("ix_audit_entry_action_id"), "audit_entry", ["action", "id"])


def downgrade():
    op.drop_index(op.f("ix_audit_entry_action_id"), "audit_entry")
    op.drop_index(op.f("ix_audit_entry_user_id_id"), "audit_entry")
    with op.batch_alter_table("audit_entry") as table:
        table.drop_constraint(op.f("uq_audit_entry_seal_number"), type_="unique")
        for name in ("seal_before", "seal", "seal_number", "request", "face"):
            table.drop_column(name)
