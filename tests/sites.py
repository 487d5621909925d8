"""Sites of other systems, made with as little said as possible: WordPress exports, ZIPs."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import select

from cms.content import redirects
from cms.content.models import Article, Category, Page, Redirect, Revision, Tag
from cms.extensions import db
from cms.media.models import Image
from cms.moving.models import ImportOrigin

OLD = "https://old.example"
UPLOADS = f"{OLD}/wp-content/uploads/2019/05"

SPACES = {
    "excerpt": "http://wordpress.org/export/1.2/excerpt/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "wp": "http://wordpress.org/export/1.2/",
}


class WordPress:
    """A WordPress export, thing by thing: `text(...)`, `attachment(...)`, then `xml()`."""

    def __init__(self, address="https://old.example"):
        self.address = address
        self._head, self._items, self._last = [], [], 0

    def author(self, login, mail):
        self._head.append(
            f"<wp:author><wp:author_login>{login}</wp:author_login>"
            f"<wp:author_email>{mail}</wp:author_email></wp:author>"
        )
        return self

    def category(self, slug, name, parent=""):
        self._head.append(
            f"<wp:category><wp:category_nicename>{slug}</wp:category_nicename>"
            f"<wp:category_parent>{parent}</wp:category_parent>"
            f"<wp:cat_name>{name}</wp:cat_name></wp:category>"
        )
        return self

    def text(self, title, body="<p>Words.</p>", **more):
        """Add a post, or with `kind="page"` another; return its number."""
        number = self._last = more.pop("number", self._last + 1)
        slug = more.pop("slug", f"text-{number}")
        given = {
            "title": title,
            "link": more.pop("link", f"{self.address}/2019/05/{slug}/"),
            "guid": more.pop("guid", f"{self.address}/?p={number}"),
            "dc:creator": more.pop("by", "ada"),
            "content:encoded": body,
            "excerpt:encoded": more.pop("excerpt", ""),
            "wp:post_id": number,
            "wp:post_date_gmt": more.pop("date", "2019-05-04 10:00:00"),
            "wp:post_modified_gmt": more.pop("modified", "2019-06-01 08:00:00"),
            "wp:post_name": slug,
            "wp:status": more.pop("state", "publish"),
            "wp:post_parent": more.pop("parent", 0),
            "wp:post_type": more.pop("kind", "post"),
            "wp:post_password": more.pop("password", ""),
            "wp:attachment_url": more.pop("url", ""),
        }
        terms = [*more.pop("terms", ()), *(("post_tag", t, t) for t in more.pop("tags", ()))]
        meta = more.pop("meta", {})
        assert not more, more
        self._items.append(
            "<item>"
            + "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in given.items())
            + "".join(
                f"<category domain={quoteattr(domain)} nicename={quoteattr(slug)}>"
                f"{escape(name)}</category>"
                for domain, slug, name in terms
            )
            + "".join(
                f"<wp:postmeta><wp:meta_key>{key}</wp:meta_key>"
                f"<wp:meta_value>{escape(str(value))}</wp:meta_value></wp:postmeta>"
                for key, value in meta.items()
            )
            + "<wp:comment><wp:comment_id>1</wp:comment_id></wp:comment></item>"
        )
        return number

    def attachment(self, path, alt="", **more):
        """Add a file of the uploads; return its number."""
        url = path if "://" in path else f"{self.address}/wp-content/uploads/{path}"
        return self.text(
            path.rpartition("/")[2], "", kind="attachment", state="inherit", url=url,
            meta={"_wp_attachment_image_alt": alt} if alt else {}, **more,
        )  # fmt: skip

    def xml(self, before=""):
        spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in SPACES.items())
        return (
            f'<?xml version="1.0" encoding="UTF-8" ?>\n{before}<rss version="2.0" {spaces}>\n'
            f"<channel><title>Old</title><link>{self.address}</link>\n"
            f"<wp:wxr_version>1.2</wp:wxr_version>"
            f"<wp:base_site_url>{self.address}</wp:base_site_url>\n"
            + "\n".join([*self._head, *self._items])
            + "\n</channel></rss>\n"
        ).encode()


def zipped(files, **options):
    """A ZIP of these files, by name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", options.pop("method", zipfile.ZIP_DEFLATED)) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return data.getvalue()


def damaged(data, name):
    """The same ZIP, with noise for all but the first bytes that a file of it was packed into."""
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        info = pack.getinfo(name)
    begin = info.header_offset + 30 + len(info.filename)  # what stands before it has 30 bytes
    end, begin = begin + info.compress_size, begin + 5
    return data[:begin] + b"\xff" * (end - begin) + data[end:]


def awkward():
    """An export with what makes exports hard."""
    site = WordPress(OLD).author("ada", "ada@example.com").author("bob", "bob@gone.example")
    site.category("asia", "Asia", parent="travel").category("travel", "Travel")
    boat = site.attachment("2019/05/boat.jpg", alt="A boat")
    site.attachment("2019/05/gone.jpg")
    site.attachment("2019/05/paper.pdf")
    harbour = (
        "<!-- wp:paragraph -->\n<p>Sea.</p>\n<!-- /wp:paragraph -->\n"
        f'<!-- wp:image {{"id":{boat}}} -->\n<figure class="wp-block-image">'
        f'<a href="{UPLOADS}/boat.jpg">'
        f'<img src="{UPLOADS}/boat-300x200.jpg" alt="Our boat"/></a>'
        "<figcaption>At dawn</figcaption></figure>\n<!-- /wp:image -->\n"
        '<!-- wp:embed --><figure class="wp-block-embed"><div>\nhttps://vimeo.com/123456\n</div>'
        "<figcaption>Boats</figcaption></figure><!-- /wp:embed -->\n"
        f'<p><a href="http://old.example/2019/05/%e5%85%b3%e4%ba%8e/#top">About</a> and '
        '<a href="/x">x</a></p>'
    )
    site.text("Harbour &amp; sea", harbour, slug="harbour", tags=["sea", "Boats"],
              excerpt="<b>Short</b>",
              terms=[("category", "asia", "Asia"), ("category", "food", "Food"),
                     ("category", "travel", "Travel")],
              meta={"_thumbnail_id": boat, "_yoast_wpseo_title": "Harbours"})  # fmt: skip
    classic = (
        "First line\nsecond line\n\nA new paragraph\n\n"
        f'[caption id="attachment_1" align="left" width="300"]'
        f'<img src="{UPLOADS}/boat.jpg" alt="" /> The boat[/caption]\n\n'
        f'[gallery ids="{boat},{boat + 1}"]\n\n[embed]https://video.example/1[/embed]\n\n'
        "https://www.youtube.com/watch?v=abcdefghijk\n\n"
        ""
        f'<img src="{UPLOADS}/gone.jpg" alt="The lost one">\n\n'
        '[contact-form-7 id="12" title="Write"] and [[gallery]]'
    )
    site.text("关于", classic, slug="%e5%85%b3%e4%ba%8e", by="bob")
    site.text("Harbour again", "<p>Same.</p>", slug="harbour", link=f"{OLD}/2020/01/harbour/")
    site.text("", "<p>Without a title</p>", state="draft", slug="", date="0000-00-00 00:00:00")
    site.text("Secret", state="private", slug="secret")
    site.text("Locked", password="x", slug="locked")
    site.text("Waiting", state="pending", slug="waiting")
    site.text("Tomorrow", state="future", slug="tomorrow", date="2031-01-01 09:00:00")
    site.text("Nothing", "", slug="nothing")
    site.text("Team", kind="page", slug="team", parent=101, number=100, link=f"{OLD}/about/team/")
    site.text("About us", kind="page", slug="about", number=101, link=f"{OLD}/about/")
    site.text("Lost", kind="page", slug="lost", parent=999, number=102, link=f"{OLD}/lost/")
    site.text("Menu", kind="nav_menu_item", number=103)
    return site.xml()


def outline():
    """What a reader, an editor and the next import find; no ids of rows, no times of today."""
    db.session.rollback()
    articles, pages = db.session.scalars(select(Article)), db.session.scalars(select(Page))
    both = [*((one.slug, one) for one in articles), *((one.path, one) for one in pages)]
    texts = {
        (one.kind, name): (one.title, one.state, one.body, one.summary, one.published_at,
                           one.publish_at, one.changed_at, one.version, one.owner.email)
        for name, one in both
    }  # fmt: skip
    ordered = {
        one.slug: (one.category and one.category.path, sorted(tag.title for tag in one.tags))
        for one in db.session.scalars(select(Article))
    }
    leads = {
        row.source: redirects.end(row.source).address
        for row in db.session.scalars(select(Redirect)).all()
    }
    images = sorted((one.title, one.alt_text, one.sha256, one.status.value)
                    for one in db.session.scalars(select(Image)))  # fmt: skip
    counts = {
        model.__tablename__: db.session.query(model).count()
        for model in (Article, Page, Category, Tag, Image, Redirect, Revision, ImportOrigin)
    }
    return texts, ordered, leads, images, counts
