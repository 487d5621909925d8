// A choice of more than fits a list: a field above it finds further options as one types.

const PAUSE = 200;

for (const choice of document.querySelectorAll("select[data-lookup]")) {
  const field = document.createElement("input");
  field.type = "search";
  field.className = "form-control lookup";
  field.placeholder = choice.dataset.lookupWords;
  field.setAttribute("aria-label", `${choice.dataset.lookupName}: ${choice.dataset.lookupWords}`);
  const news = document.createElement("span");
  news.className = "visually-hidden";
  news.setAttribute("role", "status");
  // Before the label, not in it: a label names one control.
  choice.closest("label").before(field, news);

  let timer = null;
  let asked = 0;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault(); // it would send the form
    if (event.key === "Enter" || event.key === "ArrowDown") choice.focus();
  });

  async function find() {
    const mine = ++asked;
    const address = new URL(choice.dataset.lookup, location.href);
    address.searchParams.set("query", field.value);
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    const { options } = await answer.json();
    const kept = [choice.options[0], ...choice.selectedOptions].filter((it, place, all) => all.indexOf(it) === place);
    const found = options.filter(({ value }) => kept.every((it) => it.value !== value));
    choice.replaceChildren(...kept, ...found.map(({ value, text }) => new Option(text, value)));
    news.textContent = choice.dataset.lookupFound.replace("{n}", options.length);
  }
}
