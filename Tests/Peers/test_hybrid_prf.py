"""`aikagi register` and `aikagi login` ask a phone of Python for derived secrets: the extension `prf`."""

from __future__ import annotations

import hashlib
import hmac

from conftest import Task
from fido2.utils import websafe_encode
from hybrid_peer import Phone, SoftwareAuthenticator
from test_hybrid_aikagi import (  # noqa: F401 - the tunnels and surroundings are fixtures
    CEREMONY_SECONDS,
    DOMAIN,
    aikagi_tunnel,
    creation_options,
    lenient_tunnel,
    request_options,
    serve_client,
    start_client,
    surroundings,
    verify,
)
from verify_report import Verifier, credential_of


class DerivingPhone(SoftwareAuthenticator):
    """Has the extension `prf`, in the form in which Chromium asks phones for it; the credential ID is the key."""

    @property
    def info(self) -> dict:
        return super().info | {2: ["prf"]}

    @staticmethod
    def derive(key: bytes, salts: dict) -> dict:
        return {name: hmac.digest(key, salt, "sha256") for name, salt in salts.items()}

    def _make_credential(self, parameters: dict) -> dict:
        made = super()._make_credential(parameters)
        return made | ({6: {"prf": {"enabled": True}}} if "prf" in parameters.get(6, {}) else {})

    def _get_assertion(self, parameters: dict) -> dict:
        used = super()._get_assertion(parameters)
        identifier, wanted = used[1]["id"], parameters.get(4, {}).get("prf", {})
        salts = wanted.get("evalByCredential", {}).get(identifier) or wanted.get("eval")
        return used | ({8: {"prf": {"results": self.derive(identifier, salts)}}} if salts else {})


def test_client_asks_for_derived_secrets(workplace, surroundings):
    phone, verifier = DerivingPhone(), Verifier()
    options = creation_options() | {"extensions": {"prf": {}, "credProps": True}}
    response, _, _ = serve_client(workplace, surroundings, phone, "register", options)
    verify(verifier, "registration", options, response)
    assert response["clientExtensionResults"] == {"prf": {"enabled": True}, "credProps": {"rk": True}}
    identifier = credential_of(response).credential_id
    # §10.1.4: inputs of any length become salts, under a prefix that no other use of hmac-secret has.
    inputs = {"first": b"", "second": b"a page's own words"}
    salts = {name: hashlib.sha256(b"WebAuthn PRF\0" + value).digest() for name, value in inputs.items()}
    values = {name: websafe_encode(value) for name, value in inputs.items()}
    swapped = {"first": values["second"], "second": values["first"]}
    results = {name: websafe_encode(value) for name, value in phone.derive(identifier, salts).items()}
    for prf, expected in (
        ({"eval": values}, {"results": results}),
        ({"eval": {"first": values["first"]}}, {"results": {"first": results["first"]}}),
        ({"eval": swapped, "evalByCredential": {websafe_encode(identifier): values}}, {"results": results}),
        ({}, {}),
    ):
        options = request_options([identifier]) | {"extensions": {"prf": prf}}
        response, _, _ = serve_client(workplace, surroundings, phone, "login", options)
        verify(verifier, "authentication", options, response)
        assert response["clientExtensionResults"] == {"prf": expected}
    # A phone that has none is not asked, and the page is told.
    plain = SoftwareAuthenticator()
    options = creation_options() | {"extensions": {"prf": {"eval": values}}}
    response, _, _ = serve_client(workplace, surroundings, plain, "register", options)
    assert response["clientExtensionResults"] == {"prf": {"enabled": False}} and 6 not in plain.requests[0][1]
    # What a page may not ask is refused before the phone is.
    options = request_options() | {"extensions": {"prf": {"evalByCredential": {websafe_encode(identifier): values}}}}
    client = start_client(workplace, surroundings, "login", options)
    qr = client.event("qr")["url"]
    late = Phone(surroundings, phone, None, DOMAIN, CEREMONY_SECONDS)
    count = len(phone.requests)
    Task(lambda: late.serve(qr))
    client.assert_fails(CEREMONY_SECONDS)
    assert "NotSupportedError" in client.stderr and len(phone.requests) == count
