// Upload pictures: drop files or folders anywhere on the page, paste, or press the button.
// Each file is one request with its own progress bar, three at a time, and its own reason
// if refused. What a broken connection stopped can be tried again, and what is here already
// is shown with the picture that it is, and can be uploaded all the same.

const { Dashboard, DropTarget, Uppy, XHRUpload, locales } = window.Uppy; // vendor/uppy.min.js

const AT_ONCE = 3;
const PAUSE = 1_000;

const button = document.querySelector("[data-upload-url]");
if (button) start(button.dataset);

function start(words) {
  const types = words.uploadTypes.split(",");
  let failed = [];
  const here = [];
  const trashed = [];
  const said = new Map(); // by the server: its sentence, and whether it would say it again
  let news = null;
  const uppy = new Uppy({
    locale: document.documentElement.lang.startsWith("zh") ? locales.zh_CN : undefined,
    autoProceed: true,
    meta: { again: "", private: "" },
    infoTimeout: 0, // what went wrong is told on the page, where it stays
    logger: { debug() {}, warn() {}, error() {} },
    onBeforeFileAdded: (file, files) => {
      if (file.id in files) return false; // it would take the place of what is under way
      const reason = refusedUnsent(file);
      if (!reason) return true;
      failed.push({ file, reason });
      setTimeout(tellUnsent); // once all that came with it has been looked at
      return false;
    },
  });

  // Saves sending what the server would refuse, in the server's own words.
  function refusedUnsent({ name, size, type }) {
    if (size > Number(words.uploadMaxBytes)) return words.uploadTooLarge;
    const ending = name.slice(name.lastIndexOf(".")).toLowerCase();
    const known = !type || types.includes(type) || types.includes(ending);
    if (known) return null;
    return ending === ".svg" ? words.uploadSvg : words.uploadWrongType;
  }

  uppy.use(Dashboard, {
    target: "main",
    trigger: "[data-upload-url]",
    closeModalOnClickOutside: true,
    note: words.uploadNote,
    proudlyDisplayPoweredByUppy: false,
    theme: document.documentElement.dataset.bsTheme,
    animateOpenClose: !matchMedia("(prefers-reduced-motion: reduce)").matches, // it waits for the end of what does not move
    fileManagerSelectionType: "both",
    hideRetryButton: true, // what can be tried again is offered on the page, once all is over
  });
  const dashboard = uppy.getPlugin("Dashboard");
  // The file dialog offers what we take; what it really is, the server decides.
  uppy.on("dashboard:modal-open", () => {
    dashboard.setOptions({ theme: document.documentElement.dataset.bsTheme });
    document.querySelector(".uppy-Dashboard-inner").setAttribute("aria-label", button.textContent);
    for (const input of document.querySelectorAll(".uppy-Dashboard-input")) input.accept = words.uploadTypes;
  });
  uppy.use(DropTarget, { target: document.body });
  uppy.use(XHRUpload, {
    endpoint: words.uploadUrl,
    fieldName: "file",
    allowedMetaFields: ["again", "private"],
    headers: { Accept: "application/json", "X-CSRFToken": words.uploadToken },
    limit: AT_ONCE,
    timeout: 60_000,
    shouldRetry: (request) => request.status === 0 || request.status >= 502,
    onAfterResponse: (request) => {
      const reason = refusal(request);
      if (!reason) return;
      said.set(reason, isFinal(request.status));
      throw new Error(reason);
    },
  });

  uppy.on("files-added", (files) => files.length && dashboard.openModal());
  const secret = document.querySelector("[data-upload-private]");
  const setPrivate = () => uppy.setMeta({ private: secret.checked ? "1" : "" });
  secret?.addEventListener("change", setPrivate);
  if (secret) setPrivate();
  uppy.on("upload-error", (file, { message }) => {
    const reason = said.has(message) ? message : words.uploadAway;
    failed.push({ file, reason, again: !said.get(message) });
  });
  uppy.on("upload-success", (file, { body }) => {
    for (const found of body?.duplicates ?? [])
      (found.restore ? trashed : here).push({ file, ...found });
    news ??= setTimeout(tellProgress, PAUSE);
  });
  // What is dropped again while others wait for the end is sent with what failed before.
  uppy.on("retry-all", (files) => {
    const ids = files.map(({ id }) => id);
    failed = failed.filter(({ file }) => !ids.includes(file.id));
  });
  // What is dropped meanwhile completes by itself; all is over with the last of it.
  uppy.on("complete", () => {
    tellProgress();
    const files = uppy.getFiles();
    if (files.some(({ progress, error }) => !progress.uploadComplete && !error)) return;
    dashboard.closeModal();
    uppy.clear();
    if (files.filter(({ error }) => !error).length > here.length + trashed.length) say(words.uploadDone, "success");
    tellFailed();
    if (trashed.length) say(words.uploadTrashed, "warning", inTrash(trashed.splice(0)));
    if (here.length) say(words.uploadHere, "warning", known(here.splice(0)));
  });

  // Where none of the files is sent, nothing completes.
  function tellUnsent() {
    if (!uppy.getFiles().length) tellFailed();
  }

  // The list shows the new rows; those who do not see it hear how far it is.
  function tellProgress() {
    clearTimeout(news);
    news = null;
    document.dispatchEvent(new CustomEvent("list:refresh"));
    const files = uppy.getFiles();
    const done = files.filter((file) => file.progress.uploadComplete).length;
    if (files.length > 1) live.textContent = words.uploadProgress.replace("{done}", done).replace("{all}", files.length);
  }
  const live = document.createElement("p");
  live.className = "visually-hidden";
  live.setAttribute("role", "status");
  document.body.append(live);

  function tellFailed() {
    const told = failed.splice(0);
    if (!told.length) return;
    const lines = told.map(({ file, reason }) => words.uploadLine.replace("{reason}", () => reason).replace("{file}", () => file.name));
    const lost = told.filter(({ again }) => again).map(({ file }) => file);
    const more = told.length > 1 ? [listOf(lines)] : [];
    if (lost.length) more.push(press(words.uploadRetry, () => add(lost)));
    say(told.length > 1 ? words.uploadRefused : lines[0], "danger", more);
  }

  // One button takes them all out of the trash, as the button Undo of a notice does.
  function inTrash(files) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = files[0].restore;
    const fields = files.map(({ id }) => ["id", id]);
    for (const [name, value] of [["csrf_token", words.uploadToken], ["url", location.pathname + location.search], ...fields]) {
      const field = document.createElement("input");
      field.type = "hidden";
      Object.assign(field, { name, value });
      form.append(field);
    }
    const restore = document.createElement("button");
    restore.className = "btn btn-sm";
    restore.textContent = words.uploadRestore;
    form.append(restore);
    const [list, again] = known(files);
    form.append(" ", again);
    return [list, form];
  }

  function known(files) {
    const lines = files.map(({ file, title, url }) => [`${file.name} – `, linkTo(title, url)]);
    const again = () => add(files.map(({ file }) => file), { again: "1" });
    return [listOf(lines), press(words.uploadAgain, again)];
  }

  // With the folder, which tells files of one name apart.
  function add(files, more) {
    uppy.addFiles(files.map(({ name, type, data, meta: { relativePath } }) => ({ name, type, data, meta: { relativePath, ...more } })));
  }

  // A picture that was copied is pasted anywhere but where one writes.
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || event.target.closest?.("input, textarea, [contenteditable], .uppy-Dashboard")) return;
    event.preventDefault();
    uppy.addFiles(files.map((data) => ({ name: data.name, type: data.type, data })));
  });

  addEventListener("beforeunload", (event) => {
    if (uppy.getFiles().some((file) => file.progress.uploadStarted && !file.progress.uploadComplete)) event.preventDefault();
  });

  // The command palette leads here, again if need be. What has the focus gets it back at the end.
  function openFromAddress() {
    if (location.hash !== "#upload") return;
    history.replaceState(history.state, "", location.pathname + location.search);
    button.focus();
    dashboard.openModal();
  }
  addEventListener("hashchange", openFromAddress);
  document.body.dataset.dropWords = words.uploadDrop;
  openFromAddress();
}

function listOf(lines) {
  const list = document.createElement("ul");
  for (const line of lines) {
    const item = document.createElement("li");
    item.append(...[line].flat());
    list.append(item);
  }
  return list;
}

function linkTo(words, address) {
  const link = document.createElement("a");
  link.href = address;
  link.textContent = words;
  return link;
}

// A button in a notice, which it takes away.
function press(words, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = words;
  button.addEventListener("click", () => {
    button.closest(".notice").remove();
    act();
  });
  return button;
}

function say(words, tone, more) {
  document.dispatchEvent(new CustomEvent("list:say", { detail: { words, tone, more } }));
}

// The server's own sentence about a file that it did not take.
function refusal(request) {
  if (request.status >= 200 && request.status < 300) return null;
  try {
    const answer = JSON.parse(request.responseText);
    return answer.errors?.[0]?.error ?? answer.error ?? request.statusText;
  } catch {
    return null;
  }
}

// What was said of the file itself is said again; of the log-in, the pace or the server it is not.
function isFinal(status) {
  return status >= 400 && status < 500 && ![401, 408, 429].includes(status);
}
