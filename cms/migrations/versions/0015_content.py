"""What the site says: articles, pages, what orders them, and what they were."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

from cms.database import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# MariaDB's own TEXT ends after 64 kB.
LONG_TEXT = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade():
    op.create_table(
        "category",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=505), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"], name=op.f("fk_category_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("language", "path", name=op.f("uq_category_language_path")),
    )
    with op.batch_alter_table("category", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_category_parent_id"), ["parent_id"], unique=False)
    op.create_table(
        "menu",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu")),
        sa.UniqueConstraint("name", "language", name=op.f("uq_menu_name_language")),
    )
    op.create_table(
        "redirect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=600), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("thing_id", sa.Integer(), nullable=True),
        sa.Column("target", sa.String(length=600), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redirect")),
        sa.UniqueConstraint("source", name=op.f("uq_redirect_source")),
    )
    with op.batch_alter_table("redirect", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_redirect_kind_thing_id"), ["kind", "thing_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_redirect_target"), ["target"], unique=False)
    op.create_table(
        "tag",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("language", "slug", name=op.f("uq_tag_language_slug")),
    )
    op.create_table(
        "page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("translation_group", sa.String(length=36), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.Column("plain", LONG_TEXT, nullable=False),
        sa.Column("seo_title", sa.String(length=255), nullable=False),
        sa.Column("seo_description", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("publish_at", UtcDateTime(), nullable=True),
        sa.Column("expire_at", UtcDateTime(), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.Column("held_sentence", sa.Text(), nullable=True),
        sa.Column("held_facts", sa.JSON(), nullable=True),
        sa.Column("held_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=505), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deleted_by_id"], ["user.id"], name=op.f("fk_page_deleted_by_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_page_owner_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["page.id"], name=op.f("fk_page_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
        sa.UniqueConstraint("language", "path", name=op.f("uq_page_language_path")),
        sa.UniqueConstraint(
            "translation_group", "language", name=op.f("uq_page_translation_group_language")
        ),
    )
    with op.batch_alter_table("page", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_page_deleted_at_id"), ["deleted_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_page_owner_id_id_deleted_at"),
            ["owner_id", "id", "deleted_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_page_parent_id_position"), ["parent_id", "position"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_page_state_expire_at"), ["state", "expire_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_page_state_publish_at"), ["state", "publish_at"], unique=False
        )
    op.create_table(
        "review_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user.id"], name=op.f("fk_review_comment_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_comment")),
    )
    with op.batch_alter_table("review_comment", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_review_comment_kind_thing_id_id"),
            ["kind", "thing_id", "id"],
            unique=False,
        )
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("thing_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("restored_from", sa.Integer(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["by_id"], ["user.id"], name=op.f("fk_revision_by_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint(
            "kind", "thing_id", "number", name=op.f("uq_revision_kind_thing_id_number")
        ),
    )
    op.create_table(
        "site_setting",
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["changed_by_id"],
            ["user.id"],
            name=op.f("fk_site_setting_changed_by_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_site_setting")),
    )
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cover_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("translation_group", sa.String(length=36), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", LONG_TEXT, nullable=False),
        sa.Column("plain", LONG_TEXT, nullable=False),
        sa.Column("seo_title", sa.String(length=255), nullable=False),
        sa.Column("seo_description", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("publish_at", UtcDateTime(), nullable=True),
        sa.Column("expire_at", UtcDateTime(), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.Column("held_sentence", sa.Text(), nullable=True),
        sa.Column("held_facts", sa.JSON(), nullable=True),
        sa.Column("held_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_article_category_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["cover_id"], ["image.id"], name=op.f("fk_article_cover_id")),
        sa.ForeignKeyConstraint(
            ["deleted_by_id"],
            ["user.id"],
            name=op.f("fk_article_deleted_by_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_article_owner_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("language", "slug", name=op.f("uq_article_language_slug")),
        sa.UniqueConstraint(
            "translation_group", "language", name=op.f("uq_article_translation_group_language")
        ),
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_article_category_id_state_published_at_id"),
            ["category_id", "state", "published_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_article_changed_at_id_deleted_at"),
            ["changed_at", "id", "deleted_at"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_article_cover_id"), ["cover_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_article_deleted_at_id"), ["deleted_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_article_language_state_published_at_id"),
            ["language", "state", "published_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_article_owner_id_id_deleted_at"),
            ["owner_id", "id", "deleted_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_article_state_expire_at"), ["state", "expire_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_article_state_id_deleted_at"),
            ["state", "id", "deleted_at"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_article_state_publish_at"), ["state", "publish_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_article_title_id_deleted_at"),
            ["title", "id", "deleted_at"],
            unique=False,
        )
    op.create_table(
        "page_picture",
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_page_picture_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["page.id"], name=op.f("fk_page_picture_page_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("page_id", "image_id", name=op.f("pk_page_picture")),
    )
    with op.batch_alter_table("page_picture", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_page_picture_image_id"), ["image_id"], unique=False)
    op.create_table(
        "article_picture",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_article_picture_article_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_article_picture_image_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "image_id", name=op.f("pk_article_picture")),
    )
    with op.batch_alter_table("article_picture", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_picture_image_id"), ["image_id"], unique=False)
    op.create_table(
        "article_tag",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"],
            ["article.id"],
            name=op.f("fk_article_tag_article_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tag.id"], name=op.f("fk_article_tag_tag_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", "tag_id", name=op.f("pk_article_tag")),
    )
    with op.batch_alter_table("article_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_tag_tag_id"), ["tag_id"], unique=False)
    op.create_table(
        "menu_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("menu_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("page_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=600), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["article.id"], name=op.f("fk_menu_item_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_menu_item_category_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["menu_id"], ["menu.id"], name=op.f("fk_menu_item_menu_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["page_id"], ["page.id"], name=op.f("fk_menu_item_page_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["menu_item.id"], name=op.f("fk_menu_item_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_item")),
    )
    with op.batch_alter_table("menu_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_menu_item_menu_id"), ["menu_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_menu_item_parent_id"), ["parent_id"], unique=False)


def downgrade():
    op.drop_table("menu_item")
    op.drop_table("article_tag")
    op.drop_table("article_picture")
    op.drop_table("page_picture")
    op.drop_table("article")
    op.drop_table("site_setting")
    op.drop_table("revision")
    op.drop_table("review_comment")
    op.drop_table("page")
    op.drop_table("tag")
    op.drop_table("redirect")
    op.drop_table("menu")
    op.drop_table("category")
