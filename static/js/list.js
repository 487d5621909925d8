// Lists: ticking rows, and rows that change by themselves.
//
// While a visible row is in a moving state, `data-live-url` is asked for the
// state of the rows on the page. Where one differs, the list is fetched anew
// and only the differing rows are swapped. Anything else that knows of news
// says so with `document.dispatchEvent(new Event("list:refresh"))`.

import { enableQuestions, showTimes } from "./page.js";

const SOONEST = 1_000;
const LATEST = 15_000;
const PATIENCE = 20_000;
const MOST_NAMES = 3;

const list = document.querySelector("[data-list]");
const ROW = "[data-rows] > [data-id]"; // of a table, or a tile of a grid
const rowsOf = (body) => [...body.querySelectorAll(":scope > [data-id]")];
const shownRows = () => [...list.querySelectorAll(ROW)];
const boxes = () => [...list.querySelectorAll('input[name="rowid"]')];

// Ticks

let lastTicked = null;

function showTicks() {
  const every = boxes();
  const ticked = every.filter((box) => box.checked).length;
  const master = list.querySelector("[data-tick-all]");
  if (master) {
    master.checked = ticked > 0 && ticked === every.length;
    master.indeterminate = ticked > 0 && ticked < every.length;
  }
  const whole = ticked > 0 && ticked === every.length;
  if (!whole) chooseEverything(false);
  const offer = list.querySelector("[data-everything-offer]");
  if (offer) offer.hidden = !whole || everythingIsChosen();
  const count = list.querySelector("[data-bulk-count]");
  if (count)
    count.textContent = everythingIsChosen()
      ? list.querySelector("[data-everything]").dataset.words
      : count.dataset.words.replace("{n}", ticked);
}

// Everything that matches, on every page: the field that says so counts while it is
// not disabled. Each button then asks first; one that cannot take everything is away.

const everythingIsChosen = () => list.querySelector("[data-everything]")?.disabled === false;

function chooseEverything(chosen) {
  const field = list.querySelector("[data-everything]");
  if (!field || field.disabled === !chosen) return;
  field.disabled = !chosen;
  for (const button of list.querySelectorAll('.bulk button[name="action"]')) {
    button.hidden = chosen && !("forEverything" in button.dataset);
    if (chosen && !("opens" in button.dataset)) {
      button.dataset.confirmBefore = button.dataset.confirm ?? "";
      button.dataset.confirm = field.dataset.question.replace("{act}", button.textContent.trim());
      button.dataset.confirmWords = button.textContent.trim();
    } else if (button.dataset.confirmBefore) button.dataset.confirm = button.dataset.confirmBefore;
    else delete button.dataset.confirm;
  }
}

function tickBetween(box) {
  const every = boxes();
  const last = every.findIndex((other) => other.value === lastTicked); // it may be drawn anew
  const [from, to] = [last, every.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) for (const other of every.slice(from, to + 1)) other.checked = box.checked;
}

function listenForTicks() {
  list.addEventListener("click", (event) => {
    const box = event.target.closest('input[name="rowid"]');
    if (box) {
      if (event.shiftKey && lastTicked) tickBetween(box);
      lastTicked = box.value;
      showTicks();
    } else if (event.target.closest("[data-tick-everything]")) {
      chooseEverything(true);
      showTicks();
      list.querySelector("[data-bulk-none]").focus(); // the button itself is gone
    } else if (event.target.closest("[data-bulk-none]")) {
      for (const other of boxes()) other.checked = false;
      showTicks();
    }
  });
  list.addEventListener("change", (event) => {
    if (!event.target.matches("[data-tick-all]")) return;
    for (const box of boxes()) box.checked = event.target.checked;
    showTicks();
  });
  showTicks();
}

// On a small screen the search items make way for the rows, unless one is in use.

function foldSearch() {
  const items = list.querySelector("[data-search-more]");
  if (!items) return;
  const small = matchMedia("(max-width: 719.98px)");
  const fold = () => {
    items.open = !small.matches || items.querySelector(".is-set") !== null;
    items.dataset.ready = "";
  };
  small.addEventListener("change", fold);
  fold();
}

// On a small screen the tab that is chosen may lie beyond the edge.

function showTab() {
  const tabs = list.querySelector(".tabs");
  const tab = tabs?.querySelector("[aria-current]");
  if (!tab) return;
  const beyond = tab.getBoundingClientRect().right - tabs.getBoundingClientRect().right;
  if (beyond > 0) tabs.scrollLeft += beyond;
}

// Rows that change by themselves must not move the columns: each keeps the width that it
// has, until that of the window changes.

function holdColumns() {
  const table = list.querySelector("table.rows");
  const heads = table ? [...table.querySelectorAll("thead th")] : [];
  for (const head of heads) head.style.width = "";
  if (table) table.style.tableLayout = "";
  if (!table || getComputedStyle(table).display !== "table") return; // a card for each row
  const widths = heads.map((head) => head.getBoundingClientRect().width);
  for (const [place, head] of heads.entries()) head.style.width = `${widths[place]}px`;
  table.style.tableLayout = "fixed";
}

function listenForWidths() {
  let width = 0;
  new ResizeObserver(() => {
    const same = list.clientWidth === width;
    width = list.clientWidth;
    if (!same) holdColumns();
  }).observe(list);
}

// News

let pause = SOONEST;
let timer = null;
let busy = false;

const moving = () => list.querySelector(`${ROW}[data-moving]`) !== null;

function plan() {
  clearTimeout(timer);
  timer = null;
  if (list.dataset.liveUrl && !document.hidden && moving()) timer = setTimeout(ask, pause);
}

async function ask() {
  if (busy) return;
  busy = true;
  try {
    if (await somethingChanged()) {
      await refresh();
      pause = SOONEST;
    } else {
      pause = Math.min(pause * 1.4, LATEST);
    }
  } catch {
    pause = Math.min(pause * 2, LATEST);
  } finally {
    busy = false;
    plan();
  }
}

async function somethingChanged() {
  const shown = new Map(shownRows().map((row) => [row.dataset.id, row.dataset.mark]));
  const address = new URL(list.dataset.liveUrl, location.href);
  address.searchParams.set("ids", [...shown.keys()].join(","));
  address.searchParams.set("marks", "only");
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch(address, { headers: { Accept: "application/json" }, signal });
  if (answer.status === 401) location.reload(); // logged out meanwhile: the page says so
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { marks } = await answer.json();
  return [...shown].some(([id, mark]) => marks[id] !== mark);
}

let asked = 0;
let drawn = 0; // of those that were asked for: a slow answer overwrites no newer one

async function refresh() {
  const number = ++asked;
  const address = new URL(location.href);
  address.searchParams.set("part", "rows");
  const answer = await fetch(address, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (number < drawn) return;
  drawn = number;
  swap("tabs", fresh);
  showTab();
  const body = list.querySelector("[data-rows]");
  const freshBody = fresh.querySelector("[data-rows]");
  // Another look or other columns may have been chosen on another page meanwhile.
  if (body && freshBody && body.dataset.rows === freshBody.dataset.rows) swapRows(body, freshBody, fresh);
  else {
    swap("table", fresh);
    if (list.dataset.liveUrl) holdColumns();
  }
  showTicks();
}

function swap(name, fresh) {
  const old = list.querySelector(`[data-live="${name}"]`);
  const now = fresh.querySelector(`[data-live="${name}"]`);
  if (!old || !now || old.innerHTML === now.innerHTML) return;
  ready(now);
  old.replaceWith(now);
}

function ready(part) {
  enableQuestions(part);
  showTimes(part);
}

function swapRows(body, freshBody, fresh) {
  const old = new Map(rowsOf(body).map((row) => [row.dataset.id, row]));
  const changed = [];
  const focus = focusPlace();
  const wanted = rowsOf(freshBody).map((row) => {
    const before = old.get(row.dataset.id);
    if (before && (before.dataset.mark === row.dataset.mark || "editing" in before.dataset)) return before;
    ready(row);
    row.classList.add("is-fresh");
    if (before) takeOver(before, row);
    before?.replaceWith(row); // so that the rows around it stay where they are, with the focus
    changed.push(row);
    return row;
  });
  wanted.forEach((row, place) => {
    if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
  });
  while (body.children.length > wanted.length) body.lastElementChild.remove();
  restoreFocus(focus);
  const foot = list.querySelector(".list-foot");
  const freshFoot = fresh.querySelector(".list-foot");
  if (foot && freshFoot && !foot.contains(document.activeElement)) foot.replaceWith(freshFoot);
  announce(changed);
}

function takeOver(before, row) {
  const [was, is] = [before, row].map((it) => it.querySelector('input[name="rowid"]'));
  if (was && is) is.checked = was.checked;
}

function focusPlace() {
  const row = document.activeElement?.closest(ROW);
  if (!row) return null;
  const places = [...row.querySelectorAll("a, button, input")];
  return { id: row.dataset.id, place: places.indexOf(document.activeElement) };
}

function restoreFocus(focus) {
  if (!focus || document.activeElement?.closest(ROW)) return;
  const row = shownRows().find((it) => it.dataset.id === focus.id);
  if (row && focus.place < 0) row.tabIndex = -1; // the row itself had it, by the keyboard
  const place = focus.place < 0 ? row : row?.querySelectorAll("a, button, input")[focus.place];
  place?.focus({ preventScroll: true });
}

function announce(rows) {
  const news = list.querySelector("[data-live-news]");
  const words = rows.slice(0, MOST_NAMES).map((row) => {
    const state = row.querySelector("[data-live-words]")?.textContent;
    const { name } = row.dataset;
    return state ? news.dataset.line.replace(/{(name|state)}/g, (_all, it) => ({ name, state })[it]) : name;
  });
  if (words.length) news.textContent = words.join("; ");
}

function listenForNews() {
  document.addEventListener("visibilitychange", () => {
    pause = SOONEST;
    plan();
  });
  document.addEventListener("list:refresh", async () => {
    try {
      await refresh();
    } catch {
      // The next question will find out.
    }
    pause = SOONEST;
    plan();
  });
  plan();
}

if (list) {
  list.querySelector(".tab[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  listenForTicks();
  foldSearch();
  showTab();
  if (list.dataset.liveUrl) listenForWidths();
  listenForNews();
}
