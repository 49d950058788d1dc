"""Every algorithm that ``aikagi key`` can be told to offer: pyca/cryptography verifies what it signs, through python-fido2."""

from __future__ import annotations

import os

import pytest
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from key_doors import device

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


def test_ml_dsa_is_off_unless_it_is_asked_for(workplace):
    _, ctap = connect(workplace)
    assert [entry["alg"] for entry in ctap.info.algorithms] == [-7, -8, -35, -36, -47, -257]
