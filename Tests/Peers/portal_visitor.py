"""A person at the portal without a screen: pages and forms over HTTP, and an authenticator of Python behind WebAuthn's JSON."""

from __future__ import annotations

import hashlib
import html.parser
import http.cookiejar
import json
import urllib.error
import urllib.parse
import urllib.request

from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode

from hybrid_peer import (
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    SoftwareAuthenticator,
    get_assertion_request,
    make_credential_request,
)


class _Page(html.parser.HTMLParser):
    """What a person reads and fills in: the step, links, and the fields of each form."""

    def __init__(self, text: str):
        super().__init__()
        self.steps: list[str] = []
        self.forms: dict[str, dict[str, str]] = {}
        self.links: list[str] = []
        self._form: dict[str, str] = {}
        self.text = text
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "main":
            self.steps = values.get("data-step", "").split()
        elif tag == "form":
            self._form = self.forms.setdefault(values.get("action", ""), {})
        elif tag == "a":
            self.links.append(values.get("href", ""))
        elif tag == "input" and values.get("type") == "hidden":
            self._form[values["name"]] = values.get("value", "")


class PortalVisitor:
    """A browser with cookies, in front of one page."""

    def __init__(self, origin: str, languages: str = "en"):
        self.origin = origin
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self._opener.addheaders = [("Accept-Language", languages), ("Origin", origin)]
        self.page = _Page("")

    def _request(self, path: str, body: bytes | None, kind: str) -> bytes:
        headers = {"Content-Type": kind} if body is not None else {}
        url = path if path.startswith("http") else self.origin + path
        try:
            return self._opener.open(urllib.request.Request(url, body, headers), timeout=60).read()
        except urllib.error.HTTPError as refusal:
            return refusal.read()

    def open(self, path: str) -> None:
        """Goes to a page, by whatever redirects lead there."""
        self.page = _Page(self._request(path, None, "").decode())

    def submit(self, action: str, **fields: str) -> None:
        """Fills in a form of the page and sends it."""
        body = urllib.parse.urlencode(self.page.forms[action] | fields).encode()
        self.page = _Page(self._request(action, body, "application/x-www-form-urlencoded").decode())

    def _post(self, path: str, value: dict) -> dict:
        return json.loads(self._request(path, json.dumps(value).encode(), "application/json"))

    def _client_data(self, kind: str, options: dict) -> bytes:
        members = {"type": f"webauthn.{kind}", "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(members | {"crossOrigin": False}).encode()

    def register(self, authenticator: SoftwareAuthenticator, attachment: str) -> None:
        """Makes a passkey; the portal goes on to the next page."""
        options = self._post("/webauthn/registration/options", {"authenticatorAttachment": attachment})
        data = self._client_data("create", options)
        request = make_credential_request(
            hashlib.sha256(data).digest(), options["rp"]["id"], websafe_decode(options["user"]["id"])
        )
        response = cbor.decode(authenticator.handle(bytes([MAKE_CREDENTIAL]) + cbor.encode(request))[1:])
        attestation = cbor.encode({"fmt": response[1], "attStmt": response[3], "authData": response[2]})
        self._finish(
            "registration",
            authenticator.credentials[-1].identifier,
            {"clientDataJSON": websafe_encode(data), "attestationObject": websafe_encode(attestation)},
        )

    def authenticate(self, authenticator: SoftwareAuthenticator) -> None:
        """Logs in with a passkey; the portal goes on to the next page."""
        options = self._post("/webauthn/authentication/options", {})
        data = self._client_data("get", options)
        allowed = [websafe_decode(entry["id"]) for entry in options.get("allowCredentials", [])]
        request = get_assertion_request(hashlib.sha256(data).digest(), options["rpId"], allowed)
        response = cbor.decode(authenticator.handle(bytes([GET_ASSERTION]) + cbor.encode(request))[1:])
        self._finish(
            "authentication",
            response[1]["id"],
            {
                "clientDataJSON": websafe_encode(data),
                "authenticatorData": websafe_encode(response[2]),
                "signature": websafe_encode(response[3]),
            }
            | ({"userHandle": websafe_encode(response[4]["id"])} if 4 in response else {}),
        )

    def _finish(self, ceremony: str, identifier: bytes, response: dict) -> None:
        credential = {
            "id": websafe_encode(identifier),
            "rawId": websafe_encode(identifier),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }
        answer = self._post(f"/webauthn/{ceremony}/verification", credential)
        assert "next" in answer, answer
        self.open(answer["next"])
