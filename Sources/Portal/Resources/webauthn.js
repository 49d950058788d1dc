// Runs the WebAuthn ceremonies of the page: options from the portal, the browser's dialogue, the answer back to the portal.
"use strict";

function bytesFromBase64URL(text) {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function base64URLFromBytes(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function descriptors(list) {
  return list && list.map((entry) => ({ ...entry, id: bytesFromBase64URL(entry.id) }));
}

// Browsers of WebAuthn Level 3 convert themselves; the others get the same by hand.
function creationOptions(json) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(json);
  const options = { ...json, challenge: bytesFromBase64URL(json.challenge) };
  options.user = { ...json.user, id: bytesFromBase64URL(json.user.id) };
  if (json.excludeCredentials) options.excludeCredentials = descriptors(json.excludeCredentials);
  return options;
}

function requestOptions(json) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(json);
  const options = { ...json, challenge: bytesFromBase64URL(json.challenge) };
  if (json.allowCredentials) options.allowCredentials = descriptors(json.allowCredentials);
  return options;
}

function credentialJSON(credential) {
  if (credential.toJSON) return credential.toJSON();
  const from = credential.response;
  const response = { clientDataJSON: base64URLFromBytes(from.clientDataJSON) };
  if (from.attestationObject) {
    response.attestationObject = base64URLFromBytes(from.attestationObject);
    if (from.getTransports) response.transports = from.getTransports();
  } else {
    response.authenticatorData = base64URLFromBytes(from.authenticatorData);
    response.signature = base64URLFromBytes(from.signature);
    if (from.userHandle) response.userHandle = base64URLFromBytes(from.userHandle);
  }
  const json = {
    id: credential.id, rawId: base64URLFromBytes(credential.rawId), type: credential.type, response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
  if (credential.authenticatorAttachment) json.authenticatorAttachment = credential.authenticatorAttachment;
  return json;
}

// An error whose text is ready for the person.
class Told extends Error {}

async function post(path, body, messages) {
  let answer, json;
  try {
    answer = await fetch(path, {
      method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    json = await answer.json();
  } catch (error) {
    throw new Told(messages.offline);
  }
  if (!answer.ok) throw new Told(json.message || messages.failed);
  return json;
}

async function register(attachment, messages) {
  const body = attachment ? { authenticatorAttachment: attachment } : {};
  const json = await post("/webauthn/registration/options", body, messages);
  const credential = await navigator.credentials.create({ publicKey: creationOptions(json) });
  return post("/webauthn/registration/verification", credentialJSON(credential), messages);
}

async function authenticate(messages) {
  const json = await post("/webauthn/authentication/options", {}, messages);
  const credential = await navigator.credentials.get({ publicKey: requestOptions(json) });
  return post("/webauthn/authentication/verification", credentialJSON(credential), messages);
}

function reason(error, messages) {
  if (error instanceof Told) return error.message;
  if (error.name === "InvalidStateError") return messages.registered;
  if (error.name === "NotAllowedError" || error.name === "AbortError") return messages.cancelled;
  return messages.failed;
}

for (const section of document.querySelectorAll("[data-ceremony]")) {
  const messages = section.dataset;
  const outcome = section.querySelector(".outcome");
  const buttons = section.querySelectorAll("button");
  const say = (text, isWorking) => {
    outcome.hidden = false;
    outcome.classList.toggle("working", isWorking);
    outcome.textContent = text;
  };
  if (!window.PublicKeyCredential) {
    say(messages.unsupported, false);
    for (const button of buttons) button.disabled = true;
  }
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      for (const other of buttons) other.disabled = true;
      say(messages.working, true);
      try {
        const isRegistration = messages.ceremony === "registration";
        const done = isRegistration ? await register(button.dataset.attachment, messages) : await authenticate(messages);
        location.assign(done.next);
      } catch (error) {
        say(reason(error, messages), false);
        for (const other of buttons) other.disabled = false;
        button.focus();
      }
    });
  }
}
