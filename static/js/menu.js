// The editor of a menu: a flat list of lines, each with its level. A handle is dragged, up
// and down and to the side, or moved by Alt and an arrow key; what stands below a line
// follows it. Nothing is saved before the button is pressed; what drafts.js keeps until then
// are the lines as one text.

import { forget } from "./choose.js";

const form = document.querySelector("[data-menu-editor]");
const list = form.querySelector("[data-lines]");
const news = form.querySelector("[data-menu-news]");
const deepest = Number(form.dataset.deepest);
const STEP = 28; // so many pixels to the side are a level
const MOVES = { ArrowUp: up, ArrowDown: down, ArrowRight: inward, ArrowLeft: outward };

const lines = () => [...list.querySelectorAll("[data-line]")];
const field = (line, name) => line.querySelector(`[name="${name}"]`);
const levelOf = (line) => Number(line.dataset.level);
const nameOf = (line) => field(line, "label").value || field(line, "label").placeholder || field(line, "address").value;

function setLevel(line, level) {
  line.dataset.level = field(line, "level").value = level;
}

// A line with what stands below it.
function block(line) {
  const found = [line];
  for (let next = line.nextElementSibling; next && levelOf(next) > levelOf(line); next = next.nextElementSibling) found.push(next);
  return found;
}

// No line is more than one level further in than the one before it.
function settle() {
  let before = 0;
  for (const line of lines()) {
    setLevel(line, Math.max(1, Math.min(levelOf(line), before + 1, deepest)));
    before = levelOf(line);
  }
  note();
}

const kept = form.elements.lines;

function note() {
  form.querySelector("[data-lines-none]").hidden = lines().length > 0;
  kept.value = JSON.stringify(lines().map(said));
  kept.dispatchEvent(new Event("change", { bubbles: true }));
}

function said(line) {
  const value = (name) => field(line, name).value;
  const [thing, state] = [".menu-line-thing", ".state"].map((part) => line.querySelector(part)?.textContent.trim() ?? "");
  const words = state ? `${thing} (${state})` : thing;
  return { level: levelOf(line), target: value("target"), label: value("label"), address: value("address"), title: field(line, "label").placeholder, words };
}

function restore() {
  list.replaceChildren();
  for (const { level, target, label, address, title, words } of JSON.parse(kept.value)) {
    const line = add(target ? "[data-line-thing]" : "[data-line-address]");
    setLevel(line, level);
    Object.assign(field(line, "label"), { value: label, placeholder: title });
    field(line, "target").value = target;
    field(line, "address").value = address;
    if (target) line.querySelector(".menu-line-thing").textContent = words;
    call(line);
  }
  form.querySelector("[data-lines-none]").hidden = lines().length > 0;
}

function shift(line, by) {
  const moved = block(line);
  if (levelOf(line) + by < 1 || moved.some((one) => levelOf(one) + by > deepest)) return false;
  for (const one of moved) setLevel(one, levelOf(one) + by);
  return true;
}

// The line before or after on the same level, if both stand below the same one.
function beside(line, next) {
  for (let one = next(line); one && levelOf(one) >= levelOf(line); one = next(one)) if (levelOf(one) === levelOf(line)) return one;
  return null;
}

function up(line) {
  beside(line, (one) => one.previousElementSibling)?.before(...block(line));
}

function down(line) {
  const other = beside(line, (one) => one.nextElementSibling);
  if (other) block(other).at(-1).after(...block(line));
}

function inward(line) {
  const before = line.previousElementSibling;
  if (before && levelOf(before) >= levelOf(line)) shift(line, 1);
}

function outward(line) {
  shift(line, -1);
}

function tell(words, line) {
  const all = lines();
  const facts = { name: nameOf(line), place: all.indexOf(line) + 1, count: all.length, level: levelOf(line) };
  news.textContent = words.replace(/\{(\w+)\}/g, (_whole, key) => facts[key]);
}

list.addEventListener("keydown", (event) => {
  const handle = event.target.closest("[data-line-handle]");
  if (!handle || !event.altKey || !(event.key in MOVES)) return;
  event.preventDefault(); // Alt and an arrow to the side would leave the page
  const line = handle.closest("[data-line]");
  MOVES[event.key](line);
  settle();
  handle.focus(); // a moved element loses it
  handle.scrollIntoView({ block: "nearest" });
  tell(form.dataset.moved, line);
});

let begun = null;
const xOf = ({ originalEvent }) => originalEvent?.clientX ?? originalEvent?.changedTouches?.[0]?.clientX ?? begun?.x ?? 0;

globalThis.Sortable.create(list, {
  handle: "[data-line-handle]",
  animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
  ghostClass: "is-dragged",
  onStart: (event) => {
    begun = { x: xOf(event), followers: block(event.item).slice(1) };
    for (const line of begun.followers) line.classList.add("is-following");
  },
  onEnd: (event) => {
    const { item } = event;
    for (const line of begun.followers) line.classList.remove("is-following");
    item.after(...begun.followers);
    const levels = Math.round((xOf(event) - begun.x) / STEP);
    for (let left = Math.abs(levels); left && shift(item, Math.sign(levels)); left--);
    settle();
    tell(form.dataset.moved, item);
  },
});

list.addEventListener("click", (event) => {
  const line = event.target.closest("[data-line-remove]")?.closest("[data-line]");
  if (!line) return;
  tell(form.dataset.removed, line);
  const next = (line.nextElementSibling ?? line.previousElementSibling)?.querySelector("[data-line-remove]");
  line.remove();
  settle();
  (next ?? form.querySelector("button:not([data-line-remove])")).focus();
});

// Adding

const select = document.querySelector("[data-menu-thing]");
const label = document.querySelector("[data-menu-label]");
const address = document.querySelector("[data-menu-address]");

function add(template) {
  const line = document.querySelector(template).content.firstElementChild.cloneNode(true);
  list.append(line);
  return line;
}

function call(line) {
  for (const button of line.querySelectorAll("[data-line-handle], [data-line-remove]")) button.setAttribute("aria-label", `${button.title}: ${nameOf(line)}`);
}

function named(line) {
  call(line);
  settle();
  tell(form.dataset.added, line);
  line.scrollIntoView({ block: "nearest" });
}

function addThing() {
  if (!select.value) return select.tomselect?.focus();
  const [title, ...said] = select.selectedOptions[0].textContent.split(" · ");
  const line = add("[data-line-thing]");
  field(line, "target").value = select.value;
  field(line, "label").placeholder = title;
  line.querySelector(".menu-line-thing").textContent = form.dataset.line.replace("{kind}", () => said[0]).replace("{title}", () => title);
  if (said[1]) line.querySelector(".menu-line-thing").append(` (${said[1]})`);
  named(line);
  if (!select.tomselect) return (select.value = "");
  select.tomselect.setValue("");
  forget(select.tomselect);
}

function addAddress() {
  const empty = [label, address].find((one) => !one.value.trim());
  if (empty) return empty.focus();
  const line = add("[data-line-address]");
  field(line, "label").value = label.value.trim();
  field(line, "address").value = address.value.trim();
  named(line);
  label.value = address.value = "";
  label.focus();
}

document.querySelector('[data-menu-add="thing"]').addEventListener("click", addThing);
document.querySelector('[data-menu-add="address"]').addEventListener("click", addAddress);
for (const one of [label, address])
  one.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    addAddress();
  });

form.addEventListener("input", ({ target }) => (target === kept ? kept.value && restore() : note()));
if (kept.value) restore(); // drafts.js came first
else if ("refused" in form.dataset) note();
