"""The public site as readers see it: every template in both languages, light and dark, wide
and narrow. Axe finds nothing, the markup is valid, nothing moves, and no frame is loaded
unasked. With `SCREENSHOTS=folder` each page is kept there as a picture."""

import io
import json
import subprocess
from urllib.parse import quote

import pytest

from cms.content import categories, menus, previews, site_settings
from cms.content.models import Article, Page
from cms.editorial import content
from cms.extensions import db
from cms.imaging.samples import draw_sample
from cms.media.models import ImageStatus
from tests.factories import make_article, make_page, make_picture, make_user
from tests.looking import NARROW, SHIFTS, WIDE, look_over
from tests.processes import TOP, wait_for

pytestmark = pytest.mark.e2e

VALIDATE = TOP / "node_modules/.bin/html-validate"
EN, ZH = "en", "zh_Hans_CN"
TITLES = {
    EN: ("The ferry that never hurries", "What grows between the stones", "A map drawn by ear",
         "Salt, wind, and the price of nets", "Why the lighthouse hums", "Bread at five",
         "Letters to the other shore"),
    ZH: ("从不赶时间的渡轮", "石缝里长出来的东西", "用耳朵画的地图", "盐、风与渔网的价钱",
         "灯塔为什么会哼歌", "凌晨五点的面包", "写给对岸的信"),
}  # fmt: skip
SUMMARIES = {
    EN: "Before the first boat leaves, the bay belongs to the gulls and whoever cannot sleep.",
    ZH: "第一班船离港之前，海湾属于海鸥，也属于睡不着的人。",
}
WORDS = {
    EN: "Nets dry on the quay, and somewhere a kettle sings. Follow the road along the shore"
    " until it ends; whoever walks slowly sees more, and is asked in for tea.",
    ZH: "渔网晾在码头上，不知哪里传来水壶的哨声。沿着海边的路一直走到尽头，走得慢的人看得多，"
    "还会被请进屋里喝茶。",
}
NAMES = {
    EN: ("Coast", "North", "About us", "Prices", "Weather"),
    ZH: ("海岸", "北岸", "关于我们", "价目", "天气"),
}
VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def body(language, image):
    summary, words = SUMMARIES[language], WORDS[language]
    return (
        f"<p>{words}</p><h2>{summary[:12]}</h2><p>{words} <a href='https://example.org/'>"
        f"{words[:9]}</a> {words}</p><figure><img data-picture='{image}' alt='{summary}'>"
        f"<figcaption>{summary}</figcaption></figure><blockquote><p>{summary}</p></blockquote>"
        f"<ul><li>{summary}</li><li>{words}</li></ul><h3>{words[:10]}</h3><table><tr>"
        f"<th scope='col'>{words[:6]}</th><th scope='col'>kg</th></tr>"
        f"<tr><td>{words[:40]}</td><td>1,204</td></tr></table>"
        "<pre><code>ferry --to 'the other shore' --slowly --with-tea --a-long-line</code></pre>"
        f"<figure data-embed='{VIDEO}'><figcaption>{summary}</figcaption></figure>"
    )


@pytest.fixture(scope="module")
def addresses(site):
    """A page by every template, in both languages."""
    with site.inside():
        by, images = make_user("editor"), []
        for seed in range(4):
            file = io.BytesIO()
            draw_sample(seed, (2400, 1600), file)
            images.append(make_picture(file.getvalue(), f"{seed}.jpg"))
            images[-1].alt_text = "A landscape, drawn"
        db.session.commit()
        wait_for(lambda: all_ready(images), "the pictures")
        found = [*in_language(by, EN, images), *in_language(by, ZH, images)]
        names = {EN: "The Harbour Letter", ZH: "港湾来信"}
        lines = {EN: "Slow news from the coast", ZH: "来自海边的慢新闻"}
        site_settings.write(None, title=names, tagline=lines, articles_per_page=6)
        db.session.commit()
    return found


def all_ready(images):
    db.session.expire_all()
    return all(image.status is ImageStatus.READY for image in images)


def in_language(by, language, images):
    """Publish articles, pages and menus; return the addresses."""
    titles = {Article: TITLES[EN][0], Page: NAMES[EN][2]}
    first = {
        one: db.session.query(one).filter_by(language=EN, title=title).first()
        for one, title in titles.items()
    }
    coast, north, about, prices, weather = NAMES[language]
    shelf = categories.create(coast, language=language)
    below = categories.create(north, language=language, parent=shelf)

    def write(make, number, **fields):
        text = {"summary": SUMMARIES[language], "body": body(language, images[number % 4].id)}
        return make(by, language=language, **text, **fields)

    def publish(thing):
        content.take(thing, "publish", by)
        return thing

    for number, title in enumerate(TITLES[language]):
        again = first[Article] if number == 0 and language != EN else None
        cover = None if number == 3 else images[number % 4].id
        article = publish(write(
            make_article, number, title=title, tags=["tea", "茶"], translation_of=again,
            category_id=(shelf, below)[number % 2].id, cover_id=cover,
        ))  # fmt: skip
    about = publish(write(make_page, 1, title=about, translation_of=first[Page]))
    wide = publish(write(make_page, 2, title=prices, parent_id=about.id, template="wide"))
    deep = [{"page_id": wide.id, "items": [{"article_id": article.id}]}]
    ways = [{"category_id": shelf.id}, {"page_id": about.id, "items": deep},
            {"address": "https://example.org/", "label": weather}]  # fmt: skip
    menus.put(menus.get("main", language), ways)
    menus.put(menus.get("footer", language), [{"page_id": about.id}])
    token = previews.sign(write(make_article, 0, title=f"{article.title} 2"))
    db.session.commit()
    home = f"/{language.replace('_', '-')}/"
    names = ("", "articles", "articles?page=2", f"articles/{article.slug}", "tags/tea",
             f"categories/{shelf.path}", about.path, wide.path, "nothing/here",
             f"search?q={SUMMARIES[language][:4]}", "search?q=qqqq")  # fmt: skip
    return [*(home + name for name in names), f"/preview/{token}"]


LOOKS = {
    "en": ((WIDE, ("light", "dark")), (NARROW, ("dark", "light"))),
    "zh": ((WIDE, ("dark", "light")), (NARROW, ("light", "dark"))),
}


def test_every_page_meets_wcag_2_2_aa_and_nothing_moves(page, site, addresses):
    page.add_init_script(SHIFTS)
    wrong = {}
    for address in addresses:
        for size, schemes in LOOKS["zh" if "zh-" in address else "en"]:
            if found := look_over(page, site.url + quote(address, "/?=&"), size, schemes, 0):
                wrong[address, size["width"]] = found
    assert wrong == {}
    page.troubles[:] = [words for words in page.troubles if "404 (NOT FOUND)" not in words]


def test_the_markup_is_valid(page, site, addresses, tmp_path):
    for number, address in enumerate(addresses):
        text = page.request.get(site.url + quote(address, "/?=&")).text()
        (tmp_path / f"{number:02}.html").write_text(text, encoding="utf-8")
    told = tmp_path / "found.json"
    with told.open("w") as file:  # a pipe would be cut short where the program exits
        command = [VALIDATE, "--config", "tests/htmlvalidate.json", "--formatter", "json", tmp_path]
        done = subprocess.run(command, cwd=TOP, stdout=file, check=False, timeout=120)
    found = [
        (addresses[int(page["filePath"][-7:-5])], one["ruleId"], one["message"], one["selector"])
        for page in json.loads(told.read_text())
        for one in page["messages"]
    ]
    assert found == []
    assert done.returncode == 0


def test_a_reader_finds_the_way_by_keys_and_meets_no_stranger_unasked(page, site, addresses):
    strangers = []
    page.route("**/*", lambda route: route.continue_() if site.url in route.request.url
               else (strangers.append(route.request.url), route.abort()))  # fmt: skip
    page.goto(f"{site.url}/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.get_by_role("link", name=TITLES[EN][-1]).last.click()
    page.wait_for_url("**/articles/*")
    assert page.locator("iframe").count() == 0
    assert page.evaluate("document.cookie") == ""
    assert strangers == []

    page.get_by_role("button", name="Show from YouTube").press("Enter")
    frame = page.locator("figure iframe")
    assert frame.get_attribute("title") == "YouTube"
    wait_for(lambda: page.evaluate("1") and strangers, "the frame to be asked for")
    assert strangers[0].startswith("https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ")

    page.set_viewport_size(NARROW)
    page.goto(f"{site.url}/en/")
    page.locator("header summary").press("Enter")
    assert page.get_by_role("link", name="Prices").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]

    page.goto(f"{site.url}/en/articles/{quote(TITLES[EN][0].lower().replace(' ', '-'))}")
    page.get_by_role("link", name="简体中文").press("Enter")
    page.wait_for_url("**/zh-Hans-CN/articles/*")
    assert page.locator("h1").inner_text() == TITLES[ZH][0]
    page.get_by_role("link", name="搜索").press("Enter")
    page.wait_for_url("**/search")
    page.get_by_label("搜索本站").fill("面包")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=*")
    assert page.get_by_role("heading", name="凌晨五点的面包").is_visible()
    page.troubles[:] = [words for words in page.troubles if "ERR_FAILED" not in words]
