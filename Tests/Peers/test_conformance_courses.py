"""Checks of docs/conformance.md that take several requests: registrations and logins, extensions, reset, large blobs."""

from __future__ import annotations

import os

import pytest
from conformance_key import (
    ABSENT, BLOBS, DIGEST, GET, INFO, MAKE, MISSING, NEXT, NO_CREDENTIALS, OK, PIN_CODE, PROTOCOLS, RP_ID,
    Permission, allow, checks, get, make, running,
)
from fido2.ctap2 import ClientPin
from fido2.utils import sha256

EP_RP = {"id": "enterprisetest.certinfra.fidoalliance.org", "name": "Test"}


@pytest.fixture(scope="module")
def running_key():
    with running() as key:
        yield key


@pytest.fixture
def key(running_key):
    """A key without PIN or credentials."""
    running_key.reset()
    return running_key


@checks("38, 39, 119, 181, 284")
def test_information(key):
    info = key.info()
    assert info[1][-1] == "FIDO_2_3" and len(info[3]) == 16
    assert all(isinstance(extension, str) for extension in info[2])
    assert all(isinstance(option, bool) for option in info[4].values()) and "ep" not in info[4]
    assert info[6] and all(isinstance(number, int) for number in info[6])
    assert len({str(algorithm) for algorithm in info[10]}) == len(info[10]) > 0
    for member in (5, 7, 8, 11, 13, 15):
        assert isinstance(info[member], int) and info[member] > 0
    assert info[15] >= 32 and info[11] >= 1024


@checks("81, 82, 83, 85, 86")
def test_answer_to_a_registration(key):
    _, data, reply = key.made()
    assert reply[1] == "packed" and len(reply[2]) >= 32 + 1 + 4 + 16 + 2 + 16 + 77
    assert data.rp_id_hash == sha256(RP_ID.encode()) and data.flags == 0x41 and data.extensions is None
    assert data.credential_data.aaguid == key.info()[3]
    public_key = data.credential_data.public_key
    assert set(public_key) == {1, 3, -1, -2, -3} and (public_key[1], public_key[3], public_key[-1]) == (2, -7, 1)
    assert len(public_key[-2]) == len(public_key[-3]) == 32
    assert reply[3]["alg"] == -7 and "x5c" not in reply[3]
    public_key.verify(reply[2] + DIGEST, reply[3]["sig"])
    assert 6 not in reply


@checks("79, 95, 104, 105, 106, 107, 108")
def test_answer_to_a_login(key):
    credential, made, _ = key.made(_7={"up": True})
    assert made.flags & 1
    counters = []
    for _ in range(3):
        data, reply = key.got(_3=allow(credential), _5={"up": True})
        assert reply[1] == {"type": "public-key", "id": credential} and 8 not in reply
        assert len(reply[2]) == 37 and data.rp_id_hash == sha256(RP_ID.encode()) and data.flags == 1
        made.credential_data.public_key.verify(reply[2] + DIGEST, reply[3])
        counters.append(data.counter)
    assert counters[0] < counters[1] < counters[2]


@checks("109")
def test_reset(key):
    credential, *_ = key.made()
    key.got(_3=allow(credential))
    key.reset()
    assert key.status(get(_3=allow(credential))) == NO_CREDENTIALS


def user(number: int) -> dict:
    return {"id": b"user %d" % number, "name": f"name {number}", "displayName": f"Name {number}"}


@checks("110, 111")
def test_three_discoverable_ones_without_verification(key):
    for number in range(3):
        key.made(_3=user(number), _7={"rk": True})
    _, reply = key.got()
    assert reply[5] == 3 and reply[4] == {"id": b"user 2"}
    for number in (1, 0):
        reply = key.ok((NEXT, None))
        assert 5 not in reply and reply[4] == {"id": b"user %d" % number}


@checks("112")
def test_two_discoverable_ones_with_verification(key):
    key.pin.set_pin(PIN_CODE)
    for number in range(2):
        key.made(_3=user(number), _7={"rk": True}, **key.proof(key.token(Permission.MAKE_CREDENTIAL), MAKE))
    _, reply = key.got(**key.proof(key.token(Permission.GET_ASSERTION), GET))
    assert reply[5] == 2 and reply[4] == user(1)
    assert key.ok((NEXT, None))[4] == user(0)


@checks("115")
def test_a_discoverable_one_made_anew(key):
    first, second = (key.made(_7={"rk": True}) for _ in range(2))
    assert first[0] != second[0]
    assert first[1].credential_data.public_key != second[1].credential_data.public_key
    assert 5 not in key.got()[1]


# Extensions. The account has the same checks of hmac-secret four times, for different requirements; here they are run
# with both protocols.


class Secrets:
    """hmac-secret with a protocol of PIN/UV."""

    def __init__(self, key, number: int):
        self.key, self.protocol = key, PROTOCOLS[number]()
        key.protocol = self.protocol

    def input(self, salts: bytes) -> dict:
        agreed, self.secret = ClientPin(self.key.ctap, self.protocol)._get_shared_secret()
        encrypted = self.protocol.encrypt(self.secret, salts)
        proof = self.protocol.authenticate(self.secret, encrypted)
        return {1: agreed, 2: encrypted, 3: proof, 4: self.protocol.VERSION}

    def made(self, salts: bytes, **more) -> tuple[bytes, bytes]:
        """The credential's ID, and what its registration yields."""
        extensions = {"hmac-secret": True, "hmac-secret-mc": self.input(salts)}
        credential, data, _ = self.key.made(_6=extensions, **more)
        assert data.extensions["hmac-secret"] is True
        return credential, self.protocol.decrypt(self.secret, data.extensions["hmac-secret-mc"])

    def got(self, credential: bytes, salts: bytes, is_verified: bool = False) -> bytes:
        more = self.key.proof(self.key.token(Permission.GET_ASSERTION), GET) if is_verified else {}
        data, _ = self.key.got(_3=allow(credential), _4={"hmac-secret": self.input(salts)}, **more)
        return self.protocol.decrypt(self.secret, data.extensions["hmac-secret"])


@pytest.fixture(params=[1, 2])
def hmac(key, request):
    yield Secrets(key, request.param)
    key.protocol = PROTOCOLS[2]()


ONE, OTHER = b"a" * 32, b"b" * 32


@checks("125, 126, 131, 132, 137, 138, 143, 144")
def test_secrets(key, hmac):
    credential, data, _ = key.made(_6={"hmac-secret": True})
    assert data.extensions == {"hmac-secret": True}
    first, both = hmac.got(credential, ONE), hmac.got(credential, ONE + OTHER)
    assert len(first) == 32 and both[:32] == first and both[32:] != first and len(both) == 64


@checks("127, 133, 139, 145, 149, 151, 156, 158, 163, 165, 170, 172")
def test_secrets_of_whoever_is_verified(key, hmac):
    credential, at_registration = hmac.made(ONE + OTHER)
    unverified = hmac.got(credential, ONE + OTHER)
    assert at_registration == unverified
    key.pin.set_pin(PIN_CODE)
    verified = hmac.got(credential, ONE + OTHER, is_verified=True)
    assert not {verified[:32], verified[32:]} & {unverified[:32], unverified[32:]}


@checks("150, 157, 164, 171")
def test_one_secret_at_registration(key, hmac):
    credential, at_registration = hmac.made(ONE)
    assert at_registration == hmac.got(credential, ONE) and len(at_registration) == 32


@checks("129, 130, 135, 136, 141, 142, 147, 148, 152, 154, 155, 159, 161, 162, 166, 168, 169, 173, 175, 176")
def test_wrong_salts(key, hmac):
    credential, *_ = key.made(_6={"hmac-secret": True})
    assert key.status(get(_3=allow(credential), _4={"hmac-secret": hmac.input(ONE)})) == OK
    for salts in (b"a" * 16, ONE + b"b" * 16):
        assert key.status(get(_3=allow(credential), _4={"hmac-secret": hmac.input(salts)})) != OK
        assert key.status(make(_6={"hmac-secret": True, "hmac-secret-mc": hmac.input(salts)})) != OK
    assert key.status(make(_6={"hmac-secret-mc": hmac.input(ONE)})) == MISSING


@pytest.mark.parametrize(("level", "by_id", "by_name"), [(1, True, True), (2, True, False), (3, False, False)])
@checks("177, 178, 179, 180")
def test_credential_protection(key, level, by_id, by_name):
    credential, data, _ = key.made(_6={"credProtect": level}, _7={"rk": True})
    assert data.extensions == {"credProtect": level}
    assert key.status(get(_3=allow(credential), _5={"up": False})) == (OK if by_id else NO_CREDENTIALS)
    assert key.status(get(_5={"up": False})) == (OK if by_name else NO_CREDENTIALS)
    key.pin.set_pin(PIN_CODE)
    assert key.manager().enumerate_creds(sha256(RP_ID.encode()))[0][10] == level


@checks("182, 183")
def test_credential_blob(key):
    value = os.urandom(32)
    for given, expected in (({"credBlob": value}, value), (ABSENT, b"")):
        key.made(_6=given, _7={"rk": True})
        assert key.got(_4={"credBlob": True})[0].extensions == {"credBlob": expected}


@checks("196, 197")
def test_large_blob_key(key):
    credential, _, first = key.made(_6={"largeBlobKey": True}, _7={"rk": True})
    _, _, second = key.made(_3=user(2), _6={"largeBlobKey": True}, _7={"rk": True})
    assert len(first[5]) == len(second[5]) == 32 and first[5] != second[5]
    assert key.got(_3=allow(credential), _4={"largeBlobKey": True})[1][7] == first[5]


@checks("206, 207, 208, 209")
def test_payments_and_methods(key):
    for extensions, options, expected in (
        ({"thirdPartyPayment": True}, {"rk": True}, True), ({"thirdPartyPayment": True}, ABSENT, True),
        (ABSENT, ABSENT, False),
    ):
        credential, *_ = key.made(_6=extensions, _7=options)
        assert key.got(_3=allow(credential), _4={"thirdPartyPayment": True})[0].extensions == {
            "thirdPartyPayment": expected}
    assert key.made(_6={"uvm": True})[1].extensions["uvm"]


@checks("285, 286, 287")
def test_large_blobs(key):
    empty = bytes.fromhex("8076be8b528d0075f7aae98d6fa57a6d3c")
    assert key.ok((BLOBS, {1: 0, 3: 0}))[1] == b""
    assert key.ok((BLOBS, {1: 900, 3: 0}))[1] == empty
    data = os.urandom(700)
    whole = data + sha256(data)[:16]
    key.ok((BLOBS, {2: whole, 3: 0, 4: len(whole)}))
    assert key.ok((BLOBS, {1: 900, 3: 0}))[1] == whole
    assert key.ok((BLOBS, {1: 100, 3: 50}))[1] == whole[50:150]


@checks("184, 185, 186, 187, 188, 189")
def test_large_blob_extension():
    with running("--large-blob", "extension") as key:
        assert "largeBlob" in key.info()[2]

        def output(credential, **operation):
            listed = {"_3": allow(credential)} if credential else {}
            return key.ok(get(_4={"largeBlob": operation}, **listed))[8]["largeBlob"]

        for support in ("preferred", "required"):
            credential, _, reply = key.made(_6={"largeBlob": {"support": support}}, _7={"rk": True})
            assert reply[6] == {"largeBlob": {"supported": True}}
        assert output(credential, write=b"xyz", originalSize=10) == {"written": True}
        assert output(credential, read=True) == {"blob": b"xyz", "originalSize": 10}
        assert output(None, write=b"xyz", originalSize=10) == {"written": False}
        other, *_ = key.made(_3=user(2), _7={"rk": True})
        assert output(other, write=b"xyz", originalSize=10) == {"written": False}


@checks("116, 117, 124, 270")
def test_enterprise_attestation():
    with running("--enterprise", EP_RP["id"]) as key:
        assert key.info()[4]["ep"] is False
        assert key.configure(1) == OK and key.info()[4]["ep"] is True
        reply = key.ok(make(_2=EP_RP, _10=1))
        assert reply[1] == "packed" and reply[4] is True and len(reply[3]["x5c"]) == 1
        assert not key.ok(make(_10=1)).get(4)
        assert key.ok((INFO, None))[4]["ep"] is True
