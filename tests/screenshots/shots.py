"""What each picture of the documentation shows. Each function is one, and named like it.

They are taken in this order: those that change something come after those that show it
unchanged. Each returns the page or the part of it that is kept.
"""

from __future__ import annotations

import csv
import io
import re

from playwright.sync_api import expect
from sqlalchemy import update

from cms.extensions import db
from cms.jobs.models import Worker
from tests.screenshots import library
from tests.screenshots.camera import NARROW, down_to

LONG = {"timeout": 60_000}
ROW = "[data-rows] > [data-id]"

SHOTS = {}


def shot(function):
    SHOTS[function.__name__.replace("_", "-")] = function
    return function


def rows(page, count):
    """The row of that number, from 1, or the last one."""
    found = page.locator(ROW)
    found.first.wait_for()
    return found.nth(min(count, found.count()) - 1)


# The pictures


@shot
def pictures(people):
    page = people.open("/admin/image/", "editor")
    return down_to(rows(page, 8))


@shot
def pictures_zh_dark(people):
    page = people.open("/admin/image/", "editor", locale="zh-CN", theme="dark")
    return down_to(rows(page, 8))


@shot
def phone(people):
    people.open("/admin/image/", "editor", size=NARROW)
    page = people.open("/admin/image/", "editor", size=NARROW)
    rows(page, 1)
    return page


@shot
def grid(people):
    page = people.open("/admin/image/?look=grid", "editor")
    kept = down_to(rows(page, 8))
    page.get_by_role("button", name="Table").click()
    return kept


@shot
def view(people):
    page = people.open("/admin/image/?search=.jpg&tab=no-text", "editor")
    page.locator("select[name$=orientation_is]").select_option("wide")
    page.locator("form.search button").last.click()
    menu = page.locator("details.views")
    menu.locator("summary").click()
    menu.locator("#view-name").fill("Wide, without a text")
    menu.get_by_role("button", name="Save").click()
    expect(menu.locator("summary")).to_contain_text("Wide, without a text")
    page.get_by_text("Columns", exact=True).click()
    return down_to(page.locator(".columns-panel"))


@shot
def inline_edit(people):
    page = people.open("/admin/image/", "editor")
    ferry = page.locator(f'{ROW}[data-name="Ferry"]')
    _write(ferry, "alt_text", "A ferry leaves the quay at dawn").press("Enter")
    expect(page.locator("[data-toasts]")).to_contain_text("Saved")
    tower = page.locator(f'{ROW}[data-name="钟楼"]')
    _write(tower, "alt_text", "雾中的钟楼")
    return down_to(rows(page, 7))


def _write(row, column, words):
    row.locator("td", has=row.page.locator(f"[data-edit={column}]")).click()
    field = row.locator(f"[data-field-of={column}]")
    field.fill(words)
    return field


@shot
def bulk_edit(people):
    page = people.open("/admin/image/?tab=no-text", "editor")
    for number in (0, 1, 2):
        page.locator(ROW).nth(number).locator("input[name=rowid]").check()
    page.locator("#bulk").get_by_role("button", name="Edit").click()
    page.get_by_label("Alternative text", exact=True).fill("Vines in rows on a hill")
    return down_to(page.get_by_role("button", name="Save"))


@shot
def already_here(people):
    page = people.open("/admin/image/", "editor")
    page.get_by_role("button", name="Upload", exact=True).click()
    names = ("IMG_2043.jpg", "IMG_2044.jpg", "tower (1).jpg")
    files = [
        {"name": name, "mimeType": "image/jpeg", "buffer": library.drawn(seed, size)}
        for name, (seed, (*_words, size)) in zip(
            names, enumerate(library.MORE, start=7), strict=False
        )
    ]
    page.locator("input.uppy-Dashboard-input").first.set_input_files(files)
    expect(page.locator(".notice-warning li")).to_have_count(3, **LONG)
    expect(page.locator(".uppy-Dashboard-inner")).to_be_hidden()
    return down_to(rows(page, 3))


@shot
def trash(people):
    page = people.open("/admin/image/trash/")
    return down_to(page.locator(".panel").last)


# One picture


def _picture(people, title, role="editor"):
    people.open(f"/admin/image/?search={title}", role)
    page = people.open(f"/admin/image/?search={title}", role)
    page.locator(f'{ROW}[data-name="{title}"] a.row-name').click()
    page.locator("[data-look-stage]").wait_for()
    return page


@shot
def picture(people):
    page = _picture(people, "Harbour at dawn")
    return down_to(page.get_by_role("button", name="Save", exact=True))


@shot
def verdict(people):
    page = _picture(people, "IMG 2041")
    return page.locator("[data-live=panel]")


@shot
def picture_files(people):
    page = _picture(people, "Dunes in the evening")
    page.get_by_text("Before and after").click()
    page.locator(".before-after img").first.wait_for()
    return page


@shot
def conflict(people):
    page = _picture(people, "Lighthouse")
    colleague = _picture(people, "Lighthouse", "administrator")
    colleague.get_by_label("Title").fill("The lighthouse at dawn")
    colleague.get_by_label("Alternative text").fill("A white tower above the surf, at dawn")
    colleague.get_by_role("button", name="Save", exact=True).click()
    expect(colleague).to_have_url(re.compile("/admin/image/\\?"))
    page.get_by_label("Title").fill("The lighthouse at noon")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Saved meanwhile by somebody else")).to_be_visible()
    return down_to(page.get_by_role("group", name="Alternative text"))


# The library


@shot
def alternative_texts(people):
    page = people.open("/admin/alt-text/", "editor")
    fields = page.locator("textarea")
    fields.nth(0).fill("Vines in rows on a hill, seen from afar")
    return down_to(fields.nth(2))


@shot
def library_(people):
    page = people.open("/admin/library/")
    return down_to(page.locator("main .panel, main section").last)


# Out and in


@shot
def exports(people):
    for search, form in (("", "Excel workbook (XLSX)"), ("harbour", None), ("", None)):
        page = people.open(f"/admin/image/?search={search}", "editor")
        page.get_by_role("link", name="Export", exact=True).click()
        if form:
            page.get_by_label(form).check()
        page.get_by_role("button", name="Export").click()
        expect(page.locator(".facts .state")).to_have_text("Ready", **LONG)
    page = people.open("/admin/export/", "editor")
    return down_to(rows(page, 3))


@shot
def bad_rows(people):
    people.open("/admin/image/?search=.jpg", "editor")
    page = people.open("/admin/import/file?source=image", "editor")
    lines = [["ID", "Title", "Alternative text"]]
    lines += [[n, title, text] for n, (_file, title, text, _size) in enumerate(library.MORE, 7)]
    lines[1][1], lines[2][0], lines[3][2] = "", 987654, "A white tower " * 40
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    file = {"name": "pictures.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="See what would change").click()
    bad = page.get_by_role("region", name="Bad rows")
    expect(bad.locator("tbody tr")).to_have_count(3, **LONG)
    return down_to(bad)


# Everywhere


@shot
def palette(people):
    page = people.open("/admin/", "administrator")
    page.keyboard.press("Control+k")
    page.keyboard.type("pict")
    page.get_by_role("option").nth(5).wait_for()
    page.set_viewport_size({"width": 1440, "height": 760})
    return page


@shot
def dashboard(people):
    return down_to(people.open("/admin/").locator("main img").last)


# What went wrong


@shot
def notifications(people):
    return down_to(rows(people.open("/admin/notification/"), 8))


@shot
def notification(people):
    people.open("/admin/notification/?search=archive")
    page = people.open("/admin/notification/?search=archive")
    page.locator(f"{ROW} a.row-name").first.click()
    return down_to(page.locator("[data-occurrence]").nth(5))


@shot
def job(people):
    page = people.open("/admin/job/?tab=failed&search=shop.example.org")
    page.locator(f"{ROW} a.row-name, {ROW} a").first.click()
    return down_to(page.locator("ol.attempts > li").nth(2))


@shot
def everything(people):
    page = people.open("/admin/job/?tab=failed")
    page.get_by_label("Tick all rows on this page").check()
    page.locator("[data-everything-offer]").wait_for()
    return down_to(rows(page, 4))


@shot
def selection(people):
    page = people.open("/admin/selection/")
    page.locator(f"{ROW} a").first.click()
    return down_to(page.locator("main .panel").last)


# What there is to run


@shot
def presets(people):
    return down_to(rows(people.open("/admin/image_preset/"), 8))


@shot
def regenerate(people):
    page = people.open("/admin/image_preset/regenerate?id=card")
    return down_to(page.get_by_role("button", name="Begin"))


@shot
def schedules(people):
    return down_to(rows(people.open("/admin/schedule/"), 20))


@shot
def queue(people):
    page = people.open("/admin/queue/?span=day")
    page.locator("[data-drawn]").wait_for()
    return down_to(page.locator("canvas").last)


@shot
def workers(people):
    with people.site.inside():
        db.session.execute(update(Worker).values(host="cms-1", pid=2140))
        db.session.commit()
    return down_to(rows(people.open("/admin/worker/"), 1))


@shot
def mail(people):
    return down_to(rows(people.open("/admin/mail/?tab=failed"), 5))


@shot
def webhook_calls(people):
    return down_to(rows(people.open("/admin/webhook_delivery/"), 7))


@shot
def webhooks(people):
    return down_to(rows(people.open("/admin/webhook/"), 4))


@shot
def webhook(people):
    page = people.open("/admin/webhook/?search=Archive")
    page.locator(f"{ROW} a.row-name").first.click()
    return down_to(page.locator("main .facts"))


@shot
def alarm(people):
    site = people.site
    site.stop("consumer")
    page = people.open("/admin/notification/")
    page.get_by_role("link", name="No worker is running").first.click()
    return down_to(page.locator("main .panel").first)
