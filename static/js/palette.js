// The command palette: Ctrl+K or the button in the bar. What there is for the words is
// asked of the server, which says what the person may open or do.

const dialog = document.querySelector("[data-palette]");
const field = dialog.querySelector("input");
const list = dialog.querySelector("[role=listbox]");
const news = dialog.querySelector("[data-palette-news]");
const form = dialog.querySelector("[data-palette-form]");
const PAUSE = 150;

const options = () => [...list.querySelectorAll("[role=option]")];
const chosen = () => list.querySelector("[aria-selected=true]");
let timer = null;
let asking = null; // what stops the question under way

function open() {
  if (dialog.open) return;
  field.value = "";
  dialog.showModal();
  ask();
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const address = new URL(dialog.dataset.palette, location.href);
  address.searchParams.set("q", field.value);
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, signal: asking.signal });
    if (answer.status === 401) location.reload(); // logged out meanwhile: the page says so
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show((await answer.json()).entries);
  } catch (error) {
    if (error.name !== "AbortError") show([], dialog.dataset.away);
  }
}

function show(entries, words) {
  const names = [...new Set(entries.map((entry) => entry.group))];
  const members = (name) => entries.filter((entry) => entry.group === name);
  list.replaceChildren(...names.map((name, place) => group(name, members(name), place)));
  list.hidden = !entries.length;
  const count = dialog.dataset.found.replace("{n}", entries.length);
  news.textContent = words ?? (entries.length ? count : dialog.dataset.none);
  news.classList.toggle("visually-hidden", entries.length > 0);
  choose(options()[0]);
}

function group(name, members, place) {
  const box = document.createElement("div");
  const heading = text("div", name, "palette-group");
  heading.id = `palette-group-${place}`;
  heading.setAttribute("role", "presentation");
  box.setAttribute("role", "group");
  box.setAttribute("aria-labelledby", heading.id);
  box.append(heading, ...members.map((entry, number) => option(entry, `palette-${place}-${number}`)));
  return box;
}

function option(entry, id) {
  const line = document.createElement("div");
  line.id = id;
  line.className = "palette-option";
  line.setAttribute("role", "option");
  line.setAttribute("aria-selected", "false");
  line.entry = entry;
  line.innerHTML = entry.icon; // drawn by the server
  for (const word of entry.before) line.append(text("span", word, "palette-before"), " ");
  line.append(text("span", entry.words, "palette-name"));
  if (entry.hint) line.append(" ", text("span", entry.hint, "palette-hint"));
  return line;
}

function text(tag, words, look) {
  const element = document.createElement(tag);
  element.className = look;
  element.textContent = words;
  return element;
}

function choose(line) {
  chosen()?.setAttribute("aria-selected", "false");
  if (!line) return field.removeAttribute("aria-activedescendant");
  line.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", line.id);
  line.scrollIntoView({ block: "nearest" });
}

function go(line, elsewhere) {
  if (!line) return;
  const { url, fields } = line.entry;
  if (fields) send(url, fields);
  else if (elsewhere) window.open(url);
  else {
    dialog.close();
    location.assign(url);
  }
}

function send(url, fields) {
  form.action = url;
  for (const [name, value] of Object.entries({ url: location.pathname + location.search, ...fields })) {
    const hidden = document.createElement("input");
    Object.assign(hidden, { type: "hidden", name, value });
    form.append(hidden);
  }
  form.submit();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
field.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  const every = options();
  const place = every.indexOf(chosen());
  if (event.key in STEPS) choose(every[(place + STEPS[event.key] + every.length) % every.length]);
  else if (event.key === "Enter") go(chosen(), event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
});
field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
});
list.addEventListener("click", (event) => go(event.target.closest("[role=option]"), event.ctrlKey || event.metaKey));
dialog.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-palette-close]")) dialog.close();
});
document.addEventListener("click", (event) => event.target.closest("[data-palette-open]") && open());
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (dialog.open) dialog.close();
  else open();
});
