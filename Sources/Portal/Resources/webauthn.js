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
  if (json.extensions && json.extensions.prf) {
    const first = bytesFromBase64URL(json.extensions.prf.eval.first);
    options.extensions = { ...json.extensions, prf: { eval: { first } } };
  }
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

// The answer without what the passkey derived: that is for this page alone.
function withoutSecret(json) {
  const results = json.clientExtensionResults;
  if (!results || !results.prf || !results.prf.results) return json;
  const prf = { ...results.prf };
  delete prf.results;
  return { ...json, clientExtensionResults: { ...results, prf } };
}

// An error whose text is ready for the person.
class Told extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

async function post(path, body, messages) {
  let answer, json;
  try {
    answer = await fetch(path, {
      method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    json = await answer.json();
  } catch (error) {
    throw new Told(messages.offline, "offline");
  }
  if (!answer.ok) throw new Told(json.message || messages.failed, json.error);
  return json;
}

// What was exchanged, kept in this tab alone, for a bug report.
const memory = {
  key: "webauthn-ceremonies",
  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key)) || [];
    } catch (error) {
      return [];
    }
  },
  add(entry) {
    // Of too many the oldest go, registrations last: without them no login can be verified later.
    const entries = [...this.read(), entry];
    let surplus = entries.length - 20;
    try {
      this.keep(entries.filter(({ kind }) => kind === "registration" || surplus-- <= 0).slice(-20));
    } catch (error) {
      return;
    }
    showDownload();
  },
  keep(entries) {
    sessionStorage.setItem(this.key, JSON.stringify(entries));
  },
  // A visit has ended: nothing of it stays but what a verifier has to know of the passkeys that were registered.
  forget() {
    const registrations = this.read().filter((entry) => entry.kind === "registration" && !entry.error).map(publicPart);
    sessionStorage.clear();
    if (registrations.length > 0) this.keep(registrations);
  },
};

// A registration without the person's names and what else was registered.
function publicPart({ kind, began, time, origin, rpId, challenge, options, response }) {
  const { user, pubKeyCredParams, authenticatorSelection } = options;
  return {
    kind, began, time, origin, rpId, challenge, response,
    options: { challenge, user: { id: user.id }, pubKeyCredParams, authenticatorSelection },
  };
}

function showDownload() {
  const paragraph = document.querySelector("[data-ceremonies]");
  const ceremonies = memory.read();
  if (!paragraph || ceremonies.length === 0) return;
  const link = paragraph.querySelector("a");
  if (link.href.startsWith("blob:")) URL.revokeObjectURL(link.href);
  const report = { origin: location.origin, userAgent: navigator.userAgent, ceremonies };
  link.href = URL.createObjectURL(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }));
  paragraph.hidden = false;
}

// One ceremony: options from the portal, the browser's answer, the portal's verdict. What is kept of it is what a verifier
// of files needs to know (`aikagi verify`).
async function run(kind, body, messages, ask) {
  const began = new Date();
  const entry = { kind, began: began.toISOString(), time: Math.floor(began / 1000), origin: location.origin };
  try {
    entry.options = await post(`/webauthn/${kind}/options`, body, messages);
    entry.rpId = entry.options.rpId || entry.options.rp.id;
    entry.challenge = entry.options.challenge;
    const credential = await ask(entry.options);
    entry.response = withoutSecret(credentialJSON(credential));
    entry.answer = await post(`/webauthn/${kind}/verification`, entry.response, messages);
    memory.add(entry);
    return entry.answer;
  } catch (error) {
    entry.error = { name: error.code || error.name, message: error.message };
    // That nobody took a suggestion is no news.
    if (entry.response || body.mediation !== "conditional") memory.add(entry);
    if (error.code === "credential-unknown" && entry.response) {
      signal("signalUnknownCredential", { rpId: entry.options.rpId, credentialId: entry.response.id });
    }
    throw error;
  }
}

function register(attachment, messages) {
  const body = attachment ? { authenticatorAttachment: attachment } : {};
  return run("registration", body, messages, (options) =>
    navigator.credentials.create({ publicKey: creationOptions(options) }));
}

function authenticate(messages) {
  return run("authentication", {}, messages, (options) =>
    navigator.credentials.get({ publicKey: requestOptions(options) }));
}

// Has a passkey derive a secret, and remembers its fingerprint in this tab, beside the one before.
async function derive(credentialId, messages) {
  let secret;
  await run("authentication", { prf: true, credentialId }, messages, async (options) => {
    const credential = await navigator.credentials.get({ publicKey: requestOptions(options) });
    const { prf } = credential.getClientExtensionResults();
    secret = prf && prf.results && prf.results.first;
    return credential;
  });
  const digest = secret && new Uint8Array(await crypto.subtle.digest("SHA-256", secret));
  const fingerprint = digest && Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const before = derivations.read(credentialId);
  derivations.keep(credentialId, { fingerprint, previous: before && (before.fingerprint || before.previous), isNew: true });
  return { next: location.pathname };
}

const derivations = {
  key: (credentialId) => `webauthn-derived:${credentialId}`,
  read(credentialId) {
    try {
      return JSON.parse(sessionStorage.getItem(this.key(credentialId)));
    } catch (error) {
      return null;
    }
  },
  keep(credentialId, value) {
    sessionStorage.setItem(this.key(credentialId), JSON.stringify(value));
  },
  // Whoever is here next has nothing to do with them.
  clear() {
    for (const key of Object.keys(sessionStorage)) {
      if (key.startsWith(this.key(""))) sessionStorage.removeItem(key);
    }
  },
};

// Shows, once, what was derived before the page was loaded anew.
function showDerivation(credentialId, messages, say) {
  const found = derivations.read(credentialId);
  if (!found || !found.isNew) return;
  derivations.keep(credentialId, { ...found, isNew: false });
  const { fingerprint, previous } = found;
  if (!fingerprint) return say(messages.notDerived, "bad");
  const isSame = !previous || previous === fingerprint;
  const text = !previous ? messages.derived : isSame ? messages.derivedAgain : messages.derivedOther;
  say(`${text} ${fingerprint}`, isSame ? "good" : "bad");
}

// Tells the browser, where it can be told (WebAuthn Level 3, section 5.1.10).
async function signal(method, value) {
  if (!window.PublicKeyCredential || !PublicKeyCredential[method]) return;
  try {
    await PublicKeyCredential[method](value);
  } catch (error) {
    // A browser that cannot pass it on loses nothing but tidiness.
  }
}

function reason(error, messages) {
  if (error instanceof Told) return error.message;
  if (error.name === "InvalidStateError") return messages.registered;
  if (error.name === "NotAllowedError" || error.name === "AbortError") return messages.cancelled;
  return messages.failed;
}

// Passkeys among the suggestions for the user ID, as long as the page is looked at; a challenge is good for five minutes.
class Autofill {
  constructor(messages, say) {
    this.messages = messages;
    this.say = say;
  }
  async start() {
    if (!PublicKeyCredential.isConditionalMediationAvailable) return;
    this.controller = new AbortController();
    const { signal } = this.controller;
    if (!(await PublicKeyCredential.isConditionalMediationAvailable()) || signal.aborted) return;
    const timer = setTimeout(() => this.restart(), 240000);
    try {
      const done = await run("authentication", { mediation: "conditional" }, this.messages, (options) =>
        navigator.credentials.get({ publicKey: requestOptions(options), mediation: "conditional", signal }));
      location.assign(done.next);
    } catch (error) {
      if (error instanceof Told && error.code !== "offline" && error.code !== "too-many-attempts") {
        this.say(error.message, "bad");
      }
    } finally {
      clearTimeout(timer);
    }
  }
  stop() {
    if (this.controller) this.controller.abort();
  }
  restart() {
    this.stop();
    if (!document.hidden) this.start();
    else document.addEventListener("visibilitychange", () => this.start(), { once: true });
  }
}

// A button for the device's own reader leads nowhere where the browser can use none: it steps back, and a sentence says so.
async function showLackOfReader(section) {
  const button = section.querySelector("button[data-attachment='platform']");
  const hint = section.querySelector(".no-reader");
  if (!button || !hint || !PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable) return;
  if (await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()) return;
  button.classList.replace("primary", "secondary");
  button.setAttribute("aria-describedby", hint.id);
  hint.hidden = false;
}

for (const section of document.querySelectorAll("[data-ceremony]")) {
  const messages = section.dataset;
  const outcome = section.querySelector(".outcome");
  const buttons = section.querySelectorAll("button");
  // How it stands: "working", "good" or "bad".
  const say = (text, state) => {
    outcome.hidden = false;
    outcome.className = `outcome ${state}`;
    outcome.textContent = text;
  };
  if (!window.PublicKeyCredential) {
    say(messages.unsupported, "bad");
    for (const button of buttons) button.disabled = true;
    continue;
  }
  const autofill = messages.autofill ? new Autofill(messages, say) : null;
  if (autofill) autofill.start();
  if (messages.ceremony === "derivation") showDerivation(buttons[0].dataset.attachment, messages, say);
  if (messages.ceremony === "registration") showLackOfReader(section);
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      for (const other of buttons) other.disabled = true;
      if (autofill) autofill.stop();
      say(messages.working, "working");
      try {
        const done =
          messages.ceremony === "registration" ? await register(button.dataset.attachment, messages)
          : messages.ceremony === "derivation" ? await derive(button.dataset.attachment, messages)
          : await authenticate(messages);
        location.assign(done.next);
      } catch (error) {
        say(reason(error, messages), "bad");
        for (const other of buttons) other.disabled = false;
        button.focus();
        if (autofill) autofill.start();
      }
    });
  }
}

const signals = document.querySelector("[data-signals]");
if (signals) {
  const told = JSON.parse(signals.dataset.signals);
  if (told.accepted) signal("signalAllAcceptedCredentials", told.accepted);
  if (told.details) signal("signalCurrentUserDetails", told.details);
  if (told.unknown) signal("signalUnknownCredential", told.unknown);
}

if (document.querySelector("[data-ended]")) memory.forget();
// The login page: a visit may have ended by itself, too.
if (document.querySelector("[data-autofill]")) derivations.clear();
showDownload();
