"""A passkey in a real browser, whose authenticator is a virtual one."""

import pytest
from playwright.sync_api import expect

from cms.extensions import db
from tests.factories import make_user
from tests.processes import PASSWORD

pytestmark = pytest.mark.e2e

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@pytest.fixture
def home(site):
    """The site by its name, which passkeys want."""
    return site.url.replace("127.0.0.1", "localhost")


def test_a_passkey_is_set_up_and_lets_in(page, site, home, axe, keep):
    with site.inside():
        email = make_user("viewer").email
        db.session.commit()
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    give_password(page, home, email)
    page.wait_for_url("**/admin/")

    page.locator(".user-button").click()
    page.get_by_role("link", name="Second factor").click()
    axe()
    page.get_by_label("Name of a new passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("The passkey “Laptop” is set up.")).to_be_visible()
    expect(page.locator(".factor-list")).to_contain_text("Laptop")
    axe()
    keep("second-factor")

    page.get_by_label("Name of a new passkey").fill("Laptop again")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("This passkey is set up already.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    keep("second-factor-passkey")
    page.get_by_role("link", name="Cancel").click()

    page.locator(".user-button").click()
    page.get_by_role("button", name="Log out").click()
    give_password(page, home, email)
    expect(page.get_by_role("heading", name="Passkey")).to_be_visible()
    axe()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/admin/")


def give_password(page, home, email):
    page.goto(f"{home}/login?next=/admin/")
    page.get_by_label("Email").fill(email)
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("main form button").click()
