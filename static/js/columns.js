// The order of columns in their menu: dragged by the grip, or moved by the buttons. The
// form sends them as they stand.

const columns = document.querySelector("[data-columns]");
const all = () => [...columns.children];

function settle() {
  for (const [place, column] of all().entries()) {
    column.querySelector("[data-column-move='-1']").disabled = place === 0;
    column.querySelector("[data-column-move='1']").disabled = place === all().length - 1;
  }
}

function tell(column) {
  const news = columns.closest("form").querySelector("[data-columns-news]");
  news.textContent = columns.dataset.words
    .replace("{name}", column.querySelector("[data-column-words]").textContent)
    .replace("{n}", all().indexOf(column) + 1)
    .replace("{count}", all().length);
}

function move(column, button) {
  const down = button.dataset.columnMove === "1";
  if (down) column.nextElementSibling?.after(column);
  else column.previousElementSibling?.before(column);
  settle();
  tell(column);
  // At the end of the way the button is off: the other one keeps the focus in place.
  const next = button.disabled ? column.querySelector("[data-column-move]:enabled") : button;
  next?.focus();
}

let dragged = null;

function dragTo(y) {
  const others = all().filter((it) => it !== dragged);
  const next = others.find((it) => {
    const { top, height } = it.getBoundingClientRect();
    return y < top + height / 2;
  });
  if (next) next.before(dragged);
  else columns.append(dragged);
}

function listen() {
  columns.addEventListener("click", (event) => {
    const button = event.target.closest("[data-column-move]");
    if (button) move(button.closest("[data-column]"), button);
  });
  columns.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-column-grip]");
    if (!grip) return;
    event.preventDefault();
    dragged = grip.closest("[data-column]");
    dragged.classList.add("is-dragged");
    columns.setPointerCapture(event.pointerId);
  });
  columns.addEventListener("pointermove", (event) => {
    if (dragged) dragTo(event.clientY);
  });
  for (const end of ["pointerup", "pointercancel"])
    columns.addEventListener(end, () => {
      if (!dragged) return;
      dragged.classList.remove("is-dragged");
      tell(dragged);
      dragged = null;
      settle();
    });
  settle();
}

if (columns) listen();
