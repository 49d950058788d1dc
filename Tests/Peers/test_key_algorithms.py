"""Every algorithm that ``aikagi key`` can be told to offer: pyca/cryptography verifies what it signs, through python-fido2."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from fido2 import cbor
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from fido2.utils import websafe_decode, websafe_encode
from key_doors import device
from portal_passkey import Client, person

RP = {"id": "example.com", "name": "Example"}
ALGORITHMS = {
    "es256": -7,
    "eddsa": -8,
    "es384": -35,
    "es512": -36,
    "es256k": -47,
    "rs256": -257,
    "ml-dsa-44": -48,
    "ml-dsa-65": -49,
}


def connect(workplace, *arguments: str):
    process = workplace.start("key", "--tcp", "0", "--json", *arguments)
    return process, Ctap2(device(process.event("listening")), strict_cbor=True)


def make(ctap: Ctap2, algorithm: int, discoverable: bool):
    data_hash = os.urandom(32)
    response = ctap.make_credential(
        data_hash,
        RP,
        {"id": bytes([discoverable]) + algorithm.to_bytes(4, "big", signed=True), "name": "user"},
        [{"type": "public-key", "alg": algorithm}],
        options={"rk": True} if discoverable else None,
    )
    key = response.auth_data.credential_data.public_key
    assert key[3] == response.att_stmt["alg"] == algorithm
    key.verify(bytes(response.auth_data) + data_hash, response.att_stmt["sig"])
    return response.auth_data.credential_data


def log_in(ctap: Ctap2, credential) -> None:
    data_hash = os.urandom(32)
    assertion = ctap.get_assertion(
        RP["id"], data_hash, [{"type": "public-key", "id": credential.credential_id}]
    )
    message = bytes(assertion.auth_data) + data_hash
    credential.public_key.verify(message, assertion.signature)
    with pytest.raises(Exception):
        credential.public_key.verify(message + b"\0", assertion.signature)


def test_every_algorithm_before_and_after_a_restart(workplace):
    store = str(workplace.directory / "key.sqlite")
    process, ctap = connect(workplace, "--store", store, "--algorithms", ",".join(ALGORITHMS))
    assert [entry["alg"] for entry in ctap.info.algorithms] == list(ALGORITHMS.values())
    credentials = [make(ctap, number, kind) for number in ALGORITHMS.values() for kind in (False, True)]
    assert max(len(credential.credential_id) for credential in credentials) <= ctap.info.max_cred_id_length
    for credential in credentials:
        log_in(ctap, credential)
    process.end()
    # What is offered now is for new credentials; those of before are still good.
    process, ctap = connect(workplace, "--store", store, "--algorithms", "es256")
    assert [entry["alg"] for entry in ctap.info.algorithms] == [-7]
    for credential in credentials:
        log_in(ctap, credential)
    with pytest.raises(CtapError) as refusal:
        make(ctap, -257, False)
    assert refusal.value.code == CtapError.ERR.UNSUPPORTED_ALGORITHM


def answer(client: Client, kind: str, options: dict, respond) -> dict:
    """The portal's answer to what the key makes of its options; `respond` gets the hash of the client data."""
    collected = {"challenge": options["challenge"], "origin": client.origin, "crossOrigin": False}
    name = {"registration": "create", "authentication": "get"}[kind]
    client_data = json.dumps({"type": f"webauthn.{name}"} | collected).encode()
    identifier, response = respond(hashlib.sha256(client_data).digest())
    members = {name: websafe_encode(value) for name, value in response.items()}
    result = client.verify(kind, json.dumps({
        "id": websafe_encode(identifier), "rawId": websafe_encode(identifier), "type": "public-key",
        "clientExtensionResults": {}, "response": {"clientDataJSON": websafe_encode(client_data)} | members}))
    assert result.status_code == 200, result.text
    return result.json()


def test_the_portal_registers_and_verifies_every_algorithm(workplace):
    _, ctap = connect(workplace, "--algorithms", ",".join(ALGORITHMS))
    pin = ClientPin(ctap)
    pin.set_pin("a1b2c3d4")
    data = workplace.directory / "data"
    portal = workplace.start("portal", "--data", str(data), "--json")
    origin = portal.event("listening", timeout=60)["url"]
    visitor = person(workplace.binary, data, origin, "hanako", "678")

    def proof(permission: ClientPin.PERMISSION, rp_id: str, data_hash: bytes) -> dict:
        token = pin.get_pin_token("a1b2c3d4", permission, rp_id)
        return {"pin_uv_param": pin.protocol.authenticate(token, data_hash), "pin_uv_protocol": pin.protocol.VERSION}

    for algorithm in ALGORITHMS.values():
        registering = Client(origin, visitor.session)
        options = registering.options("registration")
        wanted = [entry for entry in options["pubKeyCredParams"] if entry["alg"] == algorithm]
        assert len(wanted) == 1, algorithm
        rp_id, user = options["rp"]["id"], options["user"] | {"id": websafe_decode(options["user"]["id"])}

        def make(data_hash: bytes):
            made = ctap.make_credential(
                data_hash, options["rp"], user, wanted, options={"rk": True},
                **proof(ClientPin.PERMISSION.MAKE_CREDENTIAL, rp_id, data_hash))
            assert made.att_stmt["alg"] == algorithm and made.fmt == "packed"
            attestation = {"fmt": made.fmt, "attStmt": made.att_stmt, "authData": bytes(made.auth_data)}
            return made.auth_data.credential_data.credential_id, {"attestationObject": cbor.encode(attestation)}

        assert answer(registering, "registration", options, make) == {"next": "/passkeys/name"}

        stranger = Client(origin)
        stranger.session.get(origin + "/login", timeout=60)
        options = stranger.options("authentication")

        # The key keeps one passkey of an account: the one that was made last.
        def use(data_hash: bytes):
            used = ctap.get_assertion(
                rp_id, data_hash, **proof(ClientPin.PERMISSION.GET_ASSERTION, rp_id, data_hash))
            return used.credential["id"], {
                "authenticatorData": bytes(used.auth_data), "signature": used.signature, "userHandle": used.user["id"]}

        answer(stranger, "authentication", options, use)
        assert stranger.session.get(origin + "/passkeys/name", timeout=60).url == origin + "/passkeys/name"


def test_ml_dsa_is_off_unless_it_is_asked_for(workplace):
    _, ctap = connect(workplace)
    assert [entry["alg"] for entry in ctap.info.algorithms] == [-7, -8, -35, -36, -47, -257]
