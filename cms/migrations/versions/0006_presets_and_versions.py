"""Presets, versions of a picture's file, and what is known of a picture."""

import sqlalchemy as sa
from alembic import op

from cms.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

RENDITION = sa.table(
    "rendition", sa.column("name"), sa.column("preset"), sa.column("format"), sa.column("mime")
)
# What the first two presets were called before there were presets.
RENAMED = {"resize-800x600": "resize", "thumbnail-200x200": "thumbnail"}
MIME = "image/"

IMAGE = sa.table("image", sa.column("width"), sa.column("height"), sa.column("orientation"))
ORIENTATION = sa.case(
    (IMAGE.c.width * 10 >= IMAGE.c.height * 11, "wide"),
    (IMAGE.c.height * 10 >= IMAGE.c.width * 11, "tall"),
    else_="square",
)
SORTED_OUT_BY = ("look_id", "mime", "size", "orientation", "animated")


def upgrade():
    create_presets()
    create_versions()
    create_library()
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("animated", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        for side in ("focal_x", "focal_y"):
            batch_op.add_column(sa.Column(side, sa.Double(), server_default="0.5", nullable=False))
        batch_op.add_column(sa.Column("crop", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("placeholder", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("phash", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("orientation", sa.String(length=20), nullable=True))
        batch_op.add_column(sa.Column("look_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("findings", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.execute(sa.update(IMAGE).values(orientation=ORIENTATION))
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.alter_column("orientation", existing_type=sa.String(length=20), nullable=False)
        batch_op.create_index(batch_op.f("ix_image_phash"), ["phash"], unique=False)
        for name in SORTED_OUT_BY:
            batch_op.create_index(batch_op.f(f"ix_image_{name}_id"), [name, "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_image_alt_text_id"),
            ["alt_text", "id"],
            unique=False,
            sqlite_where=sa.text("alt_text = ''"),
            postgresql_where=sa.text("alt_text = ''"),
            mysql_length={"alt_text": 1},
            mariadb_length={"alt_text": 1},
        )
    alter_renditions()


def create_presets():
    op.create_table(
        "image_preset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("shape", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("formats", sa.JSON(), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=False),
        sa.Column("matte", sa.String(length=7), nullable=False),
        sa.Column("motion", sa.String(length=20), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_preset")),
        sa.UniqueConstraint("name", name=op.f("uq_image_preset_name")),
    )


def create_versions():
    op.create_table(
        "image_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("mime", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.Column("replaced_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_image_version_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["replaced_by_id"],
            ["user.id"],
            name=op.f("fk_image_version_replaced_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_version")),
        sa.UniqueConstraint("key", name=op.f("uq_image_version_key")),
    )
    with op.batch_alter_table("image_version", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_image_version_image_id_number"), ["image_id", "number"], unique=True
        )


def create_library():
    op.create_table(
        "image_hash_part",
        sa.Column("part", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("image_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_image_hash_part_image_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("part", "image_id", name=op.f("pk_image_hash_part")),
    )
    with op.batch_alter_table("image_hash_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_hash_part_image_id"), ["image_id"])
    op.create_table(
        "library_survey",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_survey")),
    )


def alter_renditions():
    """A rendition is of a preset and in a format; how the old ones were made is unknown."""
    with op.batch_alter_table("rendition", schema=None) as batch_op:
        batch_op.add_column(sa.Column("preset", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("format", sa.String(length=10), nullable=True))
        batch_op.add_column(
            sa.Column("recipe", sa.String(length=40), server_default="", nullable=False)
        )
    op.execute(
        sa.update(RENDITION).values(
            preset=sa.case(RENAMED, value=RENDITION.c.name, else_=RENDITION.c.name),
            format=sa.func.replace(RENDITION.c.mime, MIME, ""),
        )
    )
    with op.batch_alter_table("rendition", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rendition_image_id_preset_format"),
            ["image_id", "preset", "format"],
            unique=True,
        )
        batch_op.create_index(
            batch_op.f("ix_rendition_preset_format_recipe"),
            ["preset", "format", "recipe"],
            unique=False,
        )
        batch_op.drop_index(batch_op.f("ix_rendition_image_id_name"))
        batch_op.drop_column("name")
        batch_op.alter_column("preset", existing_type=sa.String(length=60), nullable=False)
        batch_op.alter_column("format", existing_type=sa.String(length=10), nullable=False)
        batch_op.alter_column(
            "recipe",
            existing_type=sa.String(length=40),
            existing_nullable=False,
            server_default=None,
        )


def downgrade():
    with op.batch_alter_table("rendition", schema=None) as batch_op:
        batch_op.add_column(sa.Column("name", sa.String(length=60), nullable=True))
    former = {preset: name for name, preset in RENAMED.items()}
    op.execute(sa.delete(RENDITION).where(sa.not_(RENDITION.c.preset.in_(former))))
    op.execute(
        sa.update(RENDITION).values(
            name=sa.case(former, value=RENDITION.c.preset, else_=RENDITION.c.preset)
        )
    )
    with op.batch_alter_table("rendition", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rendition_image_id_name"), ["image_id", "name"], unique=True
        )
        batch_op.drop_index(batch_op.f("ix_rendition_image_id_preset_format"))
        batch_op.drop_index(batch_op.f("ix_rendition_preset_format_recipe"))
        batch_op.alter_column("name", existing_type=sa.String(length=60), nullable=False)
        batch_op.drop_column("preset")
        batch_op.drop_column("format")
        batch_op.drop_column("recipe")
    op.drop_table("library_survey")
    op.drop_table("image_hash_part")
    with op.batch_alter_table("image", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_alt_text_id"))
        for name in SORTED_OUT_BY:
            batch_op.drop_index(batch_op.f(f"ix_image_{name}_id"))
        batch_op.drop_index(batch_op.f("ix_image_phash"))
        for name in (
            "version",
            "findings",
            "look_id",
            "orientation",
            "phash",
            "placeholder",
            "crop",
            "focal_y",
            "focal_x",
            "animated",
        ):
            batch_op.drop_column(name)
    op.drop_table("image_version")
    op.drop_table("image_preset")
