// The editor of a text: Tiptap without looks of its own, a toolbar, and the hidden field that
// is sent. The field is written only when somebody has changed something, so that a text that
// is only looked at stays as it is, sign by sign.

import { Editor } from "../vendor/tiptap.min.js";
import { chooseEmbed, chooseLink, choosePicture } from "./editor_dialogs.js";
import { embedView, lacksText, mayUpload, pictureView, upload } from "./editor_pictures.js";
import { extensions, fromEditor, toEditor } from "./editor_schema.js";

const place = document.querySelector("[data-editor]");
const field = place.querySelector("textarea");
const tools = place.querySelector("[data-tools]");
const words = place.dataset;
// As `cms.content.bodies` counts: words, and each sign of scripts that part none.
const WORDS = /[\u3040-\u30ff\u3400-\u9fff]|(?:(?![\u3040-\u30ff\u3400-\u9fff])[\p{L}\p{N}\p{M}_])+/gu;

const box = place.querySelector("[data-editor-place]");
box.replaceChildren(); // what the server has drawn meanwhile
const editor = new Editor({
  element: box,
  injectCSS: false,
  editable: !field.readOnly,
  extensions: extensions({ pictureView, embedView }),
  content: toEditor(field.value),
  editorProps: {
    attributes: {
      id: "body-editor",
      class: "prose editor-text",
      role: "textbox",
      "aria-multiline": "true",
      "aria-labelledby": "body-label",
      lang: words.lang,
      ...(field.hasAttribute("aria-describedby") && { "aria-describedby": field.getAttribute("aria-describedby") }),
    },
    handlePaste: (_view, event) => !event.clipboardData?.types.includes("text/plain") && takeFiles(event.clipboardData?.files),
    handleDrop: (view, event, _slice, moved) => {
      const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
      return !moved && takeFiles(event.dataTransfer?.files, at);
    },
    handleKeyDown: (_view, event) => shortcut(event),
  },
  onUpdate: write,
  onTransaction: plan,
  onFocus: plan,
});
place.dataset.ready = "";
document.querySelector("#body-label").addEventListener("click", () => editor.commands.focus());

// The field

let ours = false;

function write() {
  ours = true;
  field.value = fromEditor(editor.getHTML());
  field.dispatchEvent(new Event("input", { bubbles: true }));
  ours = false;
}

field.addEventListener("input", () => {
  if (!ours) editor.commands.setContent(toEditor(field.value), { emitUpdate: false });
});

// Pictures and what else is put in

const isPicture = ({ type, name }) => type.startsWith("image/") || /\.(heic|heif|tiff?)$/i.test(name);

function takeFiles(files, at) {
  const pictures = [...(files ?? [])].filter(isPicture);
  if (!pictures.length || !mayUpload() || !editor.isEditable) return false;
  for (const file of pictures) {
    const key = crypto.randomUUID?.() ?? String(Math.random());
    put({ type: "picture", attrs: { upload: key } }, at);
    upload(file, (id) => arrived(key, id));
  }
  return true;
}

function put(node, at) {
  const chain = editor.chain().focus();
  if (at === undefined) chain.insertContent(node);
  else chain.insertContentAt(at, node);
  chain.run();
  // Who goes on typing goes on below it, not in its caption.
  const { $from } = editor.state.selection;
  if (["picture", "embed"].includes($from.parent.type.name)) {
    const below = $from.after();
    if (!editor.state.doc.nodeAt(below)) editor.chain().insertContentAt(below, { type: "paragraph" }).run();
    editor.commands.setTextSelection(below + 1);
  }
}

function arrived(key, id) {
  let found = null;
  editor.state.doc.descendants((node, at) => {
    if (node.attrs.upload === key) found = [node, at];
    return found === null;
  });
  if (!found) return; // taken out meanwhile; the picture is in the library
  const [node, at] = found;
  const { tr } = editor.state;
  if (id) tr.setNodeMarkup(at, null, { ...node.attrs, upload: null, picture: id });
  else tr.delete(at, at + node.nodeSize);
  editor.view.dispatch(tr.setMeta("addToHistory", false));
}

const showPicture = ({ id }) => put({ type: "picture", attrs: { picture: String(id) } });
const askForPicture = () => choosePicture(showPicture, (files) => takeFiles(files));

function askForLink() {
  const { href } = editor.getAttributes("link");
  chooseLink(href, (address) => {
    const chain = editor.chain().focus().extendMarkRange("link");
    if (address === null) return chain.unsetLink().run();
    if (!editor.state.selection.empty || href) return chain.setLink({ href: address }).run();
    return chain.insertContent({ type: "text", text: address, marks: [{ type: "link", attrs: { href: address } }] }).run();
  });
}

// The toolbar

const toggle = (name) => (chain) => chain[`toggle${name}`]();
const own = (name) => (chain) => chain[`toggle_${name}`]();
const COMMANDS = {
  bold: toggle("Bold"),
  italic: toggle("Italic"),
  underline: toggle("Underline"),
  strike: toggle("Strike"),
  code: toggle("Code"),
  highlight: own("highlight"),
  subscript: own("subscript"),
  superscript: own("superscript"),
  bulletList: toggle("BulletList"),
  orderedList: toggle("OrderedList"),
  blockquote: toggle("Blockquote"),
  rule: (chain) => chain.setHorizontalRule(),
  table: (chain) => chain.insertTable({ rows: 3, cols: 3, withHeaderRow: true }),
  undo: (chain) => chain.undo(),
  redo: (chain) => chain.redo(),
  addRow: (chain) => chain.addRowAfter(),
  deleteRow: (chain) => chain.deleteRow(),
  addColumn: (chain) => chain.addColumnAfter(),
  deleteColumn: (chain) => chain.deleteColumn(),
  headerRow: (chain) => chain.toggleHeaderRow(),
  deleteTable: (chain) => chain.deleteTable(),
};
const ASKING = { link: askForLink, picture: askForPicture, embed: () => chooseEmbed((address) => put({ type: "embed", attrs: { address } })) };
const STEADY = new Set(["link", "picture", "embed"]);

function press(name) {
  if (ASKING[name]) ASKING[name]();
  else COMMANDS[name](editor.chain().focus()).run();
}

function setBlock(value) {
  const chain = editor.chain().focus();
  if (value === "code") chain.setCodeBlock().run();
  else if (value === "paragraph") chain.setParagraph().run();
  else chain.setHeading({ level: Number(value) }).run();
}

const shown = () => [...tools.querySelectorAll("button, select")].filter((tool) => !tool.disabled && !tool.closest("[hidden]"));

// One of its parts is reached by Tab; arrow keys go on from there.
function stop(tool) {
  for (const other of tools.querySelectorAll("[tabindex]")) other.tabIndex = other === tool ? 0 : -1;
}

function shortcut(event) {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    askForLink();
    event.preventDefault();
    event.stopPropagation(); // the command palette opens by it elsewhere
    return true;
  }
  if (event.altKey && event.key === "F10") {
    tools.querySelector('[tabindex="0"]')?.focus();
    return true;
  }
  return false;
}

if (tools) {
  tools.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault()); // the selection stays
  tools.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-command]");
    if (tool) press(tool.dataset.command);
  });
  tools.querySelector("[data-block]").addEventListener("change", ({ target }) => setBlock(target.value));
  tools.addEventListener("focusin", ({ target }) => stop(target));
  tools.addEventListener("keydown", (event) => {
    const all = shown();
    const here = all.indexOf(event.target);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") editor.commands.focus();
    else if (next !== undefined) all.at(next % all.length).focus();
    else return;
    event.preventDefault();
  });
  stop(shown()[0]);
}

// What is pressed, what can be, how long the text is: after each change, once a frame

let planned = false;

function plan() {
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    show();
  });
}

function show() {
  if (tools) showTools();
  const count = (editor.getText({ blockSeparator: "\n" }).match(WORDS) ?? []).length;
  place.querySelector("[data-count]").textContent = words.wordsCount.replace("{count}", count.toLocaleString(document.documentElement.lang));
  let textless = 0;
  editor.state.doc.descendants((node) => {
    if (node.type.name === "picture" && lacksText(node.attrs)) textless += 1;
  });
  const told = place.querySelector("[data-textless]");
  told.hidden = textless === 0;
  told.textContent = words.wordsTextless.replace("{count}", textless);
}

function showTools() {
  tools.querySelector("[data-table-tools]").hidden = !editor.isActive("table");
  for (const tool of tools.querySelectorAll("[data-command]")) {
    const name = tool.dataset.command;
    if (tool.hasAttribute("aria-pressed")) tool.setAttribute("aria-pressed", String(editor.isActive(name)));
    if (!STEADY.has(name)) tool.disabled = !COMMANDS[name](editor.can().chain()).run();
  }
  const block = tools.querySelector("[data-block]");
  const level = [2, 3, 4].find((one) => editor.isActive("heading", { level: one }));
  block.value = editor.isActive("codeBlock") ? "code" : String(level ?? "paragraph");
  if (!shown().some(({ tabIndex }) => tabIndex === 0)) stop(shown()[0]);
}

document.addEventListener("pictures:news", plan);
// A picture that misses the text would take the place of this page.
for (const name of ["dragover", "drop"])
  document.addEventListener(name, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (name === "drop" && !place.contains(event.target)) takeFiles(event.dataTransfer.files);
  });
plan();
