// Selects with many choices, relations and tags, made searchable by Tom Select.
//
// `data-lookup` names where a relation is searched, a page at a time; `data-tags` makes of
// a text field, parted by commas, single tags. Without this script each works as it is.

const MANY = 12;
const PAUSE = 200;
const SELECTOR = `select[data-lookup], select[multiple], input[data-tags], select.form-select`;

const words = document.querySelector("[data-words-none]").dataset;
let library = null;

const worth = (field) =>
  !field.tomselect && (!field.matches("select") || field.multiple || "lookup" in field.dataset || field.options.length > MANY);

// The library is fetched where something on the page needs it.
export async function choose(within = document) {
  const fields = [...within.querySelectorAll(SELECTOR)].filter(worth);
  if (!fields.length) return;
  library ??= import("../vendor/tom-select.min.js");
  await library;
  for (const field of fields) if (!field.tomselect) dress(field);
}

function dress(field) {
  const label = field.labels[0];
  const { offsetWidth, offsetHeight } = field;
  const several = field.multiple || "tags" in field.dataset;
  const made = new window.TomSelect(field, {
    plugins: [...(several ? [] : ["dropdown_input"]), ...(several ? ["remove_button"] : []), ...("lookup" in field.dataset ? ["virtual_scroll"] : [])],
    maxOptions: null,
    allowEmptyOption: !("tags" in field.dataset),
    hideSelected: several,
    refreshThrottle: 0,
    ...("tags" in field.dataset && { create: true, createOnBlur: true, persist: false }),
    ...("lookup" in field.dataset && lookedUp(field)),
    render: {
      no_results: () => row("no-results", words.wordsNone),
      no_more_results: () => "",
      loading_more: () => row("loading-more", "…"),
      option_create: ({ input }) => row("create", words.wordsAdd.replace("{n}", input)),
    },
    onItemAdd: () => (made.chosen = true),
    onType: () => (made.chosen = false),
    onItemRemove: () => made.focus(),
    onDropdownClose: () => forget(made),
    onDropdownOpen: () => {
      made.chosen = false;
      place(made);
    },
  });
  addEventListener("scroll", () => made.isOpen && place(made), { capture: true, passive: true });
  name(made, label, field);
  field.setAttribute("aria-hidden", "true"); // what took its place speaks for it
  // As large as what it replaces, so that nothing around it moves.
  if (field.closest(".search-item") && offsetWidth) made.wrapper.style.width = `${offsetWidth}px`;
  if (offsetHeight && !several) made.control.style.minHeight = `${offsetHeight}px`;
}

// While it is closed it points at no option: that may not be drawn any more.
export function forget({ focus_node: node, isOpen }) {
  if (!isOpen) node.removeAttribute("aria-activedescendant");
}

// Fixed to the screen, so that no box around the field cuts it off.
function place({ control, dropdown }) {
  const { left, bottom, top, width } = control.getBoundingClientRect();
  const above = bottom + dropdown.offsetHeight > innerHeight && top > dropdown.offsetHeight;
  dropdown.style.width = `${width}px`;
  dropdown.style.left = `${Math.min(left, innerWidth - dropdown.offsetWidth - 8)}px`;
  dropdown.style.top = `${above ? top - dropdown.offsetHeight - 8 : bottom}px`;
}

function row(look, text) {
  const element = document.createElement("div");
  element.className = look;
  element.textContent = text;
  return element;
}

// Each part that speaks is named by the field's label.
function name(made, label, field) {
  const words = (label?.querySelector("span") ?? label)?.textContent.trim() ?? field.getAttribute("aria-label") ?? "";
  for (const part of [made.control_input, made.focus_node, made.dropdown_content]) part.setAttribute("aria-label", words);
  for (const part of [made.control_input, made.focus_node]) {
    part.removeAttribute("aria-labelledby");
    if (field.hasAttribute("aria-describedby")) part.setAttribute("aria-describedby", field.getAttribute("aria-describedby"));
  }
}

function lookedUp(field) {
  const page = (query, offset) => {
    const address = new URL(field.dataset.lookup, location.href);
    address.searchParams.set("query", query);
    address.searchParams.set("offset", offset);
    return address.href;
  };
  return {
    valueField: "value",
    labelField: "text",
    searchField: ["text"],
    // The server has searched; what was here before is searched by its words.
    score: (query) => ({ text, hit }) => Number(!query || hit === query || text.toLowerCase().includes(query.toLowerCase())),
    loadThrottle: PAUSE,
    shouldLoad: () => true,
    preload: "focus",
    firstUrl: (query) => page(query, 0),
    async load(query, take) {
      const address = this.getUrl(query);
      try {
        const answer = await fetch(address, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        const { options, more } = await answer.json();
        const offset = Number(new URL(address).searchParams.get("offset")) + options.length;
        if (more) this.setNextUrl(query, page(query, offset));
        const late = this.chosen && !this.isOpen; // it would open again
        take(options.map(({ value, words }) => ({ value, text: words, hit: query })));
        if (late) this.close();
        forget(this);
      } catch {
        take();
      }
    },
  };
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-inline-add]")) setTimeout(choose); // after the row is there
});
choose();
