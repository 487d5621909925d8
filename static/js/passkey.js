// Asks the browser for a passkey, and sends what it says with the form of the page.

const form = document.querySelector("[data-passkey]");
const again = form.querySelector("[data-passkey-again]");

function say(what) {
  for (const words of form.querySelectorAll("[data-passkey-says]"))
    words.hidden = words.dataset.passkeySays !== what;
  again.hidden = what === "asks" || what === "unable";
}

function ask() {
  const given = JSON.parse(form.dataset.options);
  return form.dataset.passkey === "create"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given) });
}

async function send() {
  say("asks");
  try {
    form.elements.credential.value = JSON.stringify((await ask()).toJSON());
    form.submit();
  } catch (error) {
    say({ InvalidStateError: "known", NotAllowedError: "failed" }[error.name] ?? "unable");
  }
}

again.addEventListener("click", send);
send();
