// Upload pictures: drop files anywhere on the page, or press the button. Each
// file is one request with its own progress bar, and its own reason if refused.
// What is here already is shown with the picture that it is, and can be uploaded
// all the same.

const { Dashboard, DropTarget, Uppy, XHRUpload, locales } = window.Uppy; // vendor/uppy.min.js

const button = document.querySelector("[data-upload-url]");
if (button) start(button.dataset);

function start({ uploadUrl, uploadToken, uploadMaxBytes, uploadTypes, uploadDone, uploadTooLarge, uploadHere, uploadTrashed, uploadRestore, uploadAgain }) {
  const chinese = document.documentElement.lang.startsWith("zh");
  const refused = new Map();
  const here = [];
  const trashed = [];
  const uppy = new Uppy({
    locale: chinese ? locales.zh_CN : undefined,
    autoProceed: true,
    meta: { again: "" },
    infoTimeout: 0, // what went wrong is told on the page, where it stays
    logger: { debug() {}, warn() {}, error() {} },
    // Saves sending what the server would refuse, in the server's own words.
    onBeforeFileAdded: (file) => {
      if (file.size <= Number(uploadMaxBytes)) return true;
      say(`${file.name}: ${uploadTooLarge}`, "danger");
      return false;
    },
  });

  uppy.use(Dashboard, {
    trigger: "[data-upload-url]",
    closeModalOnClickOutside: true,
    note: button.dataset.uploadNote,
    proudlyDisplayPoweredByUppy: false,
    theme: document.documentElement.dataset.bsTheme,
    fileManagerSelectionType: "files",
    hideRetryButton: true, // what was refused once is refused again
  });
  // The file dialog offers what we take; what it really is, the server decides.
  uppy.on("dashboard:modal-open", () => {
    uppy.getPlugin("Dashboard").setOptions({ theme: document.documentElement.dataset.bsTheme });
    for (const input of document.querySelectorAll(".uppy-Dashboard-input")) {
      input.accept = uploadTypes;
    }
  });
  uppy.use(DropTarget, { target: document.body });
  uppy.use(XHRUpload, {
    endpoint: uploadUrl,
    fieldName: "file",
    allowedMetaFields: ["again"],
    headers: { Accept: "application/json", "X-CSRFToken": uploadToken },
    limit: 3,
    timeout: 60_000,
    shouldRetry: (request) => request.status === 0 || request.status >= 502,
    onAfterResponse: (request) => {
      const words = refusal(request);
      if (words) throw new Error(words);
    },
  });

  uppy.on("file-added", () => uppy.getPlugin("Dashboard").openModal());
  uppy.on("upload-error", (file, error) => refused.set(file.name, error.message));
  uppy.on("upload-success", (file, { body }) => {
    for (const found of body?.duplicates ?? [])
      (found.restore ? trashed : here).push({ file, ...found });
    document.dispatchEvent(new CustomEvent("list:refresh"));
  });
  uppy.on("complete", ({ successful }) => {
    uppy.getPlugin("Dashboard").closeModal();
    uppy.clear();
    if (successful.length > here.length + trashed.length) say(uploadDone, "success");
    for (const [name, words] of refused) say(`${name}: ${words}`, "danger");
    if (trashed.length) say(uploadTrashed, "warning", inTrash(trashed.splice(0)));
    if (here.length) say(uploadHere, "warning", known(here.splice(0)));
    refused.clear();
  });

  // One button takes them all out of the trash, as the button Undo of a notice does.
  function inTrash(files) {
    const form = document.createElement("form");
    form.method = "post";
    form.action = files[0].restore;
    const fields = files.map(({ id }) => ["id", id]);
    for (const [name, value] of [["csrf_token", uploadToken], ["url", location.pathname + location.search], ...fields]) {
      const field = document.createElement("input");
      field.type = "hidden";
      Object.assign(field, { name, value });
      form.append(field);
    }
    const restore = document.createElement("button");
    restore.className = "btn btn-sm";
    restore.textContent = uploadRestore;
    form.append(restore);
    const [list, again] = known(files);
    form.append(" ", again);
    return [list, form];
  }

  function known(files) {
    const again = document.createElement("button");
    again.type = "button";
    again.className = "btn btn-sm";
    again.textContent = uploadAgain;
    again.addEventListener("click", () => {
      again.closest(".notice").remove();
      for (const { file } of files) {
        const { name, type, data } = file;
        uppy.addFile({ name, type, data, meta: { again: "1" } });
      }
    });
    return [listOf(files), again];
  }
}

function listOf(files) {
  const list = document.createElement("ul");
  for (const { file, title, url } of files) {
    const link = document.createElement("a");
    link.href = url;
    link.textContent = title;
    const item = document.createElement("li");
    item.append(file.name, " – ", link);
    list.append(item);
  }
  return list;
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
