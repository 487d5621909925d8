"""Schedules, duties, pauses, tallies, selections; what mail has told of a notification."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "duty",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("taken_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_duty")),
    )
    op.create_table(
        "job_tally",
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("task", sa.String(length=60), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("other", sa.Integer(), nullable=False),
        sa.Column("waited", sa.Double(), nullable=False),
        sa.Column("waited_longest", sa.Double(), nullable=False),
        sa.Column("ran", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("begins_at", "task", name=op.f("pk_job_tally")),
    )
    op.create_table(
        "paused_task",
        sa.Column("task", sa.String(length=60), nullable=False),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.Column("paused_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["paused_by_id"],
            ["user.id"],
            name=op.f("fk_paused_task_paused_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_paused_task")),
    )
    op.create_table(
        "schedule",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("last_due_at", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.Column("last_job_id", sa.String(length=36), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("paused_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["last_job_id"], ["job.id"], name=op.f("fk_schedule_last_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["paused_by_id"],
            ["user.id"],
            name=op.f("fk_schedule_paused_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedule")),
    )
    op.create_table(
        "selection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_selection_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection")),
    )
    op.create_table(
        "selected_thing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("selection_id", sa.Integer(), nullable=False),
        sa.Column("thing_id", sa.String(length=40), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["selection_id"],
            ["selection.id"],
            name=op.f("fk_selected_thing_selection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selected_thing")),
    )
    with op.batch_alter_table("selected_thing", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_selected_thing_selection_id_done_at_id"),
            ["selection_id", "done_at", "id"],
            unique=False,
        )

    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("told_at", UtcDateTime(), nullable=True))
        batch_op.add_column(
            sa.Column("told_count", sa.Integer(), server_default="0", nullable=False)
        )

    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.add_column(sa.Column("queue_away_since", UtcDateTime(), nullable=True))

    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.add_column(sa.Column("holder", sa.String(length=120), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_job_finished_at"),
            ["finished_at"],
            unique=False,
            postgresql_where=sa.text("finished_at IS NOT NULL"),
        )
        batch_op.create_index(
            batch_op.f("ix_job_state_created_at"), ["state", "created_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_job_task_created_at"), ["task", "created_at"], unique=False
        )

    _narrow_indexes()
    _move_attempts_that_ended_well()


def _narrow_indexes():
    """On PostgreSQL an index of what waits or runs need not hold what has ended."""
    for column, where in (
        ("due_at", "state IN ('queued', 'retrying')"),
        ("lease_until", "lease_until IS NOT NULL"),
    ):
        name = f"ix_job_state_{column}"
        op.drop_index(name, "job")
        op.create_index(name, "job", ["state", column], postgresql_where=sa.text(where))


def _move_attempts_that_ended_well():
    """An attempt that runs, or ended well, is told by the row of its job."""
    job = sa.table("job", sa.column("id"), sa.column("holder"), sa.column("attempts_made"))
    attempt = sa.table(
        "job_attempt",
        sa.column("job_id"),
        sa.column("number"),
        sa.column("worker"),
        sa.column("outcome"),
    )
    last = (
        sa.select(attempt.c.worker)
        .where(attempt.c.job_id == job.c.id, attempt.c.number == job.c.attempts_made)
        .scalar_subquery()
    )
    op.execute(job.update().values(holder=last))
    op.execute(
        attempt.delete().where(
            sa.or_(attempt.c.outcome.is_(None), attempt.c.outcome.in_(("succeeded", "moot")))
        )
    )


def downgrade():
    for column in ("due_at", "lease_until"):
        op.drop_index(f"ix_job_state_{column}", "job")
        op.create_index(f"ix_job_state_{column}", "job", ["state", column])
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_task_created_at"))
        batch_op.drop_index(batch_op.f("ix_job_state_created_at"))
        batch_op.drop_index(batch_op.f("ix_job_finished_at"))
        batch_op.drop_column("holder")

    with op.batch_alter_table("worker", schema=None) as batch_op:
        batch_op.drop_column("queue_away_since")

    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        batch_op.drop_column("told_count")
        batch_op.drop_column("told_at")

    op.drop_table("selected_thing")
    op.drop_table("selection")
    op.drop_table("schedule")
    op.drop_table("paused_task")
    op.drop_table("job_tally")
    op.drop_table("duty")
