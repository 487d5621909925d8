"""What axe finds on a page."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT

USUAL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
ALL = [*USUAL, "wcag22aa"]  # how large targets are, too: what lies over one makes it smaller
COLOURS = ["color-contrast"]

# What is just fading in has not its colours yet. Style sheets are fetched anew for one rule
# alone, which is not among these.
_RUN = """async rules => {
  const moving = document.getAnimations().filter(
    (one) => one.playState === "running" && one.effect.getComputedTiming().endTime !== Infinity
  );
  await Promise.allSettled(moving.map((one) => one.finished));
  return axe.run({ resultTypes: ["violations"], runOnly: rules, preload: false });
}"""


def findings(page, rules=USUAL) -> list[tuple[str, ...]]:
    """Return each rule that the page as it is breaks, and where. `rules` are rules or tags."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_RUN, rules)
    return [(one["id"], *node["target"]) for one in found["violations"] for node in one["nodes"]]
