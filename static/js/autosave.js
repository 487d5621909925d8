// Saves what is typed by itself, some seconds after the last key, where nobody but writers
// sees it. What is refused, or was saved by somebody else meanwhile, waits for the button.

const PAUSE = 3_000;
const TOO_LONG = 15_000;

const form = document.querySelector("form[data-autosave]");
if (form) start(form);

function start(form) {
  const told = document.querySelector("[data-autosave-state]");
  const { autosave, id, saved, saving, stopped, waits } = form.dataset;
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
  let timer = null;
  let running = null;
  let waiting = false; // the button, for what is being saved by the way
  let ended = false;
  let unfit = false; // what was sent last, until something else is typed
  let lost = null; // what was sent last, if there was no answer

  const plan = () => {
    clearTimeout(timer);
    if (!ended) timer = setTimeout(save, PAUSE);
  };
  const say = (words, trouble = false) => {
    told.textContent = words;
    told.classList.toggle("is-trouble", trouble);
  };

  async function save() {
    if (running || ended || !form.hasAttribute("data-dirty")) return;
    await run(write);
    if (!unfit && form.hasAttribute("data-dirty")) plan();
  }

  async function run(act) {
    running = act();
    await running;
    running = null;
  }

  async function write() {
    say(saving);
    if (lost && !(await send(lost))) return;
    const body = new FormData(form);
    body.set("id", id);
    body.delete("_do");
    form.dispatchEvent(new CustomEvent("form:saving"));
    const news = await send(body);
    if (!news) return;
    form.dispatchEvent(new CustomEvent("form:saved"));
    say(saved.replace("{time}", time.format(new Date(news.at))));
  }

  // Answers what the server says of a text that is saved. One that gets no answer may be saved
  // all the same: it is sent once more, before any other, and then the form knows.
  async function send(body) {
    unfit = false;
    try {
      const options = { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TOO_LONG) };
      const answer = await fetch(autosave, options);
      const news = await answer.json().catch((error) => {
        if (answer.ok || answer.status >= 500) throw error; // it may be saved
        return {}; // refused on the way
      });
      lost = null;
      if (answer.ok) {
        form.elements._seen.value = news.seen;
        form.elements._seen_fields.value = news.fields;
        return news;
      }
      // What is wrong with a field can be mended, and a busy server is not busy for ever.
      unfit = [413, 422].includes(answer.status);
      ended = !unfit && ![429, 503].includes(answer.status);
      say((ended ? stopped : waits).replace("{reason}", () => news.error ?? answer.status), true);
    } catch {
      lost = body;
      say(""); // away: the text is kept in this browser, and is sent again soon
    }
    return null;
  }

  form.addEventListener("input", plan);
  form.addEventListener("change", plan);
  addEventListener("online", plan);
  // The button sends what is there now. An answer that comes later would be a conflict, and so
  // would one that never came: it is asked for, once for each press.
  let asked = null;
  document.addEventListener("click", () => (asked = null), { capture: true });
  form.addEventListener(
    "submit",
    (event) => {
      clearTimeout(timer);
      if (!running && (!lost || lost === asked)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      if (!running) {
        asked = lost;
        run(() => send(lost));
      }
      if (waiting) return;
      waiting = true;
      running.then(() => {
        waiting = false;
        form.requestSubmit(submitter);
      });
    },
    { capture: true },
  );
  if (form.hasAttribute("data-dirty")) plan();
}
