// Editing in place. A pencil, or a click beside what a cell says, opens its field: Enter
// saves, Esc gives up, Tab saves and goes on to the next. A switch saves at once.
//
// A cell whose save is refused stays open with its text. One that somebody else has
// changed meanwhile shows both values and asks.

import { showTimes } from "./page.js";

const list = document.querySelector("[data-list]");
const tools = document.querySelector("[data-inline-edit]");
const words = tools.dataset;
const controls = () => [...list.querySelectorAll("button[data-edit]")];

// Saving

async function send(control, value) {
  const row = control.closest("tr[data-id]");
  const body = new URLSearchParams({
    id: row.dataset.id, column: control.dataset.edit, value, seen: control.dataset.value,
  }); // fmt: skip
  const answer = await fetch(words.url, {
    method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": words.token },
  }); // fmt: skip
  return { status: answer.status, ...(await answer.json()) };
}

async function save(control, value) {
  say(words.saving);
  try {
    const answer = await send(control, value);
    if (answer.status === 200) settle(control, answer);
    return answer;
  } catch {
    return { status: 0, error: words.failed };
  }
}

function settle(control, { value, html, name, notices }) {
  const row = control.closest("tr[data-id]");
  control.dataset.value = value;
  if (control.type === "checkbox") control.checked = value !== "";
  else draw(control, html);
  rename(row, name);
  const cell = control.closest("td");
  cell.classList.remove("is-saved");
  void cell.offsetWidth; // so that the mark begins anew
  cell.classList.add("is-saved");
  say("");
  toast(notices);
}

function draw(control, html) {
  const box = control.parentElement;
  const drawn = new DOMParser().parseFromString(html, "text/html").body;
  showTimes(drawn);
  const link = box.querySelector(":scope > a.row-name");
  if (link) link.replaceChildren(...drawn.childNodes);
  else box.replaceChildren(...drawn.childNodes, control);
}

function rename(row, name) {
  const before = row.dataset.name;
  if (before === name) return;
  row.dataset.name = name;
  for (const part of row.querySelectorAll("[aria-label]")) {
    const label = part.ariaLabel.slice(0, -before.length);
    if (part.ariaLabel.endsWith(before) && /[:：] ?$/.test(label)) part.ariaLabel = label + name;
  }
}

const say = (said) => (list.querySelector("[data-live-news]").textContent = said);

// The newest only: what it says of an older one can be done on the row itself.
function toast(notices) {
  const place = document.querySelector("[data-toasts]");
  if (!notices.length) return;
  place.replaceChildren(
    ...notices.map(({ tone, html }) => {
      const notice = tools.querySelector("[data-toast]").content.firstElementChild.cloneNode(true);
      notice.classList.add(`notice-${tone === "error" ? "danger" : tone}`);
      const said = new DOMParser().parseFromString(html, "text/html").body;
      notice.querySelector("[data-toast-words]").append(...said.childNodes);
      return notice;
    }),
  );
}

// Switches

async function flip(box) {
  const value = box.checked ? "1" : "";
  box.setAttribute("aria-busy", "true");
  const answer = await save(box, value);
  box.removeAttribute("aria-busy");
  if (answer.status === 200) return;
  box.checked = box.dataset.value !== "";
  say("");
  const said = answer.errors?.join(" ") ?? answer.words ?? answer.error ?? words.failed;
  document.dispatchEvent(new CustomEvent("list:say", { detail: { words: said, tone: "danger" } }));
}

// Fields

const ofOpen = new WeakMap(); // an open form's control

function open(control) {
  const box = control.closest(".cell-value");
  const before = box.parentElement.querySelector(".cell-form");
  if (before) {
    if (before.ariaBusy === "true") before.dataset.again = ""; // once it is saved
    return before.querySelector("[data-field-of]").focus();
  }
  const form = tools.querySelector("[data-cell-form]").content.firstElementChild.cloneNode(true);
  const field = tools.querySelector(`[data-field="${control.dataset.edit}"]`).content.firstElementChild.cloneNode(true);
  field.removeAttribute("id");
  field.dataset.fieldOf = control.dataset.edit;
  field.setAttribute("aria-label", control.getAttribute("aria-label"));
  field.value = control.dataset.value;
  form.querySelector(".cell-field").prepend(field);
  ofOpen.set(form, control);
  box.hidden = true;
  box.after(form);
  form.closest("tr").dataset.editing = "";
  field.focus();
  field.select?.();
}

function close(form, focus) {
  const control = ofOpen.get(form);
  const row = form.closest("tr");
  const held = form.contains(document.activeElement);
  form.ariaBusy = "true"; // whatever its going away sets off
  control.closest(".cell-value").hidden = false;
  form.remove();
  if (!row.querySelector(".cell-form")) delete row.dataset.editing;
  if (focus ?? held) control.focus();
}

async function commit(form) {
  const control = ofOpen.get(form);
  const field = form.querySelector("[data-field-of]");
  if (form.ariaBusy === "true") return;
  if (field.value === control.dataset.value && !isTroubled(form)) return close(form);
  form.ariaBusy = "true";
  field.readOnly = true;
  const answer = await save(control, field.value);
  form.ariaBusy = "false";
  field.readOnly = false;
  if (answer.status === 200) {
    close(form);
    return "again" in form.dataset && open(control);
  }
  say("");
  if (answer.status === 409 && "now" in answer) showConflict(form, field, answer);
  else showError(form, field, answer.errors?.join(" ") ?? answer.error ?? words.failed);
}

const isTroubled = (form) => form.querySelector("[role='alert']:not([hidden])") !== null;
const inWords = (field) => field.selectedOptions?.[0]?.textContent ?? field.value;

function showError(form, field, said) {
  const place = form.querySelector("[data-cell-error]");
  form.querySelector("[data-cell-conflict]").hidden = true;
  place.id = `cell-error-${form.closest("tr").dataset.id}-${field.dataset.fieldOf}`;
  place.hidden = false;
  place.textContent = said;
  field.classList.add("is-invalid");
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", place.id);
}

function showConflict(form, field, { now, words: theirs }) {
  const box = form.querySelector("[data-cell-conflict]");
  form.querySelector("[data-cell-error]").hidden = true;
  box.hidden = false;
  box.querySelector("[data-theirs]").textContent = theirs || "–";
  box.querySelector("[data-yours]").textContent = inWords(field) || "–";
  box.dataset.now = now;
  box.querySelector("[data-keep-yours]").focus();
}

// What was seen is then what they have written: it is saved over knowingly, or shown.
function choose(form, mine) {
  const control = ofOpen.get(form);
  const box = form.querySelector("[data-cell-conflict]");
  const field = form.querySelector("[data-field-of]");
  control.dataset.value = box.dataset.now;
  box.hidden = true;
  if (!mine) field.value = box.dataset.now;
  field.focus();
  if (mine) commit(form);
  else save(control, field.value).then(() => close(form, true)); // draws what they have written
}

function goOn(form, step) {
  const all = controls();
  const next = all[all.indexOf(ofOpen.get(form)) + step];
  commit(form);
  if (next) open(next);
  return next !== undefined;
}

list.addEventListener("click", (event) => {
  const control = event.target.closest("button[data-edit]");
  if (control) return open(control);
  const form = event.target.closest(".cell-form");
  if (event.target.closest("[data-cell-cancel]")) close(form, true);
  else if (event.target.closest("[data-keep-theirs]")) choose(form, false);
  else if (event.target.closest("[data-keep-yours]")) choose(form, true);
  else if (!event.target.closest("a, button, input, label, select, textarea") && getSelection().isCollapsed) {
    const beside = event.target.closest("td")?.querySelector(":scope > .cell-value:not([hidden]) > button[data-edit]");
    if (beside) open(beside);
  }
});
list.addEventListener("mousedown", (event) => {
  if (event.target.closest(".cell-form button")) event.preventDefault(); // the field keeps the focus
});
list.addEventListener("change", (event) => {
  if (event.target.matches(".cell-switch")) flip(event.target);
});
list.addEventListener("submit", (event) => {
  if (!event.target.matches(".cell-form")) return;
  event.preventDefault();
  commit(event.target);
});
list.addEventListener("keydown", (event) => {
  const form = event.target.closest(".cell-form");
  if (!form || event.isComposing) return;
  const inField = event.target.matches("[data-field-of]");
  if (event.key === "Escape") {
    event.preventDefault();
    if (form.ariaBusy !== "true") close(form, true);
  } else if (event.key === "Enter" && inField && !event.shiftKey) {
    event.preventDefault();
    commit(form);
  } else if (event.key === "Tab" && inField && !isTroubled(form)) {
    if (goOn(form, event.shiftKey ? -1 : 1)) event.preventDefault();
  }
});
// Who goes elsewhere has finished; a choice that is asked for stays open.
list.addEventListener("focusout", (event) => {
  const form = event.target.closest(".cell-form");
  if (form && !form.contains(event.relatedTarget) && document.hasFocus() && form.isConnected && !isTroubled(form))
    commit(form);
});
