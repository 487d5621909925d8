"""Looking a page over in a real browser: WCAG 2.2 AA, nothing moves, nothing is too wide."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.accessibility import ALL, COLOURS, findings

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MOST_SHIFT = 0.01

SHIFTS = """
window.shifted = 0;
window.movers = [];
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    window.shifted += shift.value;
    window.movers.push(...shift.sources.map((it) => it.node?.outerHTML?.slice(0, 120)));
  }
}).observe({ type: "layout-shift", buffered: true });
"""


def look_over(page, address, size, schemes, most_shift=MOST_SHIFT):
    """Return what is wrong with a page of one size: in the first scheme by every rule, in
    the others by those about colours. Without any, it is only looked at how wide it is now.
    `SHIFTS` must be an initial script of it."""
    page.set_viewport_size(size)
    if schemes:
        page.goto(address)
    wrong = []
    for scheme, rules in zip(schemes, (ALL, COLOURS), strict=False):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wrong += [(scheme, *found) for found in findings(page, rules)]
    if (shifted := page.evaluate("window.shifted")) > most_shift:
        wrong.append(("layout-shift", shifted, *page.evaluate("window.movers")))
    if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
        wrong.append(("wider than the screen",))
    if folder := os.environ.get("SCREENSHOTS"):
        parts = urlsplit(address)
        name = re.sub(r"\W+", "-", unquote(f"{parts.path} {parts.query}")).strip("-")
        language = page.locator("html").get_attribute("lang")
        scheme = page.locator("html").get_attribute("data-bs-theme") or "".join(schemes[-1:])
        file = Path(folder, f"{name}-{language}-{size['width']}-{scheme}.png")
        page.screenshot(path=file, full_page=bool(os.environ.get("WHOLE")))
    return wrong
