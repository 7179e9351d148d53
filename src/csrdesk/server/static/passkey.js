// What the page for a passkey can do only with a script: ask the browser to sign PingOne's challenge with it, when the
// customer presses the button, and hand over what was signed, or why there is nothing.
"use strict";

const form = document.getElementById("passkey");
const use = document.getElementById("use");
const state = document.getElementById("passkey-state");

// Bytes come as signed integers, and leave as base64url.
const bytes = (numbers) => Uint8Array.from(numbers, (number) => number & 255);
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const send = (type, name, value) => {
  form.elements.type.value = type;
  form.elements[name].disabled = false;
  form.elements[name].value = value;
  form.requestSubmit();
};

const sign = async () => {
  const options = JSON.parse(form.dataset.options);
  const credential = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: (options.allowCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
    },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: text(clientDataJSON),
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    },
  });
};

form.hidden = false;
use.addEventListener("click", async () => {
  if (!window.PublicKeyCredential) {
    send("PasskeyFailed", "reason", "unsupported");
    return;
  }
  use.disabled = true;
  state.textContent = state.dataset.waiting;
  try {
    send("AssertionGiven", "assertion", await sign());
  } catch (error) {
    // NotAllowedError: cancelled, or nothing happened in time. SecurityError: the passkey is for another site.
    const reasons = { NotAllowedError: "cancelled", AbortError: "cancelled", SecurityError: "unsupported" };
    send("PasskeyFailed", "reason", reasons[error.name] ?? "failed");
  }
});
