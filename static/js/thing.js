// The page of one thing that changes by itself.
//
// `data-thing` is the address that says where the thing stands. While it moves, it is
// asked; progress is shown at once, and when the mark differs, the page is fetched anew
// and the parts that say `data-live` are swapped.

import { enableQuestions, showTimes } from "./page.js";

const SOONEST = 1_000;
const LATEST = 15_000;

const thing = document.querySelector("[data-thing]");
let pause = SOONEST;
let timer = null;

function plan() {
  clearTimeout(timer);
  timer = null;
  if (!document.hidden && "moving" in thing.dataset) timer = setTimeout(ask, pause);
}

async function ask() {
  try {
    const address = new URL(thing.dataset.thing, location.href);
    address.searchParams.set("marks", "1");
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (answer.status === 401) location.reload(); // logged out meanwhile: the page says so
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const news = await answer.json();
    const [mark] = Object.values(news.marks);
    const moved = showProgress(news) || mark !== thing.dataset.mark;
    if (mark !== thing.dataset.mark) await refresh();
    pause = moved ? SOONEST : Math.min(pause * 1.4, LATEST);
  } catch {
    pause = Math.min(pause * 2, LATEST);
  } finally {
    plan();
  }
}

// Tells whether it is news. The bar comes with the first progress, by a refresh.
function showProgress(news) {
  const progress = Object.values(news).flat().find((it) => it?.progress)?.progress;
  const bar = thing.querySelector("progress");
  if (!progress || !bar || bar.value === progress.done) return false;
  bar.max = progress.total;
  bar.value = progress.done;
  thing.querySelector("[data-progress-words]").textContent = progress.words;
  return true;
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
  // In a template, since a style's nonce is not this page's, and a document would try it.
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const fresh = template.content;
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!now || now.innerHTML === part.dataset.drawn) continue;
    const drawn = now.innerHTML;
    enableQuestions(now);
    showTimes(now);
    part.replaceChildren(...now.childNodes);
    part.dataset.drawn = drawn; // times are put into words by the browser, and differ always
  }
  const { mark, moving } = fresh.querySelector("[data-thing]").dataset;
  thing.dataset.mark = mark;
  if (moving === undefined) delete thing.dataset.moving;
}

document.addEventListener("visibilitychange", () => {
  pause = SOONEST;
  plan();
});
plan();
