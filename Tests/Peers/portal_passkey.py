"""A passkey of Python at the portal's JSON endpoints, every part of whose answers a test can spoil before it is signed or after."""

from __future__ import annotations

import hashlib
import json
import secrets
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import requests
from ceremonies import AT, ES256, UP, UV, cose_key, new_key, sign
from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode
from portal_person import NEW_PASSWORD, Visitor, links_in, maildir_messages


def same(value):
    return value


def changed(change: Callable, value: Any) -> Any:
    """A change returns the new value, or nothing when it has changed what it was given."""
    result = change(value)
    return value if result is None else result


def person(binary: str, data: Path, origin: str, user: str, number: str) -> Visitor:
    """Adds an account to a portal that runs, and walks chapter 1: the visitor is about to set up a passkey."""
    subprocess.run(
        [binary, "portal", "users", "add", "--data", str(data), user, "--name", user, "--date-of-birth", "1990-01-31",
         "--symbol", "12345", "--number", number], check=True, capture_output=True, timeout=120)
    seen = len(maildir_messages(data / "mail"))
    visitor = Visitor(origin)
    visitor.first_login(
        user, f"12345{number}19900131", "1990-01-31", "passkey",
        lambda: links_in(maildir_messages(data / "mail")[seen:]))
    visitor.log_out()
    assert "2-1.2" in visitor.log_in(user, NEW_PASSWORD).steps
    return visitor


class Client:
    """A browser's cookies, and the portal's JSON endpoints.

    Every client comes from a loopback address of its own, as far as it goes: the portal slows attempts per address.
    """

    _addresses = 0

    def __init__(self, origin: str, session: requests.Session | None = None):
        self.origin = origin
        self.session = session or requests.Session()
        self.session.trust_env = False
        Client._addresses += 1
        address = f"127.9.{Client._addresses // 250}.{Client._addresses % 250 + 1}"
        self.session.mount("http://", _From(address))

    def post(self, path: str, body: str | bytes, **headers: str) -> requests.Response:
        headers = {"Content-Type": "application/json", "Origin": self.origin} | headers
        data = body.encode() if isinstance(body, str) else body
        return self.session.post(self.origin + path, data=data, headers=headers, timeout=60)

    def options(self, kind: str, **wishes: Any) -> dict:
        answer = self.post(f"/webauthn/{kind}/options", json.dumps(wishes))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def verify(self, kind: str, body: str | bytes) -> requests.Response:
        return self.post(f"/webauthn/{kind}/verification", body)

    def is_logged_in(self) -> bool:
        return self.session.get(self.origin + "/top", timeout=60).url == self.origin + "/top"


class _From(requests.adapters.HTTPAdapter):
    def __init__(self, address: str):
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, source_address=(self._address, 0), **options)


@dataclass
class Passkey:
    origin: str
    algorithm: int = ES256
    identifier: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    counter: int = 1
    user: bytes = b""

    def __post_init__(self) -> None:
        self.key = new_key(self.algorithm)

    def _client_data(self, kind: str, challenge: str, change: Callable, change_bytes: Callable) -> bytes:
        members = {"type": f"webauthn.{kind}", "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return changed(change_bytes, json.dumps(changed(change, members), separators=(",", ":")).encode())

    @staticmethod
    def _header(rp_id: str, flags: int, counter: int) -> bytes:
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")

    def _body(self, response: dict, identifier: bytes, change: Callable, text: Callable) -> str | bytes:
        name = websafe_encode(identifier)
        body = {"id": name, "rawId": name, "type": "public-key", "clientExtensionResults": {}, "response": response}
        return changed(text, json.dumps(changed(change, body)))

    def make(
        self, options: dict, *, client_data: Callable = same, client_bytes: Callable = same, flags: int = UP | UV | AT,
        rp_id: str | None = None, cose: Callable = same, data: Callable = same, attestation: Callable = same,
        attestation_bytes: Callable = same, identifier: bytes | None = None, body: Callable = same, text: Callable = same,
    ) -> str | bytes:
        """RegistrationResponseJSON, without attestation."""
        self.user = websafe_decode(options["user"]["id"])
        collected = self._client_data("create", options["challenge"], client_data, client_bytes)
        identifier = self.identifier if identifier is None else identifier
        public = cbor.encode(changed(cose, cose_key(self.key, self.algorithm)))
        header = self._header(rp_id or options["rp"]["id"], flags, self.counter)
        authenticator = changed(data, header + bytes(16) + len(identifier).to_bytes(2, "big") + identifier + public)
        statement = changed(attestation, {"fmt": "none", "attStmt": {}, "authData": authenticator})
        response = {
            "clientDataJSON": websafe_encode(collected), "transports": ["internal"],
            "attestationObject": websafe_encode(changed(attestation_bytes, cbor.encode(statement)))}
        return self._body(response, identifier, body, text)

    def use(
        self, options: dict, *, client_data: Callable = same, client_bytes: Callable = same, flags: int = UP | UV,
        rp_id: str | None = None, counter: int | None = None, data: Callable = same, signature: Callable = same,
        signed_by: Any = None, identifier: bytes | None = None, user: bytes | None = None, body: Callable = same,
        text: Callable = same,
    ) -> str | bytes:
        """AuthenticationResponseJSON."""
        if counter is None:
            self.counter += 1
        collected = self._client_data("get", options["challenge"], client_data, client_bytes)
        header = self._header(rp_id or options["rpId"], flags, self.counter if counter is None else counter)
        authenticator = changed(data, header)
        signed = authenticator + hashlib.sha256(collected).digest()
        response = {
            "clientDataJSON": websafe_encode(collected), "authenticatorData": websafe_encode(authenticator),
            "signature": websafe_encode(changed(signature, sign(signed_by or self.key, self.algorithm, signed))),
            "userHandle": websafe_encode(self.user if user is None else user)}
        return self._body(response, self.identifier if identifier is None else identifier, body, text)
