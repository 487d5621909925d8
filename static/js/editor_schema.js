// What a text may hold: exactly what the server keeps of it. A picture is known by its id in
// the library, and stands with its caption in a figure, as a video or a map of elsewhere does.

import { Extension, Mark, Node, StarterKit, Table, TableCell, TableHeader, TableRow } from "../vendor/tiptap.min.js";

const mark = (name, tag) =>
  Mark.create({
    name,
    parseHTML: () => [{ tag }],
    renderHTML: () => [tag, 0],
    addCommands: () => ({ [`toggle_${name}`]: () => ({ commands }) => commands.toggleMark(name) }),
  });

// A part in another language keeps saying so.
const Language = Extension.create({
  name: "language",
  addGlobalAttributes: () => [
    {
      types: ["paragraph", "heading", "blockquote", "listItem", "bulletList", "orderedList"],
      attributes: { lang: { default: null, parseHTML: (element) => element.getAttribute("lang") } },
    },
  ],
});

// No columns with widths, which would be styles.
const PlainTable = Table.extend({
  addAttributes: () => ({
    caption: {
      default: null,
      parseHTML: (element) => element.dataset.caption ?? null,
      renderHTML: ({ caption }) => (caption ? { "data-caption": caption } : {}),
    },
  }),
  renderHTML: ({ HTMLAttributes }) => ["table", HTMLAttributes, ["tbody", 0]],
});

const span = (name) => ({
  default: 1,
  parseHTML: (element) => Number(element.getAttribute(name)) || 1,
  renderHTML: (attributes) => (attributes[name] > 1 ? { [name]: attributes[name] } : {}),
});
// prosemirror-tables asks for widths; nobody sets one.
const cellAttributes = () => ({ colspan: span("colspan"), rowspan: span("rowspan"), colwidth: { default: null, rendered: false } });
const Cell = TableCell.extend({ addAttributes: cellAttributes });
const Heading = TableHeader.extend({
  addAttributes: () => ({ ...cellAttributes(), scope: { default: null, parseHTML: (element) => element.getAttribute("scope") } }),
});

const figure = (name, view, settings) =>
  Node.create({
    name,
    group: "block",
    content: "inline*",
    isolating: true,
    draggable: true,
    addNodeView: () => view,
    // Enter in a caption goes on below it.
    addKeyboardShortcuts() {
      return {
        Enter: ({ editor }) => {
          const { $from } = editor.state.selection;
          if ($from.parent.type.name !== name) return false;
          return editor.chain().insertContentAt($from.after(), { type: "paragraph" }).focus($from.after() + 1).run();
        },
      };
    },
    ...settings,
  });

const attribute = (name, from = name) => ({ [name]: { default: null, parseHTML: from, rendered: false } });

function pictureFigure(view) {
  const within = (element) => (element.matches("img") ? element : element.querySelector("img[data-picture]"));
  const read = (name) => (element) => within(element)?.getAttribute(name) ?? null;
  return figure("picture", view, {
    addAttributes: () =>
      Object.assign(
        attribute("picture", read("data-picture")),
        ...["title", "alt"].map((name) => attribute(name, read(name))),
        attribute("upload", () => null),
      ),
    parseHTML: () => [
      { tag: "figure", priority: 60, getAttrs: (element) => (within(element) ? null : false), contentElement: (element) => element.querySelector("figcaption") ?? document.createElement("figcaption") },
      { tag: "img[data-picture]" },
    ],
    renderHTML({ node }) {
      const { picture, alt, title } = node.attrs;
      const img = ["img", Object.fromEntries(Object.entries({ "data-picture": picture, alt, title }).filter(([, value]) => value !== null))];
      return node.content.size ? ["figure", img, ["figcaption", 0]] : ["figure", img];
    },
  });
}

function embedFigure(view) {
  return figure("embed", view, {
    addAttributes: () => attribute("address", (element) => element.dataset.embed),
    parseHTML: () => [
      { tag: "figure[data-embed]", priority: 70, contentElement: (element) => element.querySelector("figcaption") ?? document.createElement("figcaption") },
    ],
    renderHTML({ node }) {
      const attributes = { "data-embed": node.attrs.address };
      return node.content.size ? ["figure", attributes, ["figcaption", 0]] : ["figure", attributes];
    },
  });
}

export const extensions = ({ pictureView, embedView }) => [
  StarterKit.configure({
    heading: { levels: [2, 3, 4] },
    codeBlock: { languageClassPrefix: "" },
    link: { openOnClick: false, autolink: true, linkOnPaste: true, defaultProtocol: "https", HTMLAttributes: { target: null, rel: null }, protocols: ["mailto", "tel"] },
  }),
  mark("highlight", "mark"),
  mark("subscript", "sub"),
  mark("superscript", "sup"),
  Language,
  PlainTable.configure({ resizable: false }),
  TableRow,
  Cell,
  Heading,
  pictureFigure(pictureView),
  embedFigure(embedView),
];

// A caption of a table is kept as a word of it: there is no place to type one.
export function toEditor(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const caption of template.content.querySelectorAll("table > caption")) {
    caption.parentElement.dataset.caption = caption.textContent.trim();
    caption.remove();
  }
  return template.innerHTML;
}

export function fromEditor(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const table of template.content.querySelectorAll("table[data-caption]")) {
    const caption = document.createElement("caption");
    caption.textContent = table.dataset.caption;
    table.removeAttribute("data-caption");
    table.prepend(caption);
  }
  for (const img of template.content.querySelectorAll("img:not([data-picture])")) img.closest("figure").remove(); // still on its way
  for (let last; (last = template.content.lastElementChild)?.matches("p:empty"); ) last.remove();
  return template.innerHTML;
}
