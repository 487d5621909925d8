// Copies the browser libraries out of node_modules into static/vendor, file by
// named file, so that the pages load nothing from elsewhere and ship nothing unused.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const top = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(top, "node_modules");
const target = join(top, "static", "vendor");
const unfinished = `${target}.unfinished`;

const files = {
  "chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
  "sortable.min.js": "sortablejs/Sortable.min.js",
  "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
  "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
  "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
  "tom-select.min.css": "tom-select/dist/css/tom-select.min.css",
  "tom-select.min.js": "tom-select/dist/js/tom-select.complete.min.js",
  "uppy.min.css": "uppy/dist/uppy.min.css",
  "uppy.min.js": "uppy/dist/uppy.min.js",
  "uppy.en_US.min.js": "@uppy/locales/dist/en_US.min.js",
  "uppy.zh_CN.min.js": "@uppy/locales/dist/zh_CN.min.js",
};

// The editor's libraries come in dozens of modules, which are made into one. Our own
// part of the editor is not in it: that is static/js/editor.js, as it stands.
const tiptap = `
  export { Editor, Extension, Mark, Node, mergeAttributes } from "@tiptap/core";
  export { StarterKit } from "@tiptap/starter-kit";
  export { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";
`;

const licences = {
  "chart.js.txt": "chart.js/LICENSE.md",
  "sortable.txt": "sortablejs/LICENSE",
  "swagger-ui.txt": "swagger-ui-dist/LICENSE",
  "swagger-ui-others.txt": "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
  "tabler-icons.txt": "@tabler/icons/LICENSE",
  "linkifyjs.txt": "linkifyjs/LICENSE",
  "prosemirror.txt": "prosemirror-view/LICENSE",
  "prosemirror-keymap-names.txt": "w3c-keyname/LICENSE",
  "prosemirror-ordered-map.txt": "orderedmap/LICENSE",
  "prosemirror-rope-sequence.txt": "rope-sequence/LICENSE",
  "tiptap.txt": "@tiptap/core/LICENSE.md",
  "tom-select.txt": "tom-select/LICENSE",
  "uppy.txt": "uppy/LICENSE",
};

const icons = `
  activity adjustments alarm alert-triangle archive arrow-back-up arrow-bar-to-down
  arrow-bar-to-up arrow-forward-up arrow-guide arrows-join arrows-sort ban bell blockquote bold bolt
  bookmark briefcase chart-bar check chevron-down chevron-left chevron-right chevron-up chevrons-left
  chevrons-right circle-check circle-x clock code column-insert-right column-remove columns-3 device-desktop
  dots download edit external-link eye file-text filter folders git-branch git-compare grip-vertical
  highlight history home info-circle italic key keyboard language layout-grid link list list-check
  list-numbers list-tree loader-2 lock logout mail menu-2 message minus moon news pencil photo photo-off
  photo-plus player-pause player-play plus refresh row-insert-bottom row-remove search send settings
  sort-ascending sort-descending star strikethrough subscript sun superscript table table-off
  table-row tags trash underline unlink upload users video webhook world x
`.trim().split(/\s+/);

// The maps are not shipped; naming them would make each developer console complain.
const sourceMap = /^(\/\/# sourceMappingURL=.*|\/\*# sourceMappingURL=.*\*\/)\s*$/gm;

function copyText(source, name) {
  const text = readFileSync(join(modules, source), "utf8");
  writeFileSync(join(unfinished, name), text.replace(sourceMap, ""));
}

rmSync(unfinished, { recursive: true, force: true });
mkdirSync(join(unfinished, "icons"), { recursive: true });
mkdirSync(join(unfinished, "licences"));
for (const [name, source] of Object.entries(files)) copyText(source, name);
for (const [name, source] of Object.entries(licences)) copyText(source, join("licences", name));
for (const icon of icons) {
  const source = join(modules, "@tabler/icons/icons/outline", `${icon}.svg`);
  copyFileSync(source, join(unfinished, "icons", basename(source)));
}

await build({
  stdin: { contents: tiptap, resolveDir: top },
  outfile: join(unfinished, "tiptap.min.js"),
  bundle: true,
  minify: true,
  format: "esm",
  legalComments: "none", // the licences lie beside it
});

// Whole or not at all: a page never meets half a folder.
rmSync(target, { recursive: true, force: true });
renameSync(unfinished, target);
