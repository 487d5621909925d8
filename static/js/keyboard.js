// Lists by keyboard: single keys, while nobody types, and only where `data-shortcuts` says
// that they are on.
//
// `data-keys` names what presses or focuses an element anywhere on the page: `n`, `g f`, `?`.
// `data-row-key` names what presses a button of the row that the cursor is at.

const list = document.querySelector("[data-list]");
const dialog = list?.querySelector("[data-keys-dialog]");
const on = list !== null && "shortcuts" in list.dataset;
const PATIENCE = 1_500; // for the second key of two

const shown = (element) => element.checkVisibility();
const keyed = () => [...document.querySelectorAll("[data-keys]")].filter(shown);

// The row that the cursor is at: the one with the focus, or that last had it.

let cursor = null;
const rows = () => [...list.querySelectorAll("[data-rows] > [data-id]")];
const atCursor = () => rows().find((row) => row.dataset.id === cursor);

function move(step) {
  const all = rows();
  const place = all.findIndex((row) => row.dataset.id === cursor);
  const row = all[place < 0 ? 0 : Math.min(Math.max(place + step, 0), all.length - 1)];
  if (!row) return;
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" }); // its margins keep it clear of what is sticky
}

function tick(shiftKey) {
  const box = atCursor()?.querySelector('input[name="rowid"]');
  box?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey }));
}

const ROW_KEYS = {
  j: () => move(1),
  k: () => move(-1),
  x: () => tick(false),
  X: () => tick(true),
};

function press(element) {
  if (element.matches("input")) {
    element.focus();
    element.select();
  } else element.click();
}

// Keys

let first = null;
let timer = null;

function wait(key) {
  clearTimeout(timer);
  first = key;
  timer = setTimeout(() => (first = null), PATIENCE);
}

const TYPED_IN = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])";

function isMeant(event) {
  if (event.defaultPrevented || event.isComposing || event.repeat && event.key === "x") return false;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  if (event.target.closest(TYPED_IN)) return false;
  return ![...document.querySelectorAll("dialog[open], [role=dialog]")].some(shown);
}

function listenForKeys(event) {
  if (!isMeant(event)) return;
  const keys = first ? `${first} ${event.key}` : event.key;
  const element = keyed().find((it) => it.dataset.keys === keys);
  const row = atCursor();
  const button = first ? null : row?.querySelector(`[data-row-key="${CSS.escape(event.key)}"]`);
  if (event.key === "Enter") {
    if (document.activeElement !== row) return; // it is for the link or button with the focus
    row.querySelector(".row-name")?.click();
  } else if (element) press(element);
  else if (button) button.click();
  else if (!first && ROW_KEYS[event.key]) ROW_KEYS[event.key]();
  else if (!first && keyed().some((it) => it.dataset.keys.startsWith(`${event.key} `))) {
    wait(event.key);
    return;
  } else {
    first = null;
    return;
  }
  first = null;
  event.preventDefault();
}

// What there is to press is said in tips, and in the dialog.

function nameOf(element) {
  const text = [...element.childNodes].filter((it) => it.nodeType === Node.TEXT_NODE);
  return element.getAttribute("aria-label") ?? text.map((it) => it.textContent).join(" ").trim();
}

function inWords(keys) {
  const [one, two] = keys.split(" ");
  return two ? dialog.dataset.then.replace("{first}", one).replace("{second}", two) : one;
}

function hint({ target }) {
  const element = target.closest?.("[data-keys], [data-row-key]");
  if (!element || "hinted" in element.dataset) return;
  element.dataset.hinted = "";
  const keys = element.dataset.keys ?? element.dataset.rowKey;
  element.title = `${element.title || nameOf(element)} (${inWords(keys)})`;
}

function fillDialog() {
  const facts = dialog.querySelector("dl");
  for (const element of keyed()) {
    const entry = document.createElement("div");
    const [term, words] = [document.createElement("dt"), document.createElement("dd")];
    for (const key of element.dataset.keys.split(" ")) {
      const drawn = document.createElement("kbd");
      drawn.textContent = key;
      term.append(drawn, " ");
    }
    words.textContent = nameOf(element);
    entry.append(term, words);
    facts.append(entry);
  }
}

if (dialog) {
  fillDialog();
  list.querySelector("[data-keys-open]").addEventListener("click", () => dialog.showModal());
}

if (on) {
  for (const element of keyed())
    if (!element.dataset.keys.includes(" ")) element.setAttribute("aria-keyshortcuts", element.dataset.keys);
  document.addEventListener("keydown", listenForKeys);
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, hint);
  list.addEventListener("focusin", ({ target }) => {
    cursor = target.closest("[data-rows] > [data-id]")?.dataset.id ?? cursor;
  });
}
