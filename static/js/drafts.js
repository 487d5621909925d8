// Forms that lose no text. What is typed in a form that says `data-draft`, the number of the
// person, is kept in this browser: for that person, at this address, until it is saved, for
// a day at most. A form that is sent elsewhere says in `data-draft-at` where it is found.
// Passwords, secrets and files are not kept. Before a form is sent it is
// asked whether that can work: who was logged out, or must give the password once more, does
// so first and finds the text again.

const DAY = 24 * 3600_000;
const PREFIX = "draft:";
const SECRET = /password|secret|token/i;
const LEFT_OUT = ["hidden", "password", "file", "submit", "button", "image", "reset"];
const PAUSE = 400;
const TOO_LONG = 15_000;
const ANSWERED = 60_000; // by then, or not at all

const words = document.querySelector("[data-draft-words]")?.dataset;
const all = (selector) => [...document.querySelectorAll(selector)];

// What is kept. Storage may be switched off or full; then a form is as good as any other.

const attempt = (act) => {
  try {
    return act();
  } catch {
    return null;
  }
};
const kept = () => attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) ?? [];
const read = (key) => attempt(() => JSON.parse(localStorage.getItem(key)));
const write = (key, draft) => attempt(() => localStorage.setItem(key, JSON.stringify(draft)));
const forget = (key) => attempt(() => localStorage.removeItem(key));

function tidyUp() {
  const cookie = /(?:^|; )((?:__Host-)?saved_form)=([A-Za-z0-9-]+)/;
  const [, name, saved] = document.cookie.match(cookie) ?? [];
  for (const key of kept()) {
    const draft = read(key);
    if (!draft || !(Date.now() - draft.at < DAY) || draft.id === saved) forget(key);
  }
  const secure = location.protocol === "https:" ? "; secure" : "";
  if (saved) document.cookie = `${name}=; max-age=0; path=/; samesite=lax${secure}`;
}

// Nobody who comes after a log-out finds anything.
document.addEventListener("submit", ({ target }) => {
  if (new URL(target.action, location.href).pathname.endsWith("/logout")) kept().forEach(forget);
});

function watch(form) {
  const id = new URLSearchParams(location.search).get("id");
  const here = location.pathname + (id === null ? "" : `?id=${id}`);
  const key = `${PREFIX}${form.dataset.draft}:${form.dataset.draftAt ?? here}`;
  const number = crypto.randomUUID?.() ?? `${Date.now()}-${Math.floor(Math.random() * 1e9)}`;
  const state = document.createElement("p");
  state.className = "draft-state";
  state.setAttribute("role", "status");
  form.querySelector(".form-buttons")?.append(state);

  let refused = "refused" in form.dataset; // what was typed stands in it, and is not saved
  let first = JSON.stringify(values(form, asSent));
  let last = first; // perhaps somebody has typed before this script came
  let timer = null;
  let sending = false; // until it is known that it cannot be sent, or the page comes back
  let sure = false;
  let leaving = false;

  const isDirty = () => (refused || last !== first) && !leaving;
  const keep = (more = {}) => {
    const seen = Object.fromEntries(seenOf(form).map(({ name, value }) => [name, value]));
    write(key, { at: Date.now(), id: number, fields: JSON.parse(last), seen, ...more });
  };

  function look() {
    const now = JSON.stringify(values(form));
    if (now === last) return;
    last = now;
    show();
    if (isDirty()) keep();
    else forget(key);
  }
  function show(trouble = "") {
    form.toggleAttribute("data-dirty", isDirty());
    const said = trouble || (isDirty() ? words.dirty : "");
    if (state.textContent !== said) state.textContent = said;
    state.classList.toggle("is-trouble", trouble !== "");
  }
  const plan = () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  };
  // Not all of them send `input`: what is dragged on a picture is written by a script.
  for (const event of ["input", "change", "keyup", "pointerup", "click"]) form.addEventListener(event, plan);

  // A form that saves itself says so: what it sent is what it was filled with now.
  let sent = null;
  form.addEventListener("form:saving", () => {
    look();
    sent = last;
  });
  form.addEventListener("form:saved", () => {
    first = sent;
    refused = false;
    if (isDirty()) keep();
    else forget(key);
    show();
  });

  addEventListener("beforeunload", (event) => {
    look();
    if (isDirty()) event.preventDefault();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    leaving = sending = false;
    show();
  });
  addEventListener("offline", () => isDirty() && show(words.away));
  addEventListener("online", () => show());

  form.addEventListener("submit", (event) => {
    if (sure) {
      leaving = true;
      return;
    }
    event.preventDefault();
    if (sending) return; // a second press would make a second one of it
    sending = true;
    send(event.submitter).catch(() => hold(words.away)); // an answer that is none of ours
  });

  async function send(submitter) {
    look();
    const answer = await session();
    if (answer === null) return hold(words.away);
    if (answer.status === 401) return askToLogIn("logged-out");
    if (!answer.ok) return hold(words.away);
    const { user, token, fresh } = await answer.json();
    if (String(user) !== form.dataset.draft) return hold(words.other);
    if ("sensitive" in form.dataset && !fresh) return askToLogIn("stale");
    for (const field of all("input[name=csrf_token]")) field.value = token;
    keep();
    mark(form, number);
    sure = true;
    form.requestSubmit(submitter);
    sure = false;
    sending = leaving; // not where the browser itself finds a field wrong
    if (leaving) setTimeout(() => (leaving = sending = false), ANSWERED); // who stopped it may press again
  }

  function hold(trouble) {
    sending = false;
    keep();
    show(trouble);
  }

  function askToLogIn(how) {
    sending = false;
    keep({ resume: true });
    const dialog = document.getElementById(how);
    const link = dialog.querySelector("[data-log-in]");
    const address = new URL(link.href, location.href);
    address.searchParams.set("next", form.dataset.draftAt ?? location.pathname + location.search);
    link.href = address;
    link.addEventListener("click", () => (leaving = true), { once: true });
    dialog.showModal();
  }

  // What was kept from before

  function offer() {
    const draft = read(key);
    if (refused) return keep();
    if (!draft || JSON.stringify(draft.fields) === first) return forget(key);
    if (!draft.resume) return ask(draft);
    putBack(draft);
    say(words.back, "success");
  }

  function putBack(draft) {
    fill(form, draft.fields);
    for (const field of seenOf(form)) field.value = draft.seen[field.name] ?? field.value;
    look();
    keep();
  }

  function ask(draft) {
    const when = document.createElement("p");
    const format = { dateStyle: "medium", timeStyle: "short" };
    when.textContent = new Intl.DateTimeFormat(document.documentElement.lang, format).format(draft.at);
    const [back, away] = [words.putBack, words.throwAway].map((label) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm";
      button.textContent = label;
      return button;
    });
    back.addEventListener("click", () => {
      putBack(draft);
      back.closest(".notice").remove();
      form.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    });
    away.addEventListener("click", () => {
      if (!isDirty()) forget(key);
      away.closest(".notice").remove();
    });
    say(words.found, "warning", [when, back, " ", away]);
  }

  offer();
  look();
  show();
}

async function session() {
  try {
    const options = { headers: { Accept: "application/json" }, cache: "no-store" };
    return await fetch(words.session, { ...options, signal: AbortSignal.timeout(TOO_LONG) });
  } catch {
    return null;
  }
}

// The server names what was saved in a cookie, by this.
function mark(form, number) {
  const field = form.querySelector("input[name=_form]") ?? document.createElement("input");
  Object.assign(field, { type: "hidden", name: "_form", value: number });
  form.append(field);
}

// What a form was filled with: who puts old text back is told what was saved since.
const seenOf = (form) => [...form.querySelectorAll("input[name=_seen], input[name=_seen_fields]")];

function* controls(form) {
  const count = new Map();
  for (const field of form.elements) {
    const { name, type } = field;
    if (!name || LEFT_OUT.includes(type) || SECRET.test(name) || name.startsWith("_")) continue;
    if (field.closest("[data-draft-apart]")) continue; // kept by its own script, in another field
    const number = count.get(name) ?? 0;
    count.set(name, number + 1);
    yield [`${name} ${number}`, field];
  }
}

const values = (form, valueOf = asTyped) =>
  Object.fromEntries([...controls(form)].map(([name, field]) => [name, valueOf(field)]));

const isBox = ({ type }) => type === "checkbox" || type === "radio";

function asTyped(field) {
  if (isBox(field)) return field.checked;
  return field.multiple ? [...field.selectedOptions].map(({ value }) => value) : field.value;
}

function asSent(field) {
  if (isBox(field)) return field.defaultChecked;
  if (field.options) {
    const chosen = [...field.options].filter((option) => option.defaultSelected).map(({ value }) => value);
    return field.multiple ? chosen : (chosen.at(-1) ?? field.options[0]?.value ?? "");
  }
  if (!field.matches("input")) return field.defaultValue;
  const same = document.createElement("input"); // reads it as this kind of field does
  same.type = field.type;
  same.value = field.defaultValue;
  return same.value;
}

function fill(form, fields) {
  for (const [name, field] of controls(form)) {
    if (!(name in fields)) continue;
    const value = fields[name];
    if (typeof value === "boolean") field.checked = value;
    else if (Array.isArray(value)) for (const option of field.options) option.selected = value.includes(option.value);
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function say(text, tone, more) {
  document.dispatchEvent(new CustomEvent("list:say", { detail: { words: text, tone, more } }));
}

tidyUp();
for (const form of words ? all("form[data-draft]") : []) watch(form);
