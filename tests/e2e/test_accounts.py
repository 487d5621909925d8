"""From an invitation to the end of a log-in, as the two people see it."""

import re

import pytest
from playwright.sync_api import expect

from tests.processes import wait_for

pytestmark = pytest.mark.e2e

NEW_PASSWORD = "a horse of another colour"


def link_to(site, email):
    """The link in the mail, once it was sent."""

    def sent():
        mails = (site.folder / "mail").glob("*.eml")
        texts = (path.read_text() for path in mails)
        return next((text for text in texts if f"To: {email}" in text), None)

    text = wait_for(sent, "the invitation")
    return re.search(r"http://127\S+/reset/\S+", text.replace("=\n", ""))[0]


def test_somebody_is_invited_comes_in_and_is_shown_out(page, browser, site, log_in, keep):
    log_in("administrator")
    page.goto(f"{site.url}/admin/user/")
    page.get_by_role("link", name="Invite", exact=True).click()
    page.get_by_label("Email").fill("ada@example.com")
    page.get_by_label("Full name").fill("Ada Lovelace")
    page.get_by_label("Editor").check()

    # Half an hour has passed when it is sent: the text is kept, and found again.
    def grown_stale(route):
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "fresh": False})

    page.route("**/admin/session", grown_stale, times=1)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Enter your password again")
    page.get_by_role("link", name="Go on").click()
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/admin/user/new/**")
    expect(page.get_by_label("Email")).to_have_value("ada@example.com")
    expect(page.get_by_label("Editor")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()

    hers = browser.new_context()
    guest = hers.new_page()
    guest.goto(link_to(site, "ada@example.com"))
    guest.get_by_label("New password", exact=False).first.fill(NEW_PASSWORD)
    guest.get_by_label("New password again").fill(NEW_PASSWORD)
    guest.get_by_role("button", name="Save the password").click()
    guest.get_by_label("Email").fill("ada@example.com")
    guest.get_by_label("Password").fill(NEW_PASSWORD)
    guest.get_by_role("button", name="Log in").click()
    guest.wait_for_url("**/admin/")

    page.goto(f"{site.url}/admin/user/?tab=active")
    page.get_by_role("link", name="ada@example.com").first.click()
    page.get_by_role("link", name="View").click()
    keep("user")
    page.get_by_role("button", name=re.compile("^End: ")).click()
    expect(page.get_by_text("That log-in has ended.")).to_be_visible()
    guest.reload()
    expect(guest.get_by_role("heading", name="Log in")).to_be_visible()
    hers.close()
