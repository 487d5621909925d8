"""Bodies of texts that are taken in: their pictures are those of the library, their links
lead to where things are here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from bs4 import BeautifulSoup, Tag

from cms import trash
from cms.content import addresses
from cms.errors import N_
from cms.extensions import db
from cms.media.models import Document
from cms.moving import items
from cms.moving.models import ImportItem, SiteImport, What
from cms.moving.things import IN_ZIP, key_of, parts_of

Tell = Callable[..., None]


def rewrite(job: SiteImport, html: str, tell: Tell) -> str:
    """Return a body as it is kept here. `tell` is called with what is not as it was."""
    soup = BeautifulSoup(html, "html.parser")
    for image in soup.find_all("img"):
        _show(job, soup, image, tell)
    for link in soup.find_all("a"):
        _lead(job, link, tell)
    return str(soup)


def _show(job: SiteImport, soup: BeautifulSoup, image: Tag, tell: Tell) -> None:
    source, alt = str(image.get("src") or ""), str(image.get("alt") or "").strip()
    found = items.at(job, key_of(source, job.site), What.PICTURE)
    if found is not None and found.thing_id is not None:
        image.attrs = {"data-picture": str(found.thing_id)}
        if alt:  # WordPress writes an empty one where nobody has thought of it
            image["alt"] = alt
        link = image.parent
        if link is not None and link.name == "a" and _is_of_picture(job, str(link.get("href"))):
            link.unwrap()
        return
    path = unquote(parts_of(source).path) if len(source) < 2_000 else ""  # noqa: PLR2004 - not a data address
    words = alt or (found.title if found else "") or PurePosixPath(path).name
    tell(N_("The picture “%(name)s” is not there. The text has its words in its place."),
         name=words or "–")  # fmt: skip
    is_on_the_web = source.startswith(("http:", "https:")) and not image.find_parent("a")
    kept = soup.new_tag("a", href=source) if is_on_the_web else soup.new_tag("span")
    kept.string = words
    image.replace_with(kept)


def _is_of_picture(job: SiteImport, address: str) -> bool:
    return items.at(job, key_of(address, job.site), What.PICTURE) is not None


def _lead(job: SiteImport, link: Tag, tell: Tell) -> None:
    address = str(link.get("href") or "")
    key = key_of(address, job.site)
    found = items.at(job, key)
    if found is not None and (there := _address_of(found)):
        _path, hash_, part = address.partition("#")
        link["href"] = addresses.quoted(there) + hash_ + part
    elif key is not None and key.startswith(IN_ZIP):
        tell(N_("A link to “%(name)s” leads nowhere, and is taken out."),
             name=key.removeprefix(IN_ZIP))  # fmt: skip
        link.unwrap()


def _address_of(item: ImportItem) -> str | None:
    if item.what is What.PICTURE or item.thing_id is None:
        return None
    with trash.included():
        thing = db.session.get(items.MODELS[item.what], item.thing_id)
    if isinstance(thing, Document):
        return f"/document/{thing.id}/{thing.filename}"
    return None if thing is None else addresses.of(thing)


def figure(image_id: int) -> str:
    """Return a picture as a body shows it."""
    return f'<figure><img data-picture="{quote(str(image_id))}"></figure>'
