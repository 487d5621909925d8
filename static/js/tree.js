// Trees that are put in order on their list. A handle is dragged, up and down and to the
// side, or moved by Alt and an arrow key: up and down among those beside it, right below
// the one before it, left behind its parent. Each move is saved at once; the next waits.

const list = document.querySelector("[data-list]");
const words = document.querySelector("[data-tree]").dataset;
const STEP = 24; // so many pixels to the side are a level
const KEYS = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };

const handleOf = (row) => row.querySelector("[data-tree-handle]");
const levelOf = (row) => Number(handleOf(row).dataset.level);
const rowsIn = (body) => [...body.querySelectorAll("tr[data-id]")].filter(handleOf);

let queue = Promise.resolve();

function say(text, tone) {
  if (tone) document.dispatchEvent(new CustomEvent("list:say", { detail: { words: text, tone } }));
  else list.querySelector("[data-live-news]").textContent = text;
}

function save(id, where) {
  queue = queue.then(async () => {
    try {
      const answer = await fetch(words.tree, {
        method: "POST",
        headers: { Accept: "application/json", "X-CSRFToken": words.token },
        body: new URLSearchParams({ id, ...where }),
      });
      const told = await answer.json();
      say(told.words ?? told.error, answer.ok ? undefined : "danger");
    } catch {
      say(words.failed, "danger");
    }
    document.dispatchEvent(new CustomEvent("list:refresh"));
  });
}

// What stands below a row follows it.
function withBelow(row) {
  const found = [row];
  for (let next = row.nextElementSibling; next && levelOf(next) > levelOf(row); next = next.nextElementSibling) found.push(next);
  return found;
}

let begun = null; // where the pointer was, and which rows follow

function dropped(row, x) {
  const rest = rowsIn(row.parentElement).filter((one) => one === row || !begun.followers.includes(one));
  const place = rest.indexOf(row);
  const above = rest[place - 1];
  const below = rest[place + 1];
  const deepest = above ? levelOf(above) + 1 : 0;
  const wanted = begun.level + Math.round((x - begun.x) / STEP);
  const level = Math.max(below ? Math.min(levelOf(below), deepest) : 0, Math.min(wanted, deepest));
  const before = rest.slice(0, place).reverse();
  const parent = before.find((one) => levelOf(one) < level);
  const end = parent ? before.indexOf(parent) : before.length;
  const beside = before.slice(0, end).filter((one) => levelOf(one) === level);
  save(row.dataset.id, { parent: level ? parent.dataset.id : "", position: beside.length + 1 });
}

function xOf(event) {
  return event.originalEvent?.clientX ?? event.originalEvent?.changedTouches?.[0]?.clientX ?? begun?.x ?? 0;
}

let sorted = null; // the body that can be dragged in now: the list may be drawn anew

function begin() {
  const body = list.querySelector("[data-rows]");
  if (!body || body === sorted) return;
  sorted = body;
  globalThis.Sortable.create(body, {
    handle: "[data-tree-handle]",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
    ghostClass: "is-dragged",
    onStart: (event) => {
      const followers = withBelow(event.item).slice(1);
      for (const row of followers) row.classList.add("is-following");
      begun = { x: xOf(event), level: levelOf(event.item), followers };
    },
    onEnd: (event) => {
      const { item, oldIndex, newIndex } = event;
      const x = xOf(event);
      for (const row of begun.followers) row.classList.remove("is-following");
      if (oldIndex !== newIndex || Math.abs(x - begun.x) >= STEP) dropped(item, x);
      item.after(...begun.followers);
    },
  });
}

list.addEventListener("keydown", (event) => {
  const handle = event.target.closest("[data-tree-handle]");
  if (!handle || !event.altKey || !(event.key in KEYS)) return;
  event.preventDefault(); // Alt and an arrow to the side would leave the page
  save(handle.closest("tr").dataset.id, { to: KEYS[event.key] });
});

begin();
new MutationObserver(begin).observe(list, { childList: true, subtree: true });
