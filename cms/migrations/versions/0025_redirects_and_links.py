"""How often a redirect was used, and when last; the links of menus and redirects."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_INDEXED = ("uses", "used_at")
_LEADING = ("menu", "redirect")


def upgrade():
    op.add_column("redirect", sa.Column("uses", sa.Integer(), server_default="0", nullable=False))
    op.add_column("redirect", sa.Column("used_at", UtcDateTime(), nullable=True))
    for name in _INDEXED:
        op.create_index(op.f(f"ix_redirect_{name}_id"), "redirect", [name, "id"])
    with op.batch_alter_table("link_use", schema=None) as batch_op:
        for name in _LEADING:
            batch_op.add_column(sa.Column(f"{name}_id", sa.Integer(), nullable=True))
            batch_op.create_foreign_key(
                batch_op.f(f"fk_link_use_{name}_id"),
                name,
                [f"{name}_id"],
                ["id"],
                ondelete="CASCADE",
            )
            batch_op.create_unique_constraint(
                batch_op.f(f"uq_link_use_link_id_{name}_id"), ["link_id", f"{name}_id"]
            )
            batch_op.create_index(batch_op.f(f"ix_link_use_{name}_id"), [f"{name}_id"])


def downgrade():
    with op.batch_alter_table("link_use", schema=None) as batch_op:
        for name in _LEADING:
            batch_op.drop_constraint(batch_op.f(f"fk_link_use_{name}_id"), type_="foreignkey")
            batch_op.drop_constraint(batch_op.f(f"uq_link_use_link_id_{name}_id"), type_="unique")
            batch_op.drop_index(batch_op.f(f"ix_link_use_{name}_id"))
            batch_op.drop_column(f"{name}_id")
    for name in _INDEXED:
        op.drop_index(op.f(f"ix_redirect_{name}_id"), "redirect")
        op.drop_column("redirect", name)
