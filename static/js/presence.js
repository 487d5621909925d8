// Who else has this open. The page says now and then that it is here, and is told who is;
// nothing is locked. One in a hidden tab is silent, unless there is unsaved text in it.

const PAUSE = 10_000;
const place = document.querySelector("[data-presence]");
let stopped = false;

const isIdle = () => document.hidden && !document.querySelector("form[data-dirty]");

function send(more = {}, options = {}) {
  const { presence, screen, id, token } = place.dataset;
  const form = document.querySelector("form[data-draft] input[name=csrf_token]");
  const body = new URLSearchParams({ screen, id, csrf_token: form?.value ?? token, ...more });
  return fetch(presence, { method: "POST", body, headers: { Accept: "text/html" }, redirect: "manual", ...options });
}

async function beat() {
  if (stopped || isIdle()) return;
  try {
    const answer = await send();
    if (answer.status === 404) {
      stopped = true;
      place.textContent = place.dataset.gone;
    } else if (answer.ok) show((await answer.text()).trim());
  } catch {
    // The network is away; the next beat may get through.
  }
}

// Only what is new is drawn, since it is read out.
function show(drawn) {
  if (drawn === place.dataset.drawn) return;
  place.innerHTML = drawn;
  place.dataset.drawn = drawn;
}

if (place) {
  beat();
  setInterval(beat, PAUSE);
  document.addEventListener("visibilitychange", beat);
  addEventListener("pageshow", (event) => event.persisted && beat());
  addEventListener("pagehide", () => stopped || send({ gone: "1" }, { keepalive: true }).catch(() => {}));
}
