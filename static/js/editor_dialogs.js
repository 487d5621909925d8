// The dialogs of the editor: a picture of the library, where a link leads, what to embed.

import { ask, learn, mayUpload } from "./editor_pictures.js";

const PAUSE = 250;
const words = document.querySelector("[data-editor]").dataset;
const dialogOf = (name) => document.getElementById(`${name}-dialog`);

const later = (act) => {
  let timer = null;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, PAUSE);
  };
};

// Pictures: calls `choose` with one of the library, or `take` with files to be uploaded.

let choose = null;
let take = null;

export function choosePicture(chosen, files) {
  [choose, take] = [chosen, files];
  const dialog = dialogOf("picture");
  dialog.querySelector("[data-picture-search]").value = "";
  dialog.showModal();
  list();
}

let asked = 0;

async function list(before) {
  const dialog = dialogOf("picture");
  const rows = dialog.querySelector("[data-picture-list]");
  const query = dialog.querySelector("[data-picture-search]").value;
  const turn = (asked += 1);
  try {
    const { pictures, more } = await ask({ query, ...(before && { before }) });
    if (turn !== asked) return; // what was typed since is answered later
    if (!before) rows.replaceChildren();
    rows.append(...pictures.map(tile));
    dialog.querySelector("[data-picture-none]").hidden = rows.children.length > 0;
    dialog.querySelector("[data-picture-more]").hidden = !more;
  } catch {
    // The next key asks again.
  }
}

function tile(picture) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "picker-tile";
  button.dataset.id = picture.id;
  if (picture.small) button.append(Object.assign(document.createElement("img"), { src: picture.small, alt: "", loading: "lazy" }));
  else button.append(Object.assign(document.createElement("span"), { className: "picker-none", textContent: picture.words }));
  button.append(Object.assign(document.createElement("span"), { className: "picker-words", textContent: picture.title }));
  button.addEventListener("click", () => {
    learn(picture);
    dialogOf("picture").close();
    choose(picture);
  });
  item.append(button);
  return item;
}

function readyPictures(dialog) {
  dialog.querySelector("[data-picture-search]").addEventListener("input", later(() => list()));
  dialog.querySelector("[data-picture-search]").addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  dialog.querySelector("[data-picture-more]").addEventListener("click", () => list(dialog.querySelector("li:last-child button").dataset.id));
  dialog.querySelector("[data-picture-files]")?.addEventListener("change", ({ target }) => {
    const files = [...target.files];
    target.value = "";
    dialog.close();
    if (files.length && mayUpload()) take(files);
  });
}

// Links: calls `set` with an address, or with null for none.

const PROPER = /^(https?:\/\/|mailto:|tel:|\/(?!\/)|#)/i;
// What is copied without its beginning, as some browsers show it.
const whole = (address) => (/^[\w-]+(\.[\w-]+)+(\/|$)/.test(address) ? `https://${address}` : address);
let set = null;

export function chooseLink(current, done) {
  set = done;
  const dialog = dialogOf("link");
  const field = dialog.querySelector("input");
  field.value = current ?? "";
  dialog.querySelector("[data-link-remove]").hidden = !current;
  dialog.querySelector("[data-link-wrong]").hidden = true;
  dialog.showModal();
  field.select();
  links();
}

async function links() {
  const dialog = dialogOf("link");
  const query = dialog.querySelector("input").value.trim();
  const rows = dialog.querySelector("[data-link-list]");
  if (PROPER.test(query)) return rows.replaceChildren();
  const address = new URL(words.links, location.href);
  address.searchParams.set("query", query);
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const { links: found } = await answer.json();
    rows.replaceChildren(...found.map(line));
  } catch {
    // An address can be typed all the same.
  }
  return undefined;
}

function line({ words: title, address, hint }) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "menu-item";
  button.append(title, Object.assign(document.createElement("small"), { textContent: [address, hint].filter(Boolean).join(" · ") }));
  button.addEventListener("click", () => finish(address));
  item.append(button);
  return item;
}

function finish(address) {
  dialogOf("link").close();
  set(address);
}

function readyLinks(dialog) {
  const field = dialog.querySelector("input");
  const wrong = dialog.querySelector("[data-link-wrong]");
  const go = () => {
    const address = whole(field.value.trim());
    if (PROPER.test(address)) return finish(address);
    wrong.textContent = field.dataset.wrong;
    wrong.hidden = false;
    return undefined;
  };
  field.addEventListener("input", later(links));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    go();
  });
  dialog.querySelector("[data-link-set]").addEventListener("click", go);
  dialog.querySelector("[data-link-remove]").addEventListener("click", () => finish(null));
}

// Embeds: the server knows whose are allowed.

let embed = null;

export function chooseEmbed(done) {
  embed = done;
  const dialog = dialogOf("embed");
  dialog.querySelector("input").value = "";
  sayOfEmbed("");
  dialog.showModal();
}

function sayOfEmbed(trouble) {
  const dialog = dialogOf("embed");
  const wrong = dialog.querySelector("[data-embed-wrong]");
  wrong.textContent = trouble;
  wrong.hidden = !trouble;
  dialog.querySelector("input").toggleAttribute("aria-invalid", Boolean(trouble));
}

async function refusal(given) {
  const address = new URL(words.embeds, location.href);
  address.searchParams.set("address", given);
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return (await answer.json()).error ?? "";
  } catch {
    return words.wordsAway;
  }
}

function readyEmbeds(dialog) {
  const field = dialog.querySelector("input");
  const go = async () => {
    const address = whole(field.value.trim());
    const trouble = await refusal(address);
    if (!dialog.open) return; // closed meanwhile
    sayOfEmbed(trouble);
    if (trouble) return field.focus();
    dialog.close();
    embed(address);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    go();
  });
  dialog.querySelector("[data-embed-set]").addEventListener("click", go);
}

for (const [name, ready] of [["picture", readyPictures], ["link", readyLinks], ["embed", readyEmbeds]]) {
  const dialog = dialogOf(name);
  if (dialog) ready(dialog);
}
