"""The trash of pictures, and who has what open."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

SORTED_OUT_BY = ("status", "owner_id", "look_id", "mime", "size", "orientation", "animated")
SORTED_BY = ("title", "created_at")
# Only those without are ever looked for by it.
TEXTLESS = {
    "sqlite_where": sa.text("alt_text = ''"),
    "postgresql_where": sa.text("alt_text = ''"),
    "mysql_length": {"alt_text": 1},
    "mariadb_length": {"alt_text": 1},
}


def upgrade():
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deleted_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("deleted_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_image_deleted_by_id"),
            "user",
            ["deleted_by_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_index(
            batch_op.f("ix_image_deleted_at_id"), ["deleted_at", "id"], unique=False
        )
    index(("id",), ("id", "deleted_at"))
    op.create_table(
        "presence",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_presence_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("kind", "thing_id", "user_id", name=op.f("pk_presence")),
    )
    with op.batch_alter_table("presence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_presence_user_id_seen_at"), ["user_id", "seen_at"], unique=False
        )


def index(before, now):
    """Replace the last columns of the indexes that lists of pictures are sorted out by."""
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("image", schema=None) as batch_op:
            batch_op.create_index(batch_op.f(named(*now)), [*now], unique=False)
            batch_op.drop_index(batch_op.f(named(*before)))
    for name in (*SORTED_OUT_BY, *SORTED_BY, "alt_text"):
        more = TEXTLESS if name == "alt_text" else {}
        with op.batch_alter_table("image", schema=None) as batch_op:
            batch_op.create_index(
                batch_op.f(named(name, *now)),
                [name, *now],
                unique=False,
                **more,
            )
            batch_op.drop_index(batch_op.f(named(name, *before)))


def named(*columns):
    return "_".join(("ix_image", *columns))


def downgrade():
    op.drop_table("presence")
    index(("id", "deleted_at"), ("id",))
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_image_deleted_by_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_image_deleted_at_id"))
        batch_op.drop_column("deleted_by_id")
        batch_op.drop_column("deleted_at")
