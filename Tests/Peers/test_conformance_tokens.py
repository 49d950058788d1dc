"""Checks of docs/conformance.md that take several requests: PINs, tokens, credential management, settings, fingers."""

from __future__ import annotations

import pytest
from conformance_key import (
    BIO, GET, INVALID_OPTION, MAKE, NO_CREDENTIALS, OK, PIN, PIN_AUTH_BLOCKED, PIN_AUTH_INVALID, PIN_BLOCKED, PIN_CODE,
    PIN_INVALID, PIN_POLICY, PROTOCOLS, RP_ID, Permission, allow, checks, get, running, status_of,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fido2 import cbor
from fido2.ctap2 import Config, CredentialManagement, LargeBlobs
from fido2.utils import sha256

USER = {"id": b"1", "name": "mina", "displayName": "Mina"}
#: One that is good enough for the policy.
STRONG_PIN = "a1b2c3"
PERSISTENT = 0x40


@pytest.fixture(scope="module")
def running_key():
    with running() as key:
        yield key


@pytest.fixture
def key(running_key):
    """A key without PIN or credentials."""
    running_key.power_cycle()
    running_key.reset()
    return running_key


@pytest.fixture(params=[1, 2])
def either(key, request):
    """The same with one of the protocols of PIN/UV."""
    key.protocol = PROTOCOLS[request.param]()
    yield key
    key.protocol = PROTOCOLS[2]()


# PINs, by both protocols.


@checks("210, 223, 227, 254")
def test_key_agreement_and_retries(either):
    number = either.protocol.VERSION
    agreed = either.ok((PIN, {1: number, 2: 2}))[1]
    assert set(agreed) == {1, 3, -1, -2, -3} and (agreed[1], agreed[3], agreed[-1]) == (2, -25, 1)
    assert len(agreed[-2]) == len(agreed[-3]) == 32
    either.pin.set_pin(PIN_CODE)
    assert either.ok((PIN, {1: number, 2: 1}))[3] == 8


def set_raw_pin(key, padded: bytes) -> int:
    """Sets a PIN of which python-fido2 would say that it is none."""
    agreed, secret = key.pin._get_shared_secret()
    encrypted = key.protocol.encrypt(secret, padded)
    members = {1: key.protocol.VERSION, 2: 3, 3: agreed, 4: key.protocol.authenticate(secret, encrypted), 5: encrypted}
    return key.status((PIN, members))


@checks("218, 219, 220, 221, 222, 249, 250, 251, 252, 253")
def test_lengths_of_pins(either):
    assert either.info()[0x1D] == 63
    assert set_raw_pin(either, b"123".ljust(64, b"\0")) == PIN_POLICY
    assert set_raw_pin(either, b"1" * 64) == PIN_POLICY
    assert set_raw_pin(either, b"1" * 80) != OK
    assert set_raw_pin(either, b"1" * 63 + b"\0") == OK


@checks("211, 212, 213, 214, 215, 228, 229, 232, 233, 234, 240, 241, 242")
def test_life_of_a_pin(either):
    either.pin.set_pin(PIN_CODE)
    either.pin.change_pin(PIN_CODE, "abcdef")
    assert status_of(either.pin.get_pin_token, PIN_CODE) == PIN_INVALID
    for permissions in ((None, None), (Permission.MAKE_CREDENTIAL, Permission.GET_ASSERTION)):
        proof = either.proof(either.token(permissions[0], "abcdef"), MAKE)
        assert either.made(_7={"rk": True}, **proof)[1].flags & 4
        data, reply = either.got(**either.proof(either.token(permissions[1], "abcdef"), GET))
        assert data.flags & 4 and reply[4] == USER


@checks("216, 217, 230, 239, 244, 274")
def test_a_pin_that_must_be_changed(either):
    either.pin.set_pin(PIN_CODE)
    either.config().set_min_pin_length(force_change_pin=True)
    assert either.info()[12] is True
    assert status_of(either.token) == PIN_INVALID
    assert status_of(either.token, Permission.CREDENTIAL_MGMT) == PIN_POLICY
    either.pin.change_pin(PIN_CODE, "abcdef")
    assert either.info()[12] is False
    assert either.token(None, "abcdef") and either.token(Permission.CREDENTIAL_MGMT, "abcdef")


@checks("224, 225, 256, 257")
def test_wrong_pins(either):
    either.pin.set_pin(PIN_CODE)
    for _ in range(2):
        assert status_of(either.pin.get_pin_token, "wrong") == PIN_INVALID
    assert either.pin.get_pin_retries()[0] == 6
    either.made(**either.proof(either.token(), MAKE))
    assert either.pin.get_pin_retries()[0] == 8
    statuses = [status_of(either.pin.get_pin_token, "wrong") for _ in range(3)]
    assert statuses == [PIN_INVALID, PIN_INVALID, PIN_AUTH_BLOCKED]


@checks("226, 258")
def test_a_pin_that_is_blocked_for_good(either):
    either.pin.set_pin(PIN_CODE)
    for attempt in range(1, 9):
        status = status_of(either.pin.get_pin_token, "wrong")
        if attempt % 3 == 0:
            either.power_cycle()
    assert status == PIN_BLOCKED and either.pin.get_pin_retries()[0] == 0
    assert status_of(either.pin.get_pin_token, PIN_CODE) == PIN_BLOCKED


# Permissions.


@checks("235, 237, 238, 243")
def test_tokens_without_the_permission(key):
    key.pin.set_pin(PIN_CODE)
    for permission, command in (
        (Permission.LARGE_BLOB_WRITE, lambda token: CredentialManagement(key.ctap, key.protocol, token).get_metadata()),
        (Permission.CREDENTIAL_MGMT, lambda token: LargeBlobs(key.ctap, key.protocol, token).write_blob_array([])),
        (Permission.CREDENTIAL_MGMT, lambda token: Config(key.ctap, key.protocol, token).toggle_always_uv()),
    ):
        assert status_of(command, key.token(permission)) == PIN_AUTH_INVALID
    assert len(key.token(PERSISTENT)) == 32


@checks("231, 262, 263, 264, 267")
def test_a_persistent_token(key):
    for site in (RP_ID, "other.example"):
        key.made(_2={"id": site}, _7={"rk": True})
    key.pin.set_pin(PIN_CODE)
    reader = key.manager(PERSISTENT)
    assert reader.get_metadata()[1] == 2
    assert {party[3]["id"] for party in reader.enumerate_rps()} == {RP_ID, "other.example"}
    assert len(reader.enumerate_creds(sha256(RP_ID.encode()))) == 1
    key.pin.change_pin(PIN_CODE, "abcdef")
    assert status_of(reader.get_metadata) == PIN_AUTH_INVALID


# Credential management.


@checks("259, 260, 261, 265, 266")
def test_enumerations(key):
    made = {}
    for number in (1, 2):
        made[number] = key.made(_3=USER | {"id": b"%d" % number}, _6={"largeBlobKey": True}, _7={"rk": True})
    key.pin.set_pin(PIN_CODE)
    assert key.manager().get_metadata()[1] == 2 and key.manager().get_metadata()[2] > 1
    token = key.token(Permission.MAKE_CREDENTIAL, site="other.example")
    key.made(_2={"id": "other.example"}, _7={"rk": True}, **key.proof(token, MAKE))
    assert key.manager().get_metadata()[1] == 3
    manager = key.manager()
    first, second = manager.enumerate_rps_begin(), manager.enumerate_rps_next()
    assert first[5] == 2 and 5 not in second
    assert {party[3]["id"] for party in (first, second)} == {RP_ID, "other.example"}
    assert all(party[4] == sha256(party[3]["id"].encode()) for party in (first, second))
    manager = key.manager()
    first, second = manager.enumerate_creds_begin(sha256(RP_ID.encode())), manager.enumerate_creds_next()
    assert first[9] == 2 and 9 not in second
    for found in (first, second):
        credential, data, reply = made[int(found[6]["id"])]
        assert found[7] == {"type": "public-key", "id": credential} and found[8] == data.credential_data.public_key
        assert found[10] in (1, 2, 3) and found[11] == reply[5] and isinstance(found[12], bool)


def opened(key, token: bytes, member: int) -> bytes:
    """A member of getInfo that only the persistent token opens."""
    name = {0x19: b"encIdentifier", 0x1E: b"encCredStoreState"}[member]
    value = key.info()[member]
    secret = HKDF(hashes.SHA256(), 16, bytes(32), name).derive(token)
    decryptor = Cipher(algorithms.AES(secret), modes.CBC(value[:16])).decryptor()
    return decryptor.update(value[16:]) + decryptor.finalize()


@checks("41, 42, 114, 268, 269")
def test_what_only_a_token_opens(key):
    key.pin.set_pin(PIN_CODE)
    token = key.token(PERSISTENT)

    def state() -> bytes:
        return opened(key, token, 0x1E)

    for member in (0x19, 0x1E):
        assert opened(key, token, member) == opened(key, token, member)
        assert key.info()[member][:16] != key.info()[member][:16]
    states = [state()]
    credential, *_ = key.made(_7={"rk": True}, **key.proof(key.token(Permission.MAKE_CREDENTIAL), MAKE))
    states.append(state())
    key.manager().update_user_info(allow(credential)[0], {"id": b"1", "name": "new"})
    states.append(state())
    assert key.manager().enumerate_creds(sha256(RP_ID.encode()))[0][6] == {"id": b"1", "name": "new"}
    key.manager().delete_cred(allow(credential)[0])
    states.append(state())
    assert len(set(states)) == 4
    assert key.status(get(_3=allow(credential))) == NO_CREDENTIALS
    identifier = opened(key, token, 0x19)
    key.reset()
    key.pin.set_pin(PIN_CODE)
    token = key.token(PERSISTENT)
    assert opened(key, token, 0x19) != identifier and state() not in states


# Settings.


@checks("202, 203, 204, 205")
def test_extensions_for_chosen_sites(key):
    key.pin.set_pin(PIN_CODE)
    key.config().set_min_pin_length(rp_ids=[RP_ID])
    assert key.configure(3, {4: True}) == OK
    key.pin.change_pin(PIN_CODE, STRONG_PIN)
    both = {"minPinLength": True, "pinComplexityPolicy": True}
    proof = key.proof(key.token(Permission.MAKE_CREDENTIAL, STRONG_PIN), MAKE)
    assert key.made(_6=both, **proof)[1].extensions == {"minPinLength": key.info()[13], "pinComplexityPolicy": True}
    proof = key.proof(key.token(Permission.MAKE_CREDENTIAL, STRONG_PIN, "other.example"), MAKE)
    assert not key.made(_2={"id": "other.example"}, _6=both, **proof)[1].extensions


@checks("271, 272, 273, 275, 276")
def test_settings(key):
    key.pin.set_pin(PIN_CODE)
    key.config().toggle_always_uv()
    assert key.info()[4]["alwaysUv"] is True
    key.config().toggle_always_uv()
    assert key.info()[4]["alwaysUv"] is False
    key.config().set_min_pin_length(rp_ids=[f"site{number}.example" for number in range(key.info()[16])])
    assert key.configure(4) == OK and key.info()[0x18] is True
    assert key.configure(3, {4: True}) == OK and key.info()[0x1B] is True
    key.pin.change_pin(PIN_CODE, STRONG_PIN)
    key.config(STRONG_PIN).set_min_pin_length(min_pin_length=8)
    assert key.info()[13] == 8 and key.info()[12] is True


# Fingers.


@pytest.fixture
def reader():
    """A key that knows a finger."""
    with running("--finger", "thumb") as key:
        yield key


@checks("78, 96, 236, 245, 246, 247, 248, 255")
def test_built_in_verification(reader):
    credential, data, _ = reader.made(_7={"uv": True})
    assert data.flags & 4
    assert reader.got(_3=allow(credential), _5={"uv": True})[0].flags & 4
    assert 1 <= reader.pin.get_uv_retries() <= 25
    both = Permission.MAKE_CREDENTIAL | Permission.GET_ASSERTION
    assert reader.made(**reader.proof(reader.pin.get_uv_token(both, RP_ID), MAKE))[1].flags & 4
    proof = reader.proof(reader.pin.get_uv_token(both, RP_ID), GET)
    assert reader.got(_3=allow(credential), **proof)[0].flags & 4
    assert len(reader.pin.get_uv_token(PERSISTENT)) == 32
    assert bio(reader, reader.pin.get_uv_token(Permission.CREDENTIAL_MGMT), 4)[0] == PIN_AUTH_INVALID


def bio(key, token: bytes, subcommand: int, parameters: dict | None = None) -> tuple[int, dict]:
    """authenticatorBioEnrollment with a token."""
    body = cbor.encode(parameters) if parameters else b""
    proof = key.protocol.authenticate(token, bytes([1, subcommand]) + body)
    members = {1: 1, 2: subcommand} | ({3: parameters} if parameters else {}) | {4: key.protocol.VERSION, 5: proof}
    return key.call((BIO, members))


@checks("277, 278, 279, 280, 281, 282, 283")
def test_fingers(reader):
    assert reader.ok((BIO, {6: True})) == {1: 1}
    sensor = reader.ok((BIO, {1: 1, 2: 7}))
    assert sensor[2] in (1, 2) and sensor[3] > 0 and sensor[8] > 0
    reader.pin.set_pin(PIN_CODE)
    token = reader.token(Permission.BIO_ENROLL)
    status, begun = bio(reader, token, 1)
    assert status == OK and begun[4] and begun[5] == 0 and begun[6] > 0
    assert reader.status((BIO, {1: 1, 2: 3})) == OK
    _, step = bio(reader, token, 1)
    template = step[4]
    while left := step[6]:
        status, step = bio(reader, token, 2, {1: template})
        assert status == OK and step[5] == 0 and step[6] <= left
    assert template in [finger[1] for finger in bio(reader, token, 4)[1][7]]
    assert bio(reader, token, 5, {1: template, 2: "new"})[0] == OK
    fingers = bio(reader, token, 4)[1][7]
    assert {finger[1]: finger[2] for finger in fingers}[template] == "new"
    for finger in fingers:
        assert bio(reader, token, 6, {1: finger[1]})[0] == OK
    assert bio(reader, token, 4)[0] == INVALID_OPTION
