"""A token is made in the browser, and the page of the API tries it out."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.e2e


def test_one_makes_a_token_reads_with_it_and_revokes_it(page, site, log_in, axe, shot):
    log_in("editor")
    page.get_by_label("Your account").click()
    page.get_by_role("link", name="API tokens").click()
    page.get_by_role("link", name="Add").first.click()
    page.get_by_label("Name").fill("Newsletter")
    page.get_by_label("Read pictures").check()
    axe()
    page.get_by_role("button", name="Save").first.click()
    text = page.get_by_label("The token").input_value()
    assert re.fullmatch(r"qscms_[\w-]{43}", text)
    axe()
    shot("token")

    address, asked = f"{site.url}/api/v1/pictures", {"Authorization": f"Bearer {text}"}
    assert page.request.get(address, headers=asked).status == 200
    page.get_by_role("link", name="Done").click()
    axe()
    shot("tokens")
    row = page.locator("tr", has_text="Newsletter")
    expect(row).to_contain_text("Read pictures")
    expect(row).to_contain_text("Active")
    assert text not in page.content()

    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator("tr", has_text="Newsletter")).to_contain_text("Revoked")
    assert page.request.get(address, headers=asked).status == 401


def test_the_page_of_the_api_shows_and_tries_each_operation(page, site, log_in, shot):
    log_in("editor")
    document = page.request.get(f"{site.url}/api/v1/openapi.json").json()
    operations = [
        it for path in document["paths"].values() for it in path.values() if "operationId" in it
    ]
    page.goto(f"{site.url}/api/v1/")
    expect(page.locator(".opblock")).to_have_count(len(operations))
    page.get_by_role("button", name="GET /api/v1/pictures", exact=False).first.click()
    shot("api")
    page.get_by_role("button", name="Try it out").click()
    with page.expect_response("**/api/v1/pictures?*") as answered:
        page.get_by_role("button", name="Execute").click()
    assert answered.value.status == 200
    # The policy for content forbids scripts and styles in the page: none was tried.
    assert page.troubles == []
