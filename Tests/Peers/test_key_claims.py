"""What ``aikagi key`` says of itself (authenticatorGetInfo), beside what it does, asked by python-fido2 at a door: every
flavour in every profile that it has."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from conformance_key import (
    BIO, BLOBS, CONFIG, DIGEST, INFO, INVALID_OPTION, INVALID_PARAMETER, MANAGE, NEXT, NO_CREDENTIALS, OK, PIN, PIN_CODE,
    PIN_POLICY, RP_ID, UNSUPPORTED_ALGORITHM, Permission, allow, get, make, running, status_of)
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.ctap1 import ApduError, Ctap1
from fido2.ctap2 import ClientPin
from fido2.webauthn import AuthenticatorData
from key_doors import CBOR, ERROR, MSG, Door

MODELS = [
    ["--flavour", "security-key"], ["--flavour", "security-key", "--profile", "ctap21"],
    ["--flavour", "security-key", "--profile", "compat20"], ["--finger", "thumb"],
    ["--finger", "thumb", "--profile", "ctap21"], ["--flavour", "platform"], ["--flavour", "platform", "--profile", "ctap21"],
    ["--flavour", "platform", "--profile", "compat20"], ["--flavour", "phone"], ["--large-blob", "extension"],
    ["--algorithms", "ml-dsa-44,es256"],
]
INVALID_COMMAND, INVALID_LENGTH, INVALID_SUBCOMMAND, PUAT_REQUIRED, LIMIT_EXCEEDED = 0x01, 0x03, 0x3E, 0x36, 0x15
UNAUTHORIZED_PERMISSION = 0x40
PUBLIC_KEY = "public-key"
EXTENSIONS = [
    "credBlob", "credProtect", "hmac-secret", "hmac-secret-mc", "largeBlob", "largeBlobKey", "minPinLength",
    "pinComplexityPolicy", "prf", "thirdPartyPayment", "uvm",
]


@contextmanager
def claiming(arguments: list[str]):
    """A key, with what it says at first, and the option by which it verifies its user."""
    with running(*arguments) as key:
        key.first = key.info()
        key.options = key.first[4]
        key.verifying = {"uv": True} if key.options.get("uv") else {}
        yield key


@pytest.fixture(scope="module", params=MODELS, ids=" ".join)
def key(request):
    """One for all tests that leave it as it was, but for its credentials."""
    with claiming(request.param) as key:
        yield key


@pytest.fixture(params=MODELS, ids=" ".join)
def new_key(request):
    with claiming(request.param) as key:
        yield key


def registered(key, **changes):
    """A registration that is verified where that is possible."""
    options = {**key.verifying, **changes.pop("options", {})}
    return key.made(**changes, **({"_7": options} if options else {}))


def set_pin(key) -> None:
    ClientPin(key.ctap, key.protocol).set_pin(PIN_CODE)


def set_padded_pin(key, pin: bytes) -> int:
    """Sets a PIN of a length that python-fido2 would not let through."""
    agreement, secret = ClientPin(key.ctap, key.protocol)._get_shared_secret()
    block = key.protocol.encrypt(secret, pin.ljust(64, b"\0"))
    proof = key.protocol.authenticate(secret, block)
    return key.status((PIN, {1: key.protocol.VERSION, 2: 3, 3: agreement, 4: proof, 5: block}))


def test_algorithms(key):
    """Each that is listed makes credentials whose signatures verify; no other does."""
    listed = [entry["alg"] for entry in key.first[10]]
    assert all(entry["type"] == PUBLIC_KEY for entry in key.first[10]) and len(set(listed)) == len(listed)
    for number in {*listed, -7, -8, -9, -19, -35, -36, -37, -47, -48, -49, -50, -51, -52, -257, -65535}:
        algorithm = [{"type": PUBLIC_KEY, "alg": number}]
        status, reply = key.call(make(_4=algorithm, **({"_7": key.verifying} if key.verifying else {})))
        assert status == (OK if number in listed else UNSUPPORTED_ALGORITHM), number
        # python-fido2 knows no keys of ML-DSA.
        if number not in listed or number in (-48, -49):
            continue
        data = AuthenticatorData(reply[2]).credential_data
        assert data.public_key[3] == number and data.aaguid == key.first[3]
        assert len(data.credential_id) <= key.first[8]
        assertion = key.ok(get(_3=allow(data.credential_id)))
        CoseKey.for_alg(number)(data.public_key).verify(assertion[2] + DIGEST, assertion[3])


def test_extensions(key):
    """What is listed is read, so that what it cannot be is refused; what is not listed is ignored."""
    for name in EXTENSIONS:
        members = {"_6": {name: [[]]}} | ({"_7": key.verifying} if key.verifying else {})
        assert (key.status(make(**members)) == OK) == (name not in key.first[2]), name
    assert set(key.first[2]) <= set(EXTENSIONS)
    assert not {"largeBlob", "largeBlobKey"} <= set(key.first[2])


def test_commands(new_key):
    """A command is there exactly when an option says so."""
    key = new_key
    options = key.options
    commands = {
        PIN: 6 in key.first, MANAGE: options.get("credMgmt"), CONFIG: options.get("authnrCfg"),
        BLOBS: options.get("largeBlobs"), BIO: "bioEnroll" in options, 0x40: "userVerificationMgmtPreview" in options,
        0x41: options.get("credentialMgmtPreview"), 0x03: False, 0x05: False, 0x0E: False, 0x7F: False, 0xBF: False,
    }
    for command, is_there in commands.items():
        assert (key.status((command, {})) == INVALID_COMMAND) == (not is_there), hex(command)
    assert ("FIDO_2_1_PRE" in key.first[1]) == bool(options.get("credentialMgmtPreview"))
    if options.get("authnrCfg"):
        listed = key.first.get(0x1F, [2, 3])
        for number in [0, 1, 2, 3, 4, 5, 0xFF]:
            status = key.status((CONFIG, {1: number}))
            assert (status == INVALID_SUBCOMMAND) == (number not in listed), number


def test_versions(key):
    """CTAP1 is answered exactly when U2F_V2 is listed, and the capability of CTAPHID agrees."""
    has_u2f = "U2F_V2" in key.first[1]
    assert bool(key.device.capabilities & 8) == (not has_u2f)
    if has_u2f:
        assert Ctap1(key.device).get_version() == "U2F_V2"
    else:
        door = Door(key.listening)
        channel = door.open_channel()
        door.send(channel, MSG, bytes([0, 3, 0, 0, 0, 0, 0]))
        assert door.hear_answer() == (channel, ERROR, b"\x01")
        door.close()


def test_presence_and_verification(key):
    """rk, up and uv."""
    options = key.options
    identifier, data, _ = registered(key, options={"rk": True})
    assert options["rk"] and data.is_user_present() and data.is_user_verified() == bool(options.get("uv"))
    assertion, reply = key.got()
    assert reply[1]["id"] == identifier and assertion.is_user_present()
    silent, _ = key.got(_3=allow(identifier), _5={"up": False})
    assert options["up"] and not silent.is_user_present() and not silent.is_user_verified()
    status, reply = key.call(get(_3=allow(identifier), _5={"uv": True}))
    assert status == (OK if options.get("uv") else INVALID_OPTION)
    if status == OK:
        assert AuthenticatorData(reply[2]).is_user_verified()
    assert key.status(make(_7=key.verifying, _10=1)) == INVALID_PARAMETER and "ep" not in options
    assert "plat" not in options, "a key at a door is no part of the client device"
    assert key.status((NEXT, None)) != OK


def test_limits(key):
    count = key.first[7]
    entries = lambda number: [entry for index in range(number) for entry in allow(bytes([index]))]
    assert key.status(get(_3=entries(count))) == NO_CREDENTIALS
    assert key.status(get(_3=entries(count + 1))) == LIMIT_EXCEEDED
    assert key.status(make(_5=entries(count + 1))) == LIMIT_EXCEEDED
    assert key.status(get(_3=allow(bytes(key.first[8])))) == NO_CREDENTIALS
    assert key.status(get(_3=allow(bytes(key.first[8] + 1)))) == NO_CREDENTIALS
    # As much as CTAPHID can carry.
    assert key.first[5] == 7609
    door = Door(key.listening)
    channel = door.open_channel()
    door.send(channel, CBOR, bytes([INFO]) + bytes(key.first[5] - 1))
    answer = door.hear_answer()
    assert answer[:2] == (channel, CBOR) and answer[2][0] == OK
    door.write_packet((channel.to_bytes(4, "big") + bytes([CBOR]) + (key.first[5] + 1).to_bytes(2, "big")).ljust(64, b"\0"))
    assert door.hear() == (channel, ERROR, bytes([INVALID_LENGTH]))
    door.close()
    for length in (key.first.get(15), key.first.get(15, 0) + 1) if 15 in key.first else ():
        data = registered(key, options={"rk": True}, _6={"credBlob": bytes(length)})[1]
        assert data.extensions["credBlob"] == (length == key.first[15])


def test_remaining(new_key):
    """remainingDiscoverableCredentials counts what is discoverable, and nothing else; a reset is possible at a door."""
    key = new_key
    if 20 not in key.first:
        return
    registered(key)
    assert key.info()[20] == key.first[20]
    for number in (1, 2, 2):
        registered(key, options={"rk": True}, _3={"id": bytes([number])})
        assert key.info()[20] == key.first[20] - number
    key.reset()
    assert key.info()[20] == key.first[20]


def test_attestation(key):
    """attestationFormats: each can be had, and the first is its habit; where it is absent that is packed."""
    formats = key.first.get(22, ["none"] if "prf" in key.first[2] else ["packed"])
    assert registered(key)[2][1] == formats[0]
    for wanted in formats:
        assert registered(key, _11=["unknown", wanted])[2][1] == wanted
    reply = registered(key, _11=["none"])[2]
    assert reply[1] == "none" and 3 not in reply


def test_protocols(key):
    for number in range(4):
        status = key.status((PIN, {1: number, 2: 2}))
        assert status == (
            OK if number in key.first.get(6, []) else INVALID_PARAMETER if 6 in key.first else INVALID_COMMAND)


def test_pin(new_key):
    """clientPin, minPINLength, maxPINLength, pinUvAuthToken, makeCredUvNotRqd."""
    key = new_key
    if "clientPin" not in key.options:
        return
    shortest, longest = key.first.get(13, 4), key.first.get(29, 63)
    for length in (shortest - 1, longest + 1):
        assert set_padded_pin(key, b"1" * length) == PIN_POLICY
        assert key.info()[4]["clientPin"] is False
    assert set_padded_pin(key, b"1" * longest) == OK
    assert key.info()[4]["clientPin"] is True
    pin = ClientPin(key.ctap, key.protocol)
    pin.change_pin("1" * longest, "2" * shortest)
    pin.change_pin("2" * shortest, PIN_CODE)
    expected = OK if key.options.get("makeCredUvNotRqd") else PUAT_REQUIRED
    assert key.status(make()) == expected
    assert key.status(make(_7={"rk": True})) == PUAT_REQUIRED
    granted = {
        Permission.MAKE_CREDENTIAL: True, Permission.GET_ASSERTION: True,
        Permission.CREDENTIAL_MGMT: key.options.get("credMgmt"), Permission.BIO_ENROLL: "bioEnroll" in key.options,
        Permission.LARGE_BLOB_WRITE: key.options.get("largeBlobs"),
        Permission.AUTHENTICATOR_CFG: key.options.get("authnrCfg"), 0x40: key.options.get("perCredMgmtRO"),
    }
    for permission, is_granted in granted.items():
        # python-fido2 asks only a key for permissions that says it has tokens.
        if key.options.get("pinUvAuthToken"):
            status = status_of(pin.get_pin_token, PIN_CODE, permission, RP_ID)
            assert status == (OK if is_granted else UNAUTHORIZED_PERMISSION), permission
    if not key.options.get("pinUvAuthToken"):
        assert key.status((PIN, {1: 2, 2: 9})) == INVALID_SUBCOMMAND


def test_always_uv(new_key):
    """alwaysUv, once it is switched on: who is not verified is refused, CTAP1 is gone, and nothing is waived."""
    key = new_key
    if "alwaysUv" not in key.options:
        return
    assert key.options["alwaysUv"] is False
    set_pin(key)
    assert key.configure(2) == OK
    info = key.info()
    assert info[4]["alwaysUv"] is True and info[4].get("makeCredUvNotRqd") in (None, False)
    assert ("makeCredUvNotRqd" in info[4]) == ("makeCredUvNotRqd" in key.options)
    assert "U2F_V2" not in info[1]
    if "U2F_V2" in key.first[1]:
        with pytest.raises(ApduError):
            Ctap1(key.device).get_version()
    # The reader verifies whoever does not ask for it.
    expected = OK if info[4].get("uv") else PUAT_REQUIRED
    assert key.status(make()) == expected
    assert key.configure(2) == OK
    assert key.info()[4]["alwaysUv"] is False


def test_settings(new_key):
    """minPINLength and forcePINChange follow setMinPINLength; maxRPIDsForSetMinPINLength is how many it takes."""
    key = new_key
    if not key.options.get("setMinPINLength"):
        assert 16 not in key.first
        return
    set_pin(key)
    assert key.first[12] is False
    for count, status in ((key.first[16], OK), (key.first[16] + 1, 0x28)):
        assert key.configure(3, {2: [str(number) for number in range(count)]}) == status
    assert key.configure(3, {1: 6}) == OK
    assert key.info()[13] == 6 and key.info()[12] is True


def test_encrypted_members(key):
    """encIdentifier and encCredStoreState are there with perCredMgmtRO, another ciphertext each time."""
    for member in (0x19, 0x1E):
        assert (member in key.first) == bool(key.options.get("perCredMgmtRO"))
        if member in key.first:
            assert len(key.first[member]) == 32 and key.info()[member] != key.first[member]


def test_members(key):
    """The answer is canonical, and says nothing that its profile does not know."""
    raw = key.device.call(0x10, bytes([INFO]))
    assert raw[0] == OK and cbor.encode(cbor.decode(raw[1:])) == raw[1:]
    newest = 0x1F if "FIDO_2_3" in key.first[1] else 0x15
    assert set(key.first) <= set(range(1, newest + 1))
    assert all(isinstance(value, bool) for value in key.options.values())
    assert (12 in key.first) == (13 in key.first) == bool(key.options.get("setMinPINLength"))
    assert key.first.get(0x1A, ["usb"]) == ["usb"]
