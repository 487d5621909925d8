"""Lists of a million rows: indexes to sort pictures and jobs by, and to search text.

The indexes of text are made after each migration, by `cms.fulltext.install`.
"""

from alembic import op

from cms import fulltext

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SORTED_BY = ("title", "created_at")


def upgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(op.f("ix_image_id"), "image", ["id"], unique=False)
    with op.batch_alter_table("image", schema=None) as batch_op:
        for name in SORTED_BY:
            batch_op.create_index(batch_op.f(f"ix_image_{name}_id"), [name, "id"], unique=False)
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_job_created_at_id"), ["created_at", "id"], unique=False
        )
        batch_op.drop_index(batch_op.f("ix_job_created_at"))


def downgrade():
    fulltext.remove(op.get_bind())
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_created_at"), ["created_at"], unique=False)
        batch_op.drop_index(batch_op.f("ix_job_created_at_id"))
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(op.f("ix_image_id"), "image")
    with op.batch_alter_table("image", schema=None) as batch_op:
        for name in SORTED_BY:
            batch_op.drop_index(batch_op.f(f"ix_image_{name}_id"))
