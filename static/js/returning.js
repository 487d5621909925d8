// Coming back to a list: to where one had scrolled, with the row that was saved marked for
// a moment. The address names that row, `#row-7`, and then is as it was.

const list = document.querySelector("[data-list]");
const key = `scroll ${location.pathname}${location.search}`;

const memory = {
  get: () => {
    try {
      return JSON.parse(sessionStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set: (value) => {
    try {
      sessionStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage may be switched off; the page then begins at its top.
    }
  },
};

function markSaved() {
  if (!location.hash.startsWith("#row-")) return null;
  const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  history.replaceState(history.state, "", location.pathname + location.search);
  row?.classList.add("is-saved");
  return row;
}

function comeBack() {
  const named = location.hash.startsWith("#row-");
  const row = markSaved();
  const { y = 0, posting = false } = memory.get() ?? {};
  if (!named && !posting) return;
  memory.set({ y });
  scrollTo({ top: y, behavior: "instant" });
  row?.scrollIntoView({ block: "nearest", behavior: "instant" });
}

if (list) {
  // What a row, a bulk button or a notice posts leads back to this page.
  document.addEventListener("submit", (event) => {
    if (event.target.method === "post" && !event.defaultPrevented)
      memory.set({ y: scrollY, posting: true });
  });
  addEventListener("pagehide", () => memory.set({ ...memory.get(), y: scrollY }));
  if (document.readyState === "complete") comeBack();
  else addEventListener("load", comeBack, { once: true });
}
