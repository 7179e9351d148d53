// What the page for a new passkey can do only with a script: have the browser make one by PingOne's options, when the
// customer presses the button, and hand over what it made, or why there is nothing.
"use strict";

const form = document.getElementById("new-passkey");
const make = document.getElementById("make");
const state = document.getElementById("new-passkey-state");

// Bytes come as signed integers, and leave as base64url.
const bytes = (numbers) => Uint8Array.from(numbers, (number) => number & 255);
const text = (buffer) => {
  let characters = "";
  new Uint8Array(buffer).forEach((byte) => { characters += String.fromCharCode(byte); });
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
};

const send = (type, name, value) => {
  form.elements.type.value = type;
  form.elements[name].disabled = false;
  form.elements[name].value = value;
  form.requestSubmit();
};

const create = async () => {
  const options = JSON.parse(form.dataset.options);
  const credential = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: (options.excludeCredentials ?? []).map((one) => ({ ...one, id: bytes(one.id) })),
    },
  });
  const { clientDataJSON, attestationObject } = credential.response;
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) },
  });
};

form.hidden = false;
make.addEventListener("click", async () => {
  if (!window.PublicKeyCredential) {
    send("NewPasskeyFailed", "reason", "unsupported");
    return;
  }
  make.disabled = true;
  state.textContent = state.dataset.waiting;
  try {
    send("AttestationGiven", "attestation", await create());
  } catch (error) {
    // W3C Web Authentication, 5.1.3. NotAllowedError: cancelled, or nothing happened in time. InvalidStateError: this
    // authenticator has one already. SecurityError: the page is no part of the site that the passkey is for.
    const reasons = {
      NotAllowedError: "cancelled",
      AbortError: "cancelled",
      InvalidStateError: "registered",
      SecurityError: "unsupported",
      NotSupportedError: "unsupported",
    };
    send("NewPasskeyFailed", "reason", reasons[error.name] ?? "failed");
  }
});
