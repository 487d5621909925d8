// Saves what is typed by itself, some seconds after the last key, where nobody but writers
// sees it. What is refused, or was saved by somebody else meanwhile, waits for the button.

const PAUSE = 3_000;
const TOO_LONG = 15_000;

const form = document.querySelector("form[data-autosave]");
if (form) start(form);

function start(form) {
  const told = document.querySelector("[data-autosave-state]");
  const { autosave, id, saved, saving, stopped } = form.dataset;
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
  let timer = null;
  let running = null;
  let ended = false;

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
    const body = new FormData(form);
    body.set("id", id);
    body.delete("_do");
    form.dispatchEvent(new CustomEvent("form:saving"));
    say(saving);
    running = send(body);
    await running;
    running = null;
    if (form.hasAttribute("data-dirty")) plan();
  }

  async function send(body) {
    try {
      const options = { method: "POST", body, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(TOO_LONG) };
      const answer = await fetch(autosave, options);
      const news = await answer.json();
      if (answer.ok) {
        form.elements._seen.value = news.seen;
        form.elements._seen_fields.value = news.fields;
        form.dispatchEvent(new CustomEvent("form:saved"));
        return say(saved.replace("{time}", time.format(new Date(news.at))));
      }
      ended = ![413, 422].includes(answer.status); // what is wrong with a field can be mended
      return say(stopped.replace("{reason}", news.error ?? answer.status), true);
    } catch {
      return say(""); // away: the text is kept in this browser, and the next key tries again
    }
  }

  form.addEventListener("input", plan);
  form.addEventListener("change", plan);
  // The button sends what is there now; an answer that comes later would be a conflict.
  form.addEventListener(
    "submit",
    (event) => {
      clearTimeout(timer);
      if (!running) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const { submitter } = event;
      running.then(() => form.requestSubmit(submitter));
    },
    { capture: true },
  );
  if (form.hasAttribute("data-dirty")) plan();
}
