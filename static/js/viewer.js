// Looks at pictures at full size. A link with `data-view`, its words, opens the viewer on
// its picture; the viewer turns through those of the same `data-view-set`, or of the page.
// Arrow keys and swipes turn, a press on the picture shows it in its own size, Escape closes.

const viewer = document.querySelector("[data-viewer]");
const part = (name) => viewer.querySelector(`[data-viewer-${name}]`);
const SWIPE = 40;

let shots = [];
let here = 0;
let swipedFrom = null;

function open(link) {
  const set = link.closest("[data-view-set]") ?? document;
  const within = (other) => (other.closest("[data-view-set]") ?? document) === set;
  shots = [...set.querySelectorAll("[data-view]")].filter(within);
  for (const button of viewer.querySelectorAll("[data-viewer-turn]")) button.hidden = shots.length < 2;
  show(shots.indexOf(link));
  viewer.showModal();
  part("close").focus();
}

function show(number) {
  here = (number + shots.length) % shots.length;
  const shot = shots[here];
  const count = shots.length > 1 ? ` (${here + 1}/${shots.length})` : "";
  part("words").textContent = shot.dataset.view + count;
  part("whole").href = shot.href;
  part("trouble").hidden = true;
  viewer.classList.remove("is-whole");
  const picture = part("picture");
  picture.hidden = false;
  picture.removeAttribute("src"); // or the one before would stand while this one comes
  picture.alt = shot.dataset.view;
  picture.src = shot.href;
  for (const near of [here - 1, here + 1]) {
    const next = shots[(near + shots.length) % shots.length];
    if (next !== shot) new Image().src = next.href;
  }
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-view]");
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (!link || !plain) return;
  event.preventDefault();
  open(link);
});

viewer.addEventListener("click", (event) => {
  const turn = event.target.closest("[data-viewer-turn]");
  if (turn) show(here + Number(turn.dataset.viewerTurn));
  else if (event.target.matches("[data-viewer-picture]")) viewer.classList.toggle("is-whole");
  else if (!event.target.closest("a, .viewer-words")) viewer.close();
});

viewer.addEventListener("keydown", (event) => {
  const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!turn || shots.length < 2) return;
  event.preventDefault();
  show(here + turn);
});

viewer.addEventListener("pointerdown", (event) => (swipedFrom = event.clientX));
viewer.addEventListener("pointerup", (event) => {
  const way = swipedFrom === null ? 0 : event.clientX - swipedFrom;
  swipedFrom = null;
  if (event.pointerType !== "touch" || viewer.classList.contains("is-whole")) return;
  if (Math.abs(way) > SWIPE && shots.length > 1) show(here + (way < 0 ? 1 : -1));
});

part("picture").addEventListener("error", () => {
  part("picture").hidden = true;
  part("trouble").hidden = false;
});
viewer.addEventListener("close", () => {
  part("picture").removeAttribute("src");
  shots[here]?.focus(); // where one stopped, not where one began
});
