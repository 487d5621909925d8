"""Two browsers on one picture; the trash; forms that outlive a session and a connection."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests import pictures
from tests.e2e.test_pictures import drop, row
from tests.processes import PASSWORD, running, wait_for

pytestmark = pytest.mark.e2e

READY = {"timeout": 20_000}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of its own, whose pictures are known."""
    with running(tmp_path_factory.mktemp("two"), "administrator", "editor") as site:
        yield site


@pytest.fixture
def picture(page, site, log_in):
    """Upload a picture as an editor, and open its form."""

    def go(name, role="editor"):
        log_in(role)
        page.goto(f"{site.url}/admin/image/")
        drop(page, pictures.jpeg(600, 400, comment=name.encode()), f"{name}.jpg")
        expect(row(page, name)).to_have_attribute("data-state", "ready", **READY)
        row(page, name).locator("a.row-name").click()
        expect(page.get_by_label("Title")).to_have_value(name)
        return page.url

    return go


@pytest.fixture
def colleague(browser, site):
    """A second browser, of the administrator."""
    with browser.new_context(locale="en-US") as context:
        other = context.new_page()
        enter(other, site, "administrator")
        yield other


def enter(page, site, role):
    page.goto(f"{site.url}/login")
    fill_in(page, role)
    page.wait_for_url("**/admin/")


def fill_in(page, role):
    page.get_by_label("Email").fill(f"{role}@example.com")
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def save(page, name="Save"):
    page.get_by_role("button", name=name, exact=True).click()


def kept(page):
    """What this browser keeps of unsaved forms."""
    page.wait_for_load_state()  # it forgets what was saved while it loads
    found = page.evaluate("JSON.stringify({...localStorage})")
    return {key: text for key, text in json.loads(found).items() if key.startswith("draft:")}


# Two on one picture


@pytest.mark.case(39)
def test_two_editors_see_each_other_and_choose_a_side(page, picture, colleague, axe, keep):
    address = picture("lighthouse")
    colleague.goto(address)
    expect(colleague.locator("[data-presence]")).to_have_text(
        "editor@example.com has this open, too."
    )
    page.reload()
    told = page.locator("[data-presence]")
    expect(told).to_have_text("administrator@example.com has this open, too.")
    axe()
    keep("presence")

    colleague.get_by_label("Title").fill("The lighthouse at dawn")
    colleague.get_by_label("Alternative text").fill("Waves and a tower")
    save(colleague)
    expect(colleague).to_have_url(re.compile("/admin/image/"))
    page.get_by_label("Title").fill("The lighthouse at noon")
    save(page)
    expect(page.get_by_role("heading", name="Saved meanwhile by somebody else")).to_be_visible()
    title, text = (
        page.get_by_role("group", name="Title"),
        page.get_by_role("group", name="Alternative text"),
    )
    expect(title).to_contain_text("Saved by administrator@example.com")
    expect(title.locator("del")).to_contain_text("dawn")
    expect(title.locator("ins")).to_contain_text("noon")
    expect(title.get_by_label("Keep mine")).to_be_checked()
    expect(text.get_by_label("Take theirs")).to_be_checked()
    expect(page.get_by_label("Alternative text", exact=True)).to_have_value("Waves and a tower")
    axe()
    keep("conflict")

    title.get_by_label("Take theirs").check()
    expect(page.get_by_label("Title")).to_have_value("The lighthouse at dawn")
    page.get_by_label("Title").fill("The lighthouse at dusk")
    expect(title.get_by_label("Keep mine")).to_be_checked()
    save(page)
    expect(page.get_by_text("Record was successfully saved.")).to_be_visible()
    page.goto(address)
    expect(page.get_by_label("Title")).to_have_value("The lighthouse at dusk")
    expect(page.get_by_label("Alternative text", exact=True)).to_have_value("Waves and a tower")
    page.troubles.remove(next(it for it in page.troubles if "422" in it))


# The trash


def test_a_picture_goes_to_the_trash_and_comes_back(page, site, picture, axe, keep):
    picture("jetty", "administrator")
    shown = page.locator("[data-live=panel] img.preview").get_attribute("src")
    page.get_by_role("button", name="Delete").first.click()
    expect(page.locator("#confirm")).to_contain_text("Move “jetty” to the trash?")
    page.locator("[data-confirm-yes]").click()
    undo = page.locator(".notice-success")
    expect(undo).to_contain_text("“jetty” was moved to the trash.")
    expect(row(page, "jetty")).to_have_count(0)
    assert page.request.get(f"{site.url}{shown}").status == 404
    axe()
    keep("undo")
    undo.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("“jetty” was restored.")).to_be_visible()
    expect(row(page, "jetty")).to_be_visible()
    assert page.request.get(f"{site.url}{shown}").status == 200

    row(page, "jetty").get_by_role("button", name="Delete").click()
    page.locator("[data-confirm-yes]").click()
    expect(page.locator(".notice-undo")).to_be_visible()
    drop(page, pictures.jpeg(600, 400, comment=b"jetty"), "again.jpg")
    here = page.locator(".notice-warning")
    expect(here).to_contain_text("These are in the trash, and were not uploaded again:", **READY)
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
    axe()
    keep("in-the-trash")
    here.get_by_role("button", name="Restore").click()
    expect(row(page, "jetty")).to_be_visible()

    row(page, "jetty").get_by_role("button", name="Delete").click()
    page.locator("[data-confirm-yes]").click()
    expect(page.locator(".notice-undo")).to_be_visible()
    page.get_by_role("link", name="Trash").click()
    expect(row(page, "jetty")).to_contain_text("in 30 days")
    expect(row(page, "jetty").locator("img")).to_have_js_property("naturalWidth", 200)
    axe()
    keep("trash")
    page.get_by_role("button", name="Empty the trash").click()
    axe()
    page.locator("[data-confirm-yes]").click()
    page.get_by_role("link", name="See how far it is").click()
    expect(page.locator(".state", has_text="Done")).to_be_visible(**READY)
    page.goto(f"{site.url}/admin/image/trash/")
    expect(page.get_by_text("The trash is empty.")).to_be_visible()
    page.troubles[:] = [it for it in page.troubles if "404" not in it]


# Forms that lose nothing


def test_a_session_that_ended_in_mid_form_costs_no_text(page, picture, axe, keep):
    address = picture("breakwater")
    page.get_by_label("Alternative text").fill("A long wall of stones in the sea")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    page.context.clear_cookies()
    save(page, "Save and go on editing")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You have been logged out.")
    axe()
    keep("logged-out")
    dialog.get_by_role("link", name="Log in").click()
    fill_in(page, "editor")
    expect(page).to_have_url(address)
    expect(page.get_by_label("Alternative text")).to_have_value("A long wall of stones in the sea")
    expect(page.get_by_text("Your text is back. It is not saved yet.")).to_be_visible()
    keep("text-is-back")
    save(page, "Save and go on editing")
    expect(page.get_by_text("Record was successfully saved.")).to_be_visible()
    expect(page.get_by_text("Unsaved changes")).to_be_hidden()
    assert kept(page) == {}
    page.troubles[:] = [it for it in page.troubles if "401" not in it]


def test_who_presses_twice_sends_once(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/redirect/new/")
    page.get_by_label("Old address").fill("/twice")
    page.get_by_label("Leads to").fill("/once")
    asked, sent = [], []

    def later(route):
        asked.append(route)  # answered when Save has been pressed twice

    page.route("**/admin/session*", later)
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    save(page)
    save(page)
    page.evaluate("() => void fetch('/admin/session?last')")
    wait_for(
        lambda: page.wait_for_timeout(20) or (asked and asked[-1].request.url.endswith("last")),
        "all to have been asked",
    )
    assert len(asked) == 2
    for route in asked:
        route.continue_()
    expect(page.get_by_text("Record was successfully created.")).to_be_visible()
    expect(page.locator("tr[data-id]", has_text="/twice")).to_have_count(1)
    assert sent == [f"{site.url}/admin/redirect/new/"]

    # A press that came to nothing holds up none that follows.
    page.goto(f"{site.url}/admin/redirect/new/")
    page.get_by_label("Old address").fill("/again")
    page.get_by_label("Leads to").fill("/once")
    page.unroute_all()
    page.route("**/admin/session", lambda route: route.fulfill(body="<p>Pay for this network</p>"))
    save(page)
    expect(page.get_by_text("No connection. Your text is kept in this browser")).to_be_visible()
    page.unroute_all()
    save(page)
    expect(page.get_by_text("Record was successfully created.")).to_be_visible()


def test_a_session_that_ended_costs_no_line_of_a_menu_and_no_setting(page, site, log_in):
    log_in("administrator")
    address = f"{site.url}/admin/menu/edit/?name=main&language=en"
    page.goto(address)

    def log_in_again():
        page.context.clear_cookies()
        save(page)
        page.get_by_role("dialog").get_by_role("link", name="Log in").click()
        fill_in(page, "administrator")
        expect(page.get_by_text("Your text is back. It is not saved yet.")).to_be_visible()

    def lines():
        found = page.locator("li[data-line]")
        said = "(it) => [it.querySelector('[name=label]').value, it.dataset.level]"
        return found.evaluate_all(f"all => all.map({said})")

    for name in ("Shop", "News"):
        page.locator("[data-menu-label]").fill(name)
        page.locator("[data-menu-address]").fill(f"/en/{name.lower()}")
        page.locator("[data-menu-address]").press("Enter")
    page.get_by_role("button", name="Move: News").press("Alt+ArrowRight")
    log_in_again()
    expect(page).to_have_url(address)
    assert lines() == [["Shop", "1"], ["News", "2"]]
    save(page)
    expect(page.get_by_text("The menu is saved.")).to_be_visible()
    assert kept(page) == {}

    # What was refused is found where the menu is, not where it was sent.
    page.locator("li[data-line] input[name=address]").first.fill("shop")
    save(page)
    expect(page.get_by_text("Give an address of this site")).to_be_visible()
    log_in_again()
    expect(page).to_have_url(address)
    assert page.locator("li[data-line] input[name=address]").first.input_value() == "shop"
    page.locator("li[data-line] input[name=address]").first.fill("/en/shop")
    save(page)
    expect(page.get_by_text("The menu is saved.")).to_be_visible()

    page.goto(f"{site.url}/admin/site-settings/")
    page.get_by_label("Tagline (English)").fill("By the sea")
    log_in_again()
    expect(page).to_have_url(f"{site.url}/admin/site-settings/")
    expect(page.get_by_label("Tagline (English)")).to_have_value("By the sea")
    save(page)
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert kept(page) == {}
    page.troubles[:] = [it for it in page.troubles if not re.search("401|422", it)]


def test_a_form_whose_button_asks_first_is_sent_with_the_yes(page, site, log_in):
    log_in("editor")
    page.goto(f"{site.url}/admin/redirect/new/")
    page.get_by_label("Old address").fill("/asked")
    page.get_by_label("Leads to").fill("/told")
    question = "it => Object.assign(it.dataset, { confirm: 'Sure?', confirmWords: 'Yes' })"
    page.get_by_role("button", name="Save", exact=True).evaluate(question)
    for answer in ("Cancel", "Yes"):  # and each press asks anew
        save(page)
        page.get_by_role("dialog").get_by_role("button", name=answer).click()
    expect(page.get_by_text("Record was successfully created.")).to_be_visible()


def test_another_session_of_the_same_person_still_saves(page, site, picture):
    address = picture("slipway")
    page.get_by_label("Title").fill("The slipway")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    page.context.clear_cookies()
    other = page.context.new_page()
    enter(other, site, "editor")  # the token of the open form is stale now
    save(page)
    expect(page.get_by_text("Record was successfully saved.")).to_be_visible()
    page.goto(address)
    expect(page.get_by_label("Title")).to_have_value("The slipway")


def test_a_lost_connection_costs_no_text(page, picture, axe, keep):
    picture("buoy")
    page.get_by_label("Title").fill("A red buoy")
    page.context.set_offline(True)
    save(page)
    expect(page.get_by_text("No connection. Your text is kept in this browser")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value("A red buoy")
    axe()
    keep("no-connection")
    assert len(kept(page)) == 1
    page.context.set_offline(False)
    save(page)
    expect(page.get_by_text("Record was successfully saved.")).to_be_visible()
    assert kept(page) == {}
    page.troubles[:] = [it for it in page.troubles if "ERR_INTERNET" not in it]


def test_leaving_with_unsaved_text_asks_and_coming_back_offers_it(page, picture, axe, keep):
    address = picture("ferry")
    page.get_by_label("Title").fill("The morning ferry")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.get_by_role("link", name="Dashboard").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    assert asked == ["beforeunload"]

    page.goto(address)
    expect(page.get_by_label("Title")).to_have_value("ferry")
    notice = page.locator(".notice-warning")
    expect(notice).to_contain_text("text here that you typed and did not save")
    axe()
    keep("text-is-found")
    notice.get_by_role("button", name="Put it back").click()
    expect(page.get_by_label("Title")).to_have_value("The morning ferry")
    save(page)
    expect(page.get_by_text("Record was successfully saved.")).to_be_visible()
    assert kept(page) == {}


@pytest.mark.parametrize("name", ["saved_form", "__Host-saved_form"])
def test_what_was_saved_is_forgotten_by_either_name_of_its_cookie(page, site, log_in, name):
    log_in("editor")
    page.evaluate("localStorage['draft:1:/x'] = JSON.stringify({ id: 'ab-12', at: Date.now() })")
    # Browsers take the one of production over HTTPS alone.
    page.add_init_script(
        f"""Object.defineProperty(document, "cookie", {{
            get: () => "a=b; {name}=ab-12", set: (it) => (window.written = it) }})"""
    )
    page.goto(f"{site.url}/admin/")
    assert kept(page) == {}
    assert page.evaluate("written").startswith(f"{name}=; max-age=0; path=/")


def test_nobody_sees_what_another_typed(page, site, picture):
    address = picture("canoe")
    page.get_by_label("Title").fill("Not for others")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.context.clear_cookies()
    enter(page, site, "administrator")
    page.goto(address)
    expect(page.get_by_label("Title")).to_have_value("canoe")
    expect(page.locator(".notice")).to_have_count(0)

    page.get_by_label("Title").fill("Mine alone")
    expect(page.get_by_text("Unsaved changes")).to_be_visible()
    assert len(kept(page)) == 2
    page.locator(".user-button").click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile("/(login)?$"))
    assert kept(page) == {}
