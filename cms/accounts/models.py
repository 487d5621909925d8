"""People and their roles, in the shape that Flask-Security expects."""

from __future__ import annotations

from datetime import datetime

from flask_security import RoleMixin, UserMixin, WebAuthnMixin
from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, String, Table, UniqueConstraint, true
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, mapped_column, relationship

from cms import clock
from cms.config import settings
from cms.database import Base, UtcDateTime

LONGEST_NAME = 80

user_roles = Table(
    "user_role",
    Base.metadata,
    Column("user_id", ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Base, RoleMixin):
    """A role of `cms.accounts.policy.ROLES`; what it may do is decided there."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)

    def __str__(self) -> str:
        return self.name


class User(Base, UserMixin):
    """Somebody who can log in; without a `password`, somebody who was invited.

    `fs_uniquifier` changes with the password, and so ends every older log-in and link.
    `shortcuts` says whether single keys do something. What begins with `tf_`, `mf_` and
    `webauthn` is of the second factor, and named as Flask-Security wants it.
    """

    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME), default="", server_default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    locale: Mapped[str | None] = mapped_column(String(20))
    shortcuts: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # type: ignore[assignment]
    roles: Mapped[list[Role]] = relationship(  # type: ignore[assignment]
        secondary=user_roles, lazy="selectin"
    )

    tf_primary_method: Mapped[str | None] = mapped_column(String(20))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_last_counter: Mapped[int | None]  # which half minute the last code was of
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(  # type: ignore[assignment]
        String(64), index=True, unique=True
    )
    webauthn: Mapped[list[Passkey]] = relationship(  # type: ignore[assignment]
        cascade="all, delete-orphan", passive_deletes=True, order_by="Passkey.id"
    )
    recovery_codes: Mapped[list[RecoveryCode]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )
    mf_recovery_codes: AssociationProxy[list[str]] = association_proxy(
        "recovery_codes", "digest", creator=lambda digest: RecoveryCode(digest=digest)
    )

    @property
    def has_second_factor(self) -> bool:
        """Tell whether there is one to be asked for."""
        return self.tf_totp_secret is not None or bool(self.webauthn)

    @property
    def must_have_second_factor(self) -> bool:
        """Tell whether one of the roles is closed to who has none."""
        return any(role.name in settings().second_factor_for for role in self.roles)

    @property
    def lacks_second_factor(self) -> bool:
        """Tell whether they may come in only once they have set one up."""
        return self.must_have_second_factor and not self.has_second_factor

    def check_tf_required(
        self, tf_setup_methods: list[tuple[str, str]], *_fresh: bool
    ) -> tuple[bool, list[tuple[str, str]]]:
        """Tell Flask-Security, once the password was right, whether that is not enough."""
        return bool(tf_setup_methods) or self.must_have_second_factor, tf_setup_methods

    def check_tf_required_setup(self) -> bool:
        """Tell Flask-Security whether the authenticator app has to stay."""
        return self.must_have_second_factor and not self.webauthn

    @property
    def state(self) -> str:
        """`active`, `invited` or `off`."""
        if not self.active:
            return "off"
        return "active" if self.password else "invited"

    def __str__(self) -> str:
        return self.email


class Passkey(Base, WebAuthnMixin):
    """A key in somebody's device, as WebAuthn has it; only its public half is here."""

    __tablename__ = "passkey"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    # No longer by the standard; MariaDB has no index of what has no length.
    credential_id: Mapped[bytes] = mapped_column(
        LargeBinary(1023).with_variant(mysql.VARBINARY(1023), "mysql", "mariadb"), unique=True
    )
    public_key: Mapped[bytes] = mapped_column("verifier", LargeBinary)
    sign_count: Mapped[int] = mapped_column(default=0)
    transports: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(String(64))
    extensions: Mapped[str | None] = mapped_column(String(255))
    usage: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    lastuse_datetime: Mapped[datetime] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code that lets somebody in once without their second factor.

    It is 80 random bits, of which a digest is kept, for the reasons that
    `cms.accounts.tokens` has.
    """

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)


class DismissedHint(Base):
    """A hint of this name that somebody does not want to see again."""

    __tablename__ = "dismissed_hint"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
