"""Second factors of accounts: an app's secret, passkeys, recovery codes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from cms.database import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("user", sa.Column("tf_primary_method", sa.String(length=20), nullable=True))
    op.add_column("user", sa.Column("tf_totp_secret", sa.String(length=255), nullable=True))
    op.add_column("user", sa.Column("tf_last_counter", sa.Integer(), nullable=True))
    op.add_column("user", sa.Column("fs_webauthn_user_handle", sa.String(length=64), nullable=True))
    op.create_index(
        op.f("ix_user_fs_webauthn_user_handle"), "user", ["fs_webauthn_user_handle"], unique=True
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column(
            "credential_id",
            sa.LargeBinary(1023).with_variant(mysql.VARBINARY(1023), "mysql", "mariadb"),
            nullable=False,
        ),
        sa.Column("verifier", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(length=64), nullable=False),
        sa.Column("extensions", sa.String(length=255), nullable=True),
        sa.Column("usage", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("lastuse_datetime", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_passkey_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_passkey_user_id_name")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_recovery_code_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_recovery_code")),
    )


def downgrade():
    op.drop_table("recovery_code")
    op.drop_table("passkey")
    op.drop_index(op.f("ix_user_fs_webauthn_user_handle"), "user")
    op.drop_column("user", "fs_webauthn_user_handle")
    op.drop_column("user", "tf_last_counter")
    op.drop_column("user", "tf_totp_secret")
    op.drop_column("user", "tf_primary_method")
