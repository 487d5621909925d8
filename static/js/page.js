// What every page needs: theme, menus, notices, questions before an act, local times.

const root = document.documentElement;
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const remember = (name, value) => {
  try {
    localStorage.setItem(name, value);
  } catch {
    // Storage may be switched off; the choice then lasts for this page.
  }
};
const remembered = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

// Theme: like the system, light or dark.
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
let choice = remembered("theme") ?? "auto";

function showTheme() {
  const dark = choice === "dark" || (choice !== "light" && systemIsDark.matches);
  root.dataset.bsTheme = dark ? "dark" : "light";
  for (const button of all("[data-theme-choice]"))
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
}
systemIsDark.addEventListener("change", showTheme);
showTheme();

// The side menu: narrow on a wide screen, over the page on a small one.
const side = document.getElementById("side-menu");
const opener = document.querySelector("[data-menu-open]");

function showNarrow() {
  const narrow = root.dataset.menu === "narrow";
  document.querySelector("[data-menu-narrow]")?.setAttribute("aria-expanded", String(!narrow));
}
function openMenu(open) {
  root.classList.toggle("menu-is-open", open);
  opener?.setAttribute("aria-expanded", String(open));
  document.querySelector(".frame").inert = open; // the menu lies over it
  if (open) side.querySelector("a, button")?.focus();
  else opener?.focus();
}
showNarrow();
// A screen that was turned, or a window made wide, has the menu beside the page.
matchMedia("(min-width: 992px)").addEventListener("change", ({ matches }) => {
  if (matches && root.classList.contains("menu-is-open")) openMenu(false);
});

const closeMenus = (except) => {
  for (const menu of all("details[data-menu][open]")) if (menu !== except) menu.open = false;
};

document.addEventListener("click", (event) => {
  const at = (selector) => event.target.closest(selector);
  closeMenus(at("details[data-menu]"));
  if (at("[data-theme-choice]")) {
    choice = at("[data-theme-choice]").dataset.themeChoice;
    remember("theme", choice);
    showTheme();
  } else if (at("[data-menu-open]")) openMenu(true);
  else if (at("[data-menu-close]")) openMenu(false);
  else if (at("[data-menu-narrow]")) {
    root.dataset.menu = root.dataset.menu === "narrow" ? "wide" : "narrow";
    remember("menu", root.dataset.menu);
    showNarrow();
  } else if (at("[data-dismiss]")) at(".notice").remove();
  else if (at("[data-inline-add]")) addInline(at("[data-inline]"));
  else if (at("[data-inline-remove]")) at("[data-inline-box]").remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details[data-menu][open]");
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else if (root.classList.contains("menu-is-open")) openMenu(false);
});

// What another script has to say is shown as a notice, and read out.
document.addEventListener("list:say", (event) => {
  const place = document.querySelector("[data-messages]");
  const { words, tone, more = [] } = event.detail; // `more` are elements, shown below the words
  const template = place?.querySelector(`[data-notice="${tone}"]`);
  if (!template) return;
  const notice = template.content.firstElementChild.cloneNode(true);
  place.append(notice);
  // Set after it is in the page: a live region speaks of changes only.
  setTimeout(() => (notice.querySelector("p").textContent = words), 50);
  if (!more.length) return;
  const box = document.createElement("div");
  notice.querySelector("p").replaceWith(box);
  box.append(document.createElement("p"), ...more);
});

// Questions. Buttons that ask first come disabled, so that without this script
// nothing is done unasked.
const dialog = document.getElementById("confirm");
const yes = dialog.querySelector("[data-confirm-yes]");
let asked = null;
let sure = null; // the button that was said yes to, until anything is pressed again

export function enableQuestions(within = document) {
  for (const button of all("button[data-confirm]", within)) button.disabled = false;
}
enableQuestions();

// Before any other script: those that hold a form for a while send it again with the yes.
document.addEventListener("click", () => (sure = null), { capture: true });
document.addEventListener("submit", ask, { capture: true });

function ask(event) {
  const button = event.submitter;
  if (!button?.dataset.confirm || button === sure) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  asked = button;
  dialog.querySelector(".confirm-question").textContent = button.dataset.confirm;
  yes.textContent = button.dataset.confirmWords;
  yes.hidden = "confirmRefused" in button.dataset; // there is nothing to confirm
  yes.classList.toggle("btn-danger", "confirmDanger" in button.dataset);
  yes.classList.toggle("btn-primary", !("confirmDanger" in button.dataset));
  dialog.returnValue = "no";
  dialog.showModal();
}
dialog.addEventListener("close", () => {
  const button = asked;
  asked = null;
  if (dialog.returnValue !== "yes" || !button?.isConnected) return;
  sure = button;
  button.form.requestSubmit(button);
});

// A form of a few choices whose answer is the page itself.
document.addEventListener("change", (event) => {
  event.target.closest("[data-sent-on-change]")?.requestSubmit();
});

// Rows of a related kind inside a form.
function addInline(inline) {
  const list = inline.querySelector(":scope > [data-inline-list]");
  const numbers = [...list.children].map((box) => Number(box.id.split("-").pop()) + 1 || 0);
  const prefix = `${inline.dataset.inline}-${Math.max(0, ...numbers)}`;
  const box = inline.querySelector(":scope > template").content.firstElementChild.cloneNode(true);
  const renamed = (old) => (old ? `${prefix}-${old}` : prefix);
  box.id = prefix;
  for (const field of all("[name]", box)) {
    const before = field.id;
    field.id = renamed(before);
    field.name = renamed(field.name);
    for (const label of all("label", box)) if (label.htmlFor === before) label.htmlFor = field.id;
  }
  list.append(box);
  box.querySelector("input, select, textarea")?.focus();
}

// Times in the reader's own zone: how long ago while recent, in full as a tip.
const MINUTE = 60;
const UNITS = [["day", 86400], ["hour", 3600], ["minute", MINUTE]];
const WEEK = 7 * 86400;
const relative = new Intl.RelativeTimeFormat(root.lang, { numeric: "auto" });
const short = new Intl.DateTimeFormat(root.lang, { dateStyle: "medium", timeStyle: "short" });
const full = new Intl.DateTimeFormat(root.lang, { dateStyle: "full", timeStyle: "long" });

export function showTimes(within = document) {
  for (const time of all("time[data-moment]", within)) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const seconds = Math.round((moment - Date.now()) / 1000);
    const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
    time.title = full.format(moment);
    time.textContent =
      Math.abs(seconds) >= WEEK
        ? short.format(moment)
        : relative.format(unit === "second" && Math.abs(seconds) < 10 ? 0 : Math.round(seconds / size), unit);
  }
}
showTimes();
setInterval(showTimes, 30_000);

// In which zone that is is told to the server, whose search items take a day for one of it.
const zoneCookie = document.querySelector("[data-zone-cookie]")?.dataset.zoneCookie;
const zone = `${zoneCookie}=${short.resolvedOptions().timeZone}`;
if (zoneCookie && !document.cookie.split("; ").includes(zone)) {
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `${zone}; max-age=31536000; path=/; samesite=lax${secure}`;
}

// The banner about the workers, on a page that stays open.
const pulse = document.querySelector("[data-pulse]");
if (pulse)
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(pulse.dataset.pulse);
      if (answer.ok && !answer.redirected) pulse.innerHTML = await answer.text();
    } catch {
      // The network is away; the next try may find it.
    }
  }, 20_000);
