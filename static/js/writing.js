// The page on which a text is written: its editor, its cover, and the way to what is missing.

import "./editor.js";
import { choosePicture } from "./editor_dialogs.js";
import { facts, forget, mayUpload, upload, watch } from "./editor_pictures.js";

const cover = document.querySelector("[data-cover]");
if (cover) ready(cover);

function ready(cover) {
  const field = cover.querySelector("[data-cover-id]");
  const look = cover.querySelector("[data-cover-look]");
  const remove = cover.querySelector("[data-cover-remove]");
  const view = { id: () => field.value || null, draw };

  function draw() {
    const found = facts(field.value);
    if (field.value && found === undefined) return; // asked for; until then what the server drew
    look.replaceChildren();
    if (remove) remove.hidden = !field.value;
    const address = field.value && (found?.large ?? found?.small);
    if (address) look.append(Object.assign(document.createElement("img"), { src: address, alt: found.alt || found.title }));
    const gone = found === null ? document.querySelector("[data-editor]").dataset.wordsGone : "";
    const told = found && found.status !== "ready" ? found.words : gone;
    if (field.value && told) look.append(Object.assign(document.createElement("p"), { className: "placed-state", textContent: told }));
  }
  function set(id) {
    forget(view);
    field.value = id ?? "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    draw();
    if (id) watch(view);
  }
  cover.querySelector("[data-cover-choose]")?.addEventListener("click", () =>
    choosePicture(({ id }) => set(id), ([file]) => mayUpload() && upload(file, (id) => id && set(id))),
  );
  remove?.addEventListener("click", () => set(null));
  if (field.value) watch(view);
}

// What is missing is asked for anew once the text was saved, or a picture has got on.
const lacks = document.querySelector("[data-lacks]");

async function renew() {
  try {
    const answer = await fetch(lacks.dataset.lacks, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const drawn = (await answer.text()).trim();
    if (drawn !== lacks.innerHTML.trim()) lacks.innerHTML = drawn;
  } catch {
    // The network is away; the page as it stands will do.
  }
}
document.getElementById("writing").addEventListener("form:saved", renew);
document.addEventListener("pictures:news", renew);

// What is missing leads to its field, wherever that is.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-go]");
  if (!link) return;
  event.preventDefault();
  const name = link.dataset.go;
  const target = { body: "#body-editor", cover: "[data-cover-choose]" }[name] ?? `[name="${name}"]`;
  const field = document.querySelector(target);
  field?.closest("details")?.setAttribute("open", "");
  field?.scrollIntoView({ block: "center" });
  (field?.tomselect ?? field)?.focus();
});

// What has no room is told as it is typed, and not sent: the text stays where it can be cut.
const form = document.getElementById("writing");
const long = document.querySelector("[data-too-long]");
const body = form.querySelector("textarea[name=body]");

function tellLength() {
  const limit = Number(long.dataset.tooLong);
  long.hidden = body.value.length <= limit || [...body.value].length <= limit;
  return !long.hidden;
}
body.addEventListener("input", tellLength);
form.addEventListener(
  "submit",
  (event) => {
    if (!tellLength()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    long.scrollIntoView({ block: "center" });
  },
  { capture: true },
);

// The zone that the reader is in comes first among those offered.
const zones = document.getElementById("zones");
const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zones && mine && ![...zones.options].some(({ value }) => value === mine)) zones.prepend(new Option(mine, mine));
