// Alternative texts: each is saved as soon as one leaves its field or presses Enter,
// which goes on to the next. Shift+Enter begins a new line.

const TOO_LONG = 15_000;

const form = document.querySelector("[data-texts]");
const fields = form ? [...form.querySelectorAll("textarea")] : [];

async function save(field) {
  const words = field.value.trim();
  if (!words || words === field.dataset.sent) return;
  field.dataset.sent = words;
  field.readOnly = true; // what is typed meanwhile would be taken for saved
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set(field.name, words);
  try {
    const options = { method: "POST", body, headers: { Accept: "application/json" }, keepalive: true };
    const answer = await fetch(form.action, { ...options, signal: AbortSignal.timeout(TOO_LONG) });
    const { saved, errors, error } = await answer.json();
    if (saved) settle(field);
    else refuse(field, errors?.[0] ?? error);
  } catch {
    refuse(field);
  }
}

// What was refused may be taken the next time, as it is.
function refuse(field, words) {
  delete field.dataset.sent;
  field.readOnly = false;
  tell(field, words ?? form.dataset.failed, "bad");
}

// What is saved is not sent again with the rest, and can be changed on the picture's page.
function settle(field) {
  field.removeAttribute("name");
  tell(field, form.dataset.saved, "ok");
}

function tell(field, words, tone) {
  const card = field.closest("[data-text]");
  card.dataset.tone = tone;
  card.querySelector("[data-news]").textContent = words;
}

for (const [place, field] of fields.entries()) {
  field.addEventListener("change", () => save(field));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    save(field);
    (fields.slice(place + 1).find((next) => !next.readOnly) ?? form.querySelector("button")).focus();
  });
}

// What is on its way arrives also where the page is left; what is not would be lost.
let leaving = false;
form?.addEventListener("submit", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));
addEventListener("beforeunload", (event) => {
  if (!leaving && fields.some((field) => field.value.trim() && !field.dataset.sent)) event.preventDefault();
});
