// Lists that are sorted by hand. A handle is dragged, moved by Alt and an arrow key, or
// pressed to be asked for a place. Each move is saved at once; the next waits for it.

const list = document.querySelector("[data-list]");
const body = list.querySelector("[data-rows]");
const dialog = document.getElementById("place");
const form = dialog.querySelector("[data-sort]");
const rows = () => [...body.querySelectorAll("tr[data-id]")];
const handleOf = (row) => row.querySelector("[data-handle]");

let saved = rows(); // the order that the server knows
let queue = Promise.resolve();

function say(words, tone) {
  if (tone) document.dispatchEvent(new CustomEvent("list:say", { detail: { words, tone } }));
  else list.querySelector("[data-live-news]").textContent = words;
}

async function post(row, where) {
  const handle = handleOf(row);
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
    body: new URLSearchParams({ id: row.dataset.id, seen: handle.dataset.handle, ...where }),
  });
  const { words, error, seen, again } = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(error), { status: answer.status });
  if (again) location.reload(); // others moved along; the page says what was done
  for (const one of rows()) handleOf(one).dataset.handle = seen[one.dataset.id] ?? handleOf(one).dataset.handle;
  return words;
}

function save(row, where, then = () => {}) {
  queue = queue.then(async () => {
    row.ariaBusy = "true";
    try {
      say(await post(row, where));
      saved = rows();
      mark(row);
      then();
    } catch (error) {
      if (error.status === 409) return location.reload(); // the page says why
      body.append(...saved);
      say(error.status ? error.message : form.dataset.failed, "danger");
    } finally {
      row.ariaBusy = "false";
    }
  });
}

function mark(row) {
  row.classList.remove("is-saved");
  void row.offsetWidth;
  row.classList.add("is-saved");
}

// Between its neighbours as they stand on this page; the server knows those beyond its edges.
function saveBetween(row) {
  save(row, {
    above: row.previousElementSibling?.dataset.id ?? "",
    below: row.nextElementSibling?.dataset.id ?? "",
  });
}

globalThis.Sortable.create(body, {
  handle: "[data-handle]",
  animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
  ghostClass: "is-dragged",
  onEnd: ({ item, oldIndex, newIndex }) => {
    if (oldIndex !== newIndex) saveBetween(item);
  },
});

list.addEventListener("keydown", (event) => {
  const handle = event.target.closest("[data-handle]");
  if (!handle || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  const row = handle.closest("tr");
  const up = event.key === "ArrowUp";
  const neighbour = up ? row.previousElementSibling : row.nextElementSibling;
  if (neighbour) {
    neighbour[up ? "before" : "after"](row);
    handle.focus(); // a moved element loses it
    handle.scrollIntoView({ block: "nearest" });
    saveBetween(row);
  } else save(row, { to: up ? "up" : "down" }, () => location.reload());
});

list.addEventListener("click", (event) => {
  const handle = event.target.closest("[data-handle]");
  if (!handle) return;
  const row = handle.closest("tr");
  const title = document.getElementById("place-title");
  title.textContent = title.dataset.words.replace("{name}", row.dataset.name);
  form.elements.id.value = row.dataset.id;
  form.elements.seen.value = handle.dataset.handle;
  dialog.showModal();
});
dialog.querySelector("[data-place-cancel]").addEventListener("click", () => dialog.close());
// Enter in the field means the place, not the first button.
form.elements.place.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  form.requestSubmit(form.querySelector('[name="to"][value="place"]'));
});
