"""Looking once a week whether the links in what is live still lead somewhere.

A schedule notes all links, in one job. Each is then looked at in jobs of a few minutes,
which a duty submits as long as some are due: whatever is stopped goes on where it was.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import zip_longest
from urllib.parse import urljoin, urlsplit

from cms.config import settings
from cms.content import links
from cms.content.links import Link
from cms.errors import N_, CmsError
from cms.extensions import db
from cms.jobs.queue import LedgerHuey
from cms.jobs.task import Moot, checkpoint, report_progress
from cms.media.models import Document
from cms.notifications import alarms
from cms.notifications.alarms import DEAD_LINKS, Trouble
from cms.tasks.queue import huey
from cms.tasks.telling import tell
from cms.webhooks.calls import Caller, CallFailed, PrivateAddress, Refused, UnusableUrl

LONGEST_RUN = 120  # seconds
AT_ONCE = 500
MOST_HOPS = 5
# The page is there, and not for a program.
_ALIVE = {401, 402, 403, 405, 406, 407, 409, 412, 415, 418, 423, 425, 426, 428, 429, 451, 999}

_DOCUMENT = re.compile(r"/document/(\d{1,9})(?:/|$)")

DEAD = N_("Links in live texts that lead nowhere: %(count)s. New: %(new)s, the first is %(url)s")


class NotFromHere(CmsError):
    """A readers' network may have it all the same."""

    sentence = N_("%(host)s is in a private network, and is not looked at.")


class NotForAll(CmsError):
    """Those for whom it is get a link of their own."""

    sentence = N_("“%(title)s” is private: the public cannot open it.")


class TooManySteps(CallFailed):
    """Each address leads on to another."""

    sentence = N_("%(host)s leads on more than %(limit)s times.")


@huey.task(
    retries=3,
    retry_delay=60,
    name="find_links",
    schedule="0 2 * * 6",
    words=N_("Find the links in what is live"),
    meaning=N_("Links that are new are not looked at. Those that are known still are."),
)
def find_links() -> None:
    """Note all links, to be looked at, if `CMS_LINKS` says so."""
    if settings().links != "weekly":
        raise Moot
    links.collect(report_progress)


@huey.task(
    retries=3,
    retry_delay=60,
    name="check_links",
    words=N_("See whether links lead somewhere"),
    meaning=N_("Nobody knows which links lead nowhere by now."),
)
def check_links() -> None:
    """Look at links that are due, for two minutes at most, and tell of those that are dead."""
    until = time.monotonic() + LONGEST_RUN
    asked: dict[str, float] = {}
    due = [(link.id, link.url) for link in links.due(AT_ONCE)]
    for link_id, url in _in_turn(due):
        if time.monotonic() > until:
            break
        checkpoint()  # nothing is locked, and no transaction open, while others are asked
        problem = _problem(url, asked)
        if link := links.hold(link_id):
            _keep(link, problem)
    _tell()


@huey.duty
def look_for_due_links(_huey: LedgerHuey) -> None:
    """Submit the job that looks at what is due, if anything is."""
    if links.due(1):
        check_links.submit(unique_for="check_links")
    db.session.commit()


def _in_turn(due: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield links so that those of one host are far apart."""
    hosts: dict[str, list[tuple[int, str]]] = {}
    for link_id, url in due:
        hosts.setdefault(_host(url), []).append((link_id, url))
    for row in zip_longest(*hosts.values()):
        yield from (link for link in row if link is not None)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _problem(url: str, asked: dict[str, float]) -> CmsError | None:
    """Return what is wrong with a link. `asked` says when each host was."""
    if url.startswith("/"):
        return _problem_of_file(url) or links.problem_here(url)
    host = _host(url)
    time.sleep(max(0.0, asked.get(host, 0.0) + settings().link_pause - time.monotonic()))
    try:
        _ask(url)
    except PrivateAddress:
        return NotFromHere(host=host)
    except CallFailed as error:
        return error
    finally:
        asked[host] = time.monotonic()
    return None


def _problem_of_file(url: str) -> CmsError | None:
    if (found := _DOCUMENT.match(url)) is None:
        return None
    document = db.session.get(Document, int(found[1]))
    if document is None:
        return links.NothingThere()
    if not document.private:
        return None
    return NotForAll(title=document.title, kind="document", id=document.id)


def _keep(link: Link, problem: CmsError | None) -> None:
    if problem is None:
        links.found(link)
    elif isinstance(problem, NotFromHere):
        links.unknown(link, problem)
    else:
        certain = link.url.startswith("/") or isinstance(problem, UnusableUrl)
        links.failed(link, problem, certain=certain)


def _ask(url: str) -> None:
    """Ask another site whether something is at an address. Raises `CallFailed`.

    Where it leads on is asked as well, step by step, each within the same limits.
    """
    caller = Caller(settings().webhook_timeout, settings().webhook_allow)
    headers = {"User-Agent": _name(), "Accept": "*/*"}
    for _step in range(MOST_HOPS + 1):
        code, leads_to = caller.look("HEAD", url, headers)
        if code >= HTTPStatus.BAD_REQUEST:  # some know no HEAD
            code, leads_to = caller.look("GET", url, headers)
        if leads_to is None:
            if code >= HTTPStatus.BAD_REQUEST and code not in _ALIVE:
                raise Refused(host=_host(url), code=code)
            return
        url = urljoin(url, leads_to)
    raise TooManySteps(host=_host(url), limit=MOST_HOPS)


def _name() -> str:
    """Return who is asking, so that who is asked knows whom to tell to stop."""
    site = settings().site_url
    return f"QsCMS link checker (+{site})" if site else "QsCMS link checker"


def _tell() -> None:
    """Tell administrators of links that are dead since the last time."""
    count = links.count_dead()
    if not count:
        alarms.end(DEAD_LINKS, "")
    elif new := links.take_untold():
        facts: dict[str, str | int] = {"count": count, "new": len(new), "url": new[0].url[:200]}
        if news := alarms.ring(Trouble(DEAD_LINKS, "", DEAD, facts)):
            tell(news)
