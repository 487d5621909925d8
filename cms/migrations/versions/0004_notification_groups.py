"""Notifications are groups of what fails in the same way; each old one becomes a group."""

import json

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD = sa.table(
    "admin_notification",
    sa.column("id", sa.Integer()),
    sa.column("job_id", sa.String()),
    sa.column("job_data", sa.JSON()),
    sa.column("created_at", UtcDateTime()),
    sa.column("resolved_at", UtcDateTime()),
)
GROUP = sa.table(
    "admin_notification",
    sa.column("id", sa.Integer()),
    sa.column("fingerprint", sa.String()),
    sa.column("created_at", UtcDateTime()),
    sa.column("first_seen_at", UtcDateTime()),
    sa.column("last_seen_at", UtcDateTime()),
)
OCCURRENCE = sa.table(
    "notification_occurrence",
    sa.column("notification_id", sa.Integer()),
    sa.column("job_id", sa.String()),
    sa.column("attempt", sa.Integer()),
    sa.column("subject_kind", sa.String()),
    sa.column("subject_id", sa.String()),
    sa.column("created_at", UtcDateTime()),
    sa.column("closed_at", UtcDateTime()),
)


def upgrade():
    # Read first: SQLite alters a table by copying it, and with the old one its references go.
    old = op.get_bind().execute(sa.select(OLD).order_by(OLD.c.id)).all()
    alter_groups()
    create_occurrences()
    create_notes()
    if old:
        op.bulk_insert(OCCURRENCE, [occurrence_of(row) for row in old])


def alter_groups():
    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fingerprint", sa.String(length=64), nullable=True))
        batch_op.add_column(
            sa.Column("severity", sa.String(20), server_default="error", nullable=False)
        )
        batch_op.add_column(sa.Column("count", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("first_seen_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("last_seen_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("quiet_until", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("quiet_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("assignee_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("canary_id", sa.String(length=36), nullable=True))
    # What a failure's fingerprint would have been is no longer known: each stays alone.
    op.execute(
        sa.update(GROUP).values(
            fingerprint=sa.literal("before-") + sa.cast(GROUP.c.id, sa.String(11)),
            first_seen_at=GROUP.c.created_at,
            last_seen_at=GROUP.c.created_at,
        )
    )
    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        for name in ("first_seen_at", "last_seen_at"):
            batch_op.alter_column(name, existing_type=UtcDateTime(), nullable=False)
        batch_op.alter_column("fingerprint", existing_type=sa.String(length=64), nullable=False)
        batch_op.alter_column(
            "severity", existing_type=sa.String(20), existing_nullable=False, server_default=None
        )
        batch_op.alter_column(
            "count", existing_type=sa.Integer(), existing_nullable=False, server_default=None
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_admin_notification_fingerprint"), ["fingerprint"]
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_admin_notification_assignee_id"),
            "user",
            ["assignee_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_admin_notification_canary_id"),
            "job",
            ["canary_id"],
            ["id"],
            ondelete="SET NULL",
        )
        batch_op.drop_constraint(batch_op.f("fk_admin_notification_job_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("uq_admin_notification_job_id"), type_="unique")
        batch_op.drop_column("job_id")
        batch_op.drop_column("created_at")


def create_occurrences():
    op.create_table(
        "notification_occurrence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=36), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=True),
        sa.Column("subject_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["admin_notification.id"],
            name=op.f("fk_notification_occurrence_notification_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
            name=op.f("fk_notification_occurrence_job_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_occurrence")),
        sa.UniqueConstraint("job_id", name=op.f("uq_notification_occurrence_job_id")),
    )
    with op.batch_alter_table("notification_occurrence", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_notification_occurrence_notification_id_id"), ["notification_id", "id"]
        )
        batch_op.create_index(
            batch_op.f("ix_notification_occurrence_notification_id_closed_at"),
            ["notification_id", "closed_at"],
        )


def create_notes():
    op.create_table(
        "notification_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["admin_notification.id"],
            name=op.f("fk_notification_note_notification_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["author_id"],
            ["user.id"],
            name=op.f("fk_notification_note_author_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_note")),
    )
    with op.batch_alter_table("notification_note", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_notification_note_notification_id_id"), ["notification_id", "id"]
        )


def occurrence_of(row):
    """Return the one occurrence of a notification from before there were groups."""
    data = json.loads(row.job_data) if isinstance(row.job_data, str) else row.job_data
    kind, subject_id = data.get("subject") or (None, None)
    return {
        "notification_id": row.id,
        "job_id": row.job_id,
        "attempt": data.get("attempts") or 1,
        "subject_kind": kind,
        "subject_id": subject_id,
        "created_at": row.created_at,
        "closed_at": row.resolved_at,
    }


def downgrade():
    """Keep each group as one notification, about the newest job of it."""
    bind = op.get_bind()
    newest = bind.execute(
        sa.select(OCCURRENCE.c.notification_id, OCCURRENCE.c.job_id)
        .where(OCCURRENCE.c.job_id.is_not(None))
        .order_by(OCCURRENCE.c.created_at)
    ).all()
    op.drop_table("notification_note")
    op.drop_table("notification_occurrence")
    op.execute("UPDATE admin_notification SET state = 'open' WHERE state = 'regressed'")
    op.execute("UPDATE admin_notification SET state = 'resolved' WHERE state = 'archived'")
    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        batch_op.add_column(sa.Column("job_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("created_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE admin_notification SET created_at = first_seen_at")
    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        batch_op.alter_column("created_at", existing_type=UtcDateTime(), nullable=False)
        batch_op.drop_constraint(batch_op.f("fk_admin_notification_canary_id"), type_="foreignkey")
        batch_op.drop_constraint(
            batch_op.f("fk_admin_notification_assignee_id"), type_="foreignkey"
        )
        batch_op.drop_constraint(batch_op.f("uq_admin_notification_fingerprint"), type_="unique")
        for name in (
            "canary_id",
            "assignee_id",
            "quiet_count",
            "quiet_until",
            "last_seen_at",
            "first_seen_at",
            "count",
            "severity",
            "fingerprint",
        ):
            batch_op.drop_column(name)
    for group, job_id in dict(newest).items():
        bind.execute(sa.update(OLD).where(OLD.c.id == group).values(job_id=job_id))
    with op.batch_alter_table("admin_notification", schema=None) as batch_op:
        batch_op.create_unique_constraint(batch_op.f("uq_admin_notification_job_id"), ["job_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_admin_notification_job_id"),
            "job",
            ["job_id"],
            ["id"],
            ondelete="SET NULL",
        )
