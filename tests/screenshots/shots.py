"""What each picture of the documentation shows. Each function is one, and named like it.

They are taken in this order: those that change something come after those that show it
unchanged. Each returns the browser's page, and what is kept of it: see `camera`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import select, update

from cms.extensions import db
from cms.jobs.models import Job, JobState, Worker
from tests.screenshots import album, past, shelved, written
from tests.screenshots.camera import NARROW, around, down_to, inside

LONG = {"timeout": 60_000}
ROW = "[data-rows] > [data-id]"

SHOTS: dict[str, Callable] = {}


def shot(function):
    SHOTS[function.__name__.strip("_").replace("_", "-")] = function
    return function


def row(page, name):
    return page.locator(f'{ROW}[data-name="{name}"]')


def first_rows(page, most, cut=down_to):
    """The list with so many rows, or all of it if it has no more."""
    rows = page.locator(ROW)
    rows.first.wait_for()
    if rows.count() <= most:
        return cut(page.locator("section.list"))
    return cut(rows.nth(most - 1), margin=0)


# Pictures


@shot
def pictures(people):
    return first_rows(people.open("/admin/image/", "editor"), 8)


@shot
def pictures_zh_dark(people):
    page = people.open("/admin/image/", "editor", locale="zh-CN", theme="dark")
    return first_rows(page, 8)


@shot
def phone(people):
    page = people.open("/admin/image/", "editor", size=NARROW)
    return first_rows(page, 2)


@shot
def grid(people):
    return down_to(people.open("/admin/image/?look=grid", "editor").locator(ROW).nth(9), margin=6)


# Writing


@shot
def articles(people):
    with people.site.inside():
        written.furnish()
    return first_rows(people.open("/admin/article/", "editor"), 6)


@shot
def writing(people):
    page = people.open(f"/admin/article/edit/?id={written.key(people.site)}", "editor")
    page.locator("[data-editor][data-ready] .placed img").wait_for()
    return down_to(page.locator(".editor-foot"))


@shot
def revisions(people):
    page = people.open(f"/admin/article/revisions?id={written.key(people.site)}", "editor")
    return down_to(page.locator(".changes"))


@shot
def history(people):
    page = people.open(f"/admin/article/edit/?id={written.key(people.site)}")
    page.locator("[data-editor][data-ready]").wait_for()
    page.get_by_label("Summary").fill("What the harbour looks like before the ferries come.")
    page.locator("button.btn-primary[value=save]").click()
    return around(page.locator(".past"))


@shot
def audit(people):
    return first_rows(people.open("/admin/audit_entry/"), 8)


@shot
def view(people):
    page = people.open("/admin/image/?search=.jpg&tab=no-text", "editor")
    page.locator("select[name$=orientation_is]").select_option("wide")
    page.locator("form.search button").last.click()
    menu = page.locator("details.views")
    menu.locator("summary").click()
    menu.locator("#view-name").fill("Wide, no text")
    menu.get_by_role("button", name="Save").click()
    expect(menu.locator("summary")).to_contain_text("Wide, no text")
    page.reload()
    page.get_by_text("Columns", exact=True).click()
    return down_to(page.locator(".columns-panel"))


@shot
def inline_edit(people):
    page = people.open("/admin/image/", "editor")
    _write(row(page, "Ferry crossing"), "A ferry leaves the bay at dawn").press("Enter")
    expect(page.locator("[data-toasts]")).to_contain_text("Saved")
    _write(row(page, "Green valley"), "Hills of a green valley in the morning")
    return down_to(page.locator(ROW).nth(7), margin=56)  # the notice stands below


def _write(line, words):
    line.locator("td", has=line.page.locator("[data-edit=alt_text]")).click()
    field = line.locator("[data-field-of=alt_text]")
    field.fill(words)
    return field


@shot
def bulk_edit(people):
    page = people.open("/admin/image/?search=moonlit", "editor")
    page.locator("[data-tick-all]:visible").check()
    page.locator("#bulk").get_by_role("button", name="Edit").click()
    page.get_by_label("Alternative text", exact=True).fill("The bay under a full moon")
    return inside(page.locator("form.form-panel"))


@shot
def already_here(people):
    page = people.open("/admin/image/", "editor")
    page.get_by_role("button", name="Upload", exact=True).click()
    names = ("IMG_2043.jpg", "IMG_2044.jpg", "canyon (1).jpg")
    files = [
        {"name": name, "mimeType": "image/jpeg", "buffer": album.drawn(seed, size)}
        for name, (seed, (*_words, size)) in zip(
            names, enumerate(album.MORE, start=7), strict=False
        )
    ]
    page.locator("input.uppy-Dashboard-input").first.set_input_files(files)
    expect(page.locator(".notice-warning li")).to_have_count(3, **LONG)
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
    return first_rows(page, 2)


@shot
def trash(people):
    return first_rows(people.open("/admin/image/trash/"), 3, inside)


# One picture


def _picture(people, title, role="editor"):
    page = people.open(f"/admin/image/?search={title}", role)
    row(page, title).locator("a.row-name").click()
    page.locator("[data-look-stage]").wait_for()
    return page


@shot
def picture(people):
    page = _picture(people, "Hills at dawn")
    return around(page.locator("form", has=page.locator(".look")))


@shot
def verdict(people):
    page = _picture(people, "IMG 2041")
    return around(page.locator("[data-live=panel]"))


@shot
def before_after(people):
    page = _picture(people, "Hills at dawn")
    page.get_by_text("Before and after").click()
    page.locator(".before-after img").first.wait_for()
    return around(page.locator(".before-after"))


@shot
def picture_files(people):
    page = _picture(people, "Dunes in the evening")
    return around(page.locator("section.panel", has=page.locator(".versions")))


@shot
def conflict(people):
    page = _picture(people, "The canyon")
    colleague = _picture(people, "The canyon", "administrator")
    colleague.get_by_label("Title").fill("The canyon at dawn")
    colleague.get_by_label("Alternative text").fill("Layers of red rock in the first light")
    colleague.get_by_role("button", name="Save", exact=True).click()
    expect(colleague).to_have_url(re.compile("/admin/image/\\?"))
    page.get_by_label("Title").fill("The canyon at noon")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Saved meanwhile by somebody else")).to_be_visible()
    return down_to(page.get_by_role("group", name="Alternative text"), margin=130)


# The library


@shot
def alternative_texts(people):
    page = people.open("/admin/alt-text/", "editor")
    page.locator("textarea").first.fill("A bay under a full moon, seen from the hills")
    return inside(page.locator(".text-card").nth(2))


@shot
def library(people):
    return down_to(people.open("/admin/library/").locator("main section").last)


# Out and in


@shot
def exports(people):
    page = people.open("/admin/image/?search=", "editor")
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_label("Excel workbook (XLSX)").check()
    page.get_by_role("button", name="Export").click()
    expect(page.locator(".facts .state")).to_have_text("Ready", **LONG)
    return first_rows(people.open("/admin/export/", "editor"), 3, inside)


@shot
def import_(people):
    page = people.open("/admin/import/file?source=image", "editor")
    lines = [["ID", "Title", "Alternative text"]]
    lines += [[n, title, text] for n, (_file, title, text, _size) in enumerate(album.MORE, 7)]
    lines[1][1], lines[2][0], lines[3][2] = "", 987654, "Layers of red rock " * 40
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    file = {"name": "pictures.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="See what would change").click()
    bad = page.get_by_role("region", name="Bad rows")
    expect(bad.locator("tbody tr")).to_have_count(3, **LONG)
    return inside(bad)


# Everywhere


@shot
def palette(people):
    page = people.open("/admin/image/")
    page.locator(ROW).first.wait_for()
    page.keyboard.press("Control+k")
    page.keyboard.type("fail")
    page.locator("[role=option]", has_text="Retry every failed picture").wait_for()
    page.set_viewport_size({"width": 1440, "height": 700})
    return page, None


@shot
def dashboard(people):
    return down_to(people.open("/admin/").locator("ul.tiles").last)


# What went wrong


@shot
def notifications(people):
    return first_rows(people.open("/admin/notification/"), 8)


@shot
def notification(people):
    page = people.open("/admin/notification/?search=archive")
    page.locator(f"{ROW} a.row-name").click()
    return down_to(page.locator("[data-occurrence]").nth(5), margin=8)


@shot
def job(people):
    with people.site.inside():
        again = select(Job.id).where(Job.retry_of_id.is_not(None), Job.state == JobState.FAILED)
        number = db.session.scalars(again).one()
    page = people.open(f"/admin/job/details/?id={number}")
    return down_to(page.locator("ol.attempts").last.locator("> li").nth(1), margin=0)


@shot
def everything(people):
    page = people.open("/admin/job/?tab=failed")
    page.get_by_label("Tick all rows on this page").check()
    page.locator("[data-everything-offer]").wait_for()
    return first_rows(page, 4)


@shot
def selection(people):
    page = people.open("/admin/selection/")
    page.locator(f"{ROW} a").first.click()
    return inside(page.locator("main .panel").last)


# What is made and run


@shot
def presets(people):
    return first_rows(people.open("/admin/image_preset/"), 8)


@shot
def regenerate(people):
    page = people.open("/admin/image_preset/regenerate?id=card")
    return inside(page.locator("form.form-panel").last)


@shot
def schedules(people):
    return first_rows(people.open("/admin/schedule/"), 8, inside)


@shot
def queue(people):
    page = people.open("/admin/queue/?span=day")
    page.locator("[data-drawn]").wait_for()
    return down_to(page.locator(".span-tabs"))


@shot
def workers(people):
    with people.site.inside():
        db.session.execute(update(Worker).values(host="cms-1", pid=2140))
        db.session.commit()
    return first_rows(people.open("/admin/worker/"), 1, inside)


@shot
def mail(people):
    return first_rows(people.open("/admin/mail/?tab=failed"), 5, inside)


@shot
def webhook_calls(people):
    return first_rows(people.open("/admin/webhook_delivery/"), 7, inside)


@shot
def webhooks(people):
    return first_rows(people.open("/admin/webhook/"), 4, inside)


@shot
def webhook(people):
    page = people.open("/admin/webhook/")
    row(page, "Archive").get_by_role("link", name="View").click()
    return inside(page.locator("main .panel").first)


# What orders the site


@shot
def documents(people):
    shelved.furnish(people.site)
    return first_rows(people.open("/admin/document/", "editor"), 4)


@shot
def categories(people):
    return first_rows(people.open("/admin/category/", "editor"), 6, inside)


@shot
def menu(people):
    page = people.open("/admin/menu/edit/?name=main&language=en", "editor")
    return inside(page.locator(".menu-editor form"))


@shot
def alarm(people):
    people.site.stop("consumer")
    number = past.silence(people.site)
    page = people.open(f"/admin/notification/details/?id={number}")
    return inside(page.locator("main .panel").first)
