// The pictures of a text: looked up in the library, uploaded in place, and drawn with their
// state while they are processed, with what they say to who cannot see them.

const MOST_AT_ONCE = 3;
const SOONEST = 1_000;
const LATEST = 10_000;

const place = document.querySelector("[data-editor]");
const words = place.dataset;
const known = new Map(); // what the library says of each picture
const views = new Set();
let timer = null;
let pause = SOONEST;

const filled = (text, facts) => text.replace(/\{(\w+)\}/g, (_all, name) => facts[name]);
const say = (text, tone) => document.dispatchEvent(new CustomEvent("list:say", { detail: { words: text, tone } }));

export async function ask(parameters) {
  const address = new URL(words.pictures, location.href);
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const found = await answer.json();
  for (const picture of found.pictures) known.set(String(picture.id), picture);
  return found;
}

export const learn = (picture) => known.set(String(picture.id), picture);
export const facts = (id) => known.get(String(id));

// Each picture that is shown is asked for once, and then as long as it changes.
export function watch(view) {
  views.add(view);
  plan(0);
}
export const forget = (view) => views.delete(view);

function plan(wait) {
  clearTimeout(timer);
  timer = setTimeout(look, wait);
}

async function look() {
  const wanted = [...new Set([...views].map(({ id }) => id()).filter((id) => id && (!known.has(id) || known.get(id)?.moving)))];
  if (wanted.length && !document.hidden) {
    try {
      const { pictures } = await ask({ ids: wanted.slice(0, 200).join() });
      for (const id of wanted) if (!pictures.some((one) => String(one.id) === id)) known.set(id, null); // it is gone
      pause = SOONEST;
    } catch {
      pause = Math.min(pause * 2, LATEST);
    }
    for (const view of views) view.draw();
    document.dispatchEvent(new CustomEvent("pictures:news"));
  }
  if ([...views].some(({ id }) => id() && (!known.has(id()) || known.get(id())?.moving))) plan(pause);
}
document.addEventListener("visibilitychange", () => views.size && plan(0));

// Uploading

let running = 0;
const waiting = [];

export const mayUpload = () => "upload" in words;

// Calls `done` with the id of the picture, or with null where there is none; it is said why.
export function upload(file, done) {
  waiting.push([file, done]);
  next();
}

async function next() {
  if (running >= MOST_AT_ONCE || !waiting.length) return;
  running += 1;
  const [file, done] = waiting.shift();
  done(await send(file));
  running -= 1;
  next();
}

async function send(file) {
  const body = new FormData();
  body.append("file", file, file.name);
  const token = document.querySelector("#writing input[name=csrf_token]").value;
  const refuse = (reason) => {
    say(filled(words.wordsRefused, { name: file.name, reason }), "danger");
    return null;
  };
  try {
    const answer = await fetch(words.upload, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": token }, body });
    const { images = [], errors = [], duplicates = [], error } = await answer.json();
    if (images.length) return String(images[0].id);
    const [here] = duplicates;
    if (here?.restore) return refuse(words.wordsTrashed);
    if (here) {
      say(filled(words.wordsHere, { name: file.name }), "warning");
      return String(here.id);
    }
    return refuse(errors[0]?.error ?? error ?? words.wordsAway);
  } catch {
    return refuse(words.wordsAway);
  }
}

// How a picture stands in the text

function element(tag, look, settings = {}) {
  const made = document.createElement(tag);
  made.className = look;
  return Object.assign(made, settings);
}

let number = 0;

export const lacksText = ({ picture, alt }) => picture && alt === null && facts(picture) && !facts(picture).alt;

export function pictureView({ node, editor, getPos }) {
  let current = node;
  const dom = element("figure", "placed");
  const frame = element("div", "placed-frame", { contentEditable: "false" });
  const img = element("img", "", { draggable: false });
  const state = element("p", "placed-state", { hidden: true });
  state.setAttribute("role", "status");
  // Where a picture that has failed is tried again, or gets another file.
  const mend = element("a", "btn btn-sm", { target: "_blank", rel: "noopener", textContent: words.wordsOpen, hidden: true });
  const asks = element("div", "placed-asks");
  const key = `alt-${(number += 1)}`;
  const label = element("label", "form-label", { htmlFor: key, textContent: words.wordsAlt });
  const alt = element("input", "form-control form-control-sm", { id: key, maxLength: 500, autocomplete: "off" });
  const box = element("label", "form-check");
  const ornament = element("input", "form-check-input", { type: "checkbox" });
  const lacks = element("p", "placed-lacks", { id: `${key}-lacks`, textContent: words.wordsLacks, hidden: true });
  const remove = element("button", "btn btn-sm", { type: "button", textContent: words.wordsRemove });
  box.append(ornament, ` ${words.wordsOrnament}`);
  asks.append(label, alt, lacks, box, remove);
  frame.append(img, state, mend, asks);
  const contentDOM = element("figcaption", "placed-caption");
  contentDOM.dataset.placeholder = words.wordsCaption;
  dom.append(frame, contentDOM);
  asks.hidden = !editor.isEditable;

  const set = (attributes) => editor.view.dispatch(editor.state.tr.setNodeMarkup(getPos(), null, { ...current.attrs, ...attributes }));
  alt.addEventListener("input", () => set({ alt: alt.value || null }));
  ornament.addEventListener("change", () => set({ alt: ornament.checked ? "" : null }));
  remove.addEventListener("click", () => {
    const at = getPos();
    editor.chain().deleteRange({ from: at, to: at + current.nodeSize }).focus().run();
  });

  const view = {
    id: () => current.attrs.picture,
    draw() {
      const { picture, alt: own, upload: coming } = current.attrs;
      const found = facts(picture);
      const gone = picture && known.has(picture) && found === null;
      const address = found?.large ?? found?.small;
      if (address && img.getAttribute("src") !== address) img.src = address;
      img.hidden = !address;
      img.alt = own ?? found?.alt ?? "";
      const told = coming ? words.wordsUploading : gone ? words.wordsGone : found && found.status !== "ready" ? found.words : "";
      state.hidden = !told;
      if (state.textContent !== told) state.textContent = told;
      state.classList.toggle("is-bad", Boolean(gone || found?.failed));
      mend.hidden = !found?.failed;
      if (found?.failed) mend.href = found.page;
      if (document.activeElement !== alt) alt.value = own ?? "";
      alt.disabled = own === "";
      ornament.checked = own === "";
      alt.placeholder = found?.alt ? filled(words.wordsLibrary, { text: found.alt }) : "";
      const lacking = Boolean(lacksText(current.attrs));
      lacks.hidden = !lacking;
      if (lacking) alt.setAttribute("aria-describedby", lacks.id);
      else alt.removeAttribute("aria-describedby");
      dom.classList.toggle("is-bare", current.content.size === 0);
    },
  };
  view.draw();
  watch(view);
  return {
    dom,
    contentDOM,
    update(next) {
      if (next.type !== current.type) return false;
      const news = next.attrs.picture !== current.attrs.picture;
      current = next;
      view.draw();
      if (news) watch(view);
      return true;
    },
    stopEvent: (event) => asks.contains(event.target) || mend.contains(event.target),
    ignoreMutation: (mutation) => mutation.type !== "selection" && !contentDOM.contains(mutation.target),
    destroy: () => forget(view),
  };
}

export function embedView({ node, editor, getPos }) {
  const dom = element("figure", "placed placed-embed");
  const frame = element("div", "placed-frame", { contentEditable: "false" });
  let host = node.attrs.address;
  try {
    ({ host } = new URL(node.attrs.address));
  } catch {
    // Shown as it is.
  }
  const words_ = element("p", "m-0", { textContent: filled(words.wordsEmbed, { host }) });
  const link = element("a", "", { href: node.attrs.address, target: "_blank", rel: "noopener", textContent: node.attrs.address });
  const remove = element("button", "btn btn-sm", { type: "button", textContent: words.wordsRemove, hidden: !editor.isEditable });
  remove.addEventListener("click", () => {
    const at = getPos();
    editor.chain().deleteRange({ from: at, to: at + editor.state.doc.nodeAt(at).nodeSize }).focus().run();
  });
  frame.append(words_, link, remove);
  const contentDOM = element("figcaption", "placed-caption");
  contentDOM.dataset.placeholder = words.wordsCaption;
  const look = (it) => dom.classList.toggle("is-bare", it.content.size === 0);
  look(node);
  dom.append(frame, contentDOM);
  return {
    dom,
    contentDOM,
    update: (next) => next.type === node.type && next.attrs.address === node.attrs.address && (look(next), true),
    stopEvent: (event) => frame.contains(event.target),
    ignoreMutation: (mutation) => mutation.type !== "selection" && !contentDOM.contains(mutation.target),
  };
}
