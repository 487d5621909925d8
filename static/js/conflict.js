// What others saved meanwhile: the side that is chosen is written into the field, and who
// goes on typing there has chosen their own.

const conflicts = document.querySelector("[data-conflicts]");
const form = conflicts?.closest("form");

function fieldOf(part) {
  const named = [...form.elements].filter(({ name }) => name === part.dataset.conflict);
  const [field] = named;
  const simple = named.length === 1 && field.matches("textarea, select, input:not([type=checkbox], [type=file])");
  return simple ? field : null;
}

for (const part of conflicts?.querySelectorAll("[data-conflict]") ?? []) {
  const field = fieldOf(part);
  const choose = (value) => (part.querySelector(`input[value="${value}"]`).checked = true);
  let mine = field?.value;
  const write = (value) => {
    if (!field) return;
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };
  let ours = false; // what is written here is not typed
  const show = () => {
    ours = true;
    write(part.querySelector("input:checked").value === "theirs" ? part.dataset.theirs : mine);
    ours = false;
  };
  part.addEventListener("change", show);
  for (const input of form.querySelectorAll(`[name="${CSS.escape(part.dataset.conflict)}"]`))
    input.addEventListener("input", () => {
      if (ours) return;
      mine = input.value;
      choose("mine");
    });
  show();
}
