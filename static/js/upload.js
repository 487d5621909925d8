// Upload pictures: drop files anywhere on the page, or press the button. Each
// file is one request with its own progress bar, and its own reason if refused.

const { Dashboard, DropTarget, Uppy, XHRUpload, locales } = window.Uppy; // vendor/uppy.min.js

const button = document.querySelector("[data-upload-url]");
if (button) start(button.dataset);

function start({ uploadUrl, uploadToken, uploadMaxBytes, uploadTypes, uploadDone }) {
  const chinese = document.documentElement.lang.startsWith("zh");
  const uppy = new Uppy({
    locale: chinese ? locales.zh_CN : undefined,
    restrictions: { maxFileSize: Number(uploadMaxBytes) },
    autoProceed: true,
    logger: { debug() {}, warn() {}, error() {} }, // people are told, on the page
  });

  uppy.use(Dashboard, {
    trigger: "[data-upload-url]",
    closeModalOnClickOutside: true,
    hideProgressDetails: false,
    note: button.dataset.uploadNote,
    proudlyDisplayPoweredByUppy: false,
    theme: document.documentElement.dataset.bsTheme,
    fileManagerSelectionType: "files",
    showRemoveButtonAfterComplete: true,
    disableThumbnailGenerator: false,
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
    allowedMetaFields: [],
    headers: { Accept: "application/json", "X-CSRFToken": uploadToken },
    limit: 3,
    timeout: 60_000,
    shouldRetry: (request) => request.status === 0 || request.status >= 502,
    onAfterResponse: (request) => {
      const refused = refusal(request);
      if (refused) throw new Error(refused);
    },
  });

  uppy.on("file-added", () => uppy.getPlugin("Dashboard").openModal());
  uppy.on("upload-error", (file, error) => {
    uppy.hideInfo(); // "failed" alone; the reason says more
    uppy.info(`${file.name}: ${error.message}`, "error", 10_000);
  });
  uppy.on("upload-success", () => document.dispatchEvent(new CustomEvent("list:refresh")));
  uppy.on("complete", ({ successful, failed }) => {
    if (failed.length || !successful.length) return;
    uppy.getPlugin("Dashboard").closeModal();
    uppy.clear();
    document.dispatchEvent(new CustomEvent("list:say", { detail: uploadDone }));
  });
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
