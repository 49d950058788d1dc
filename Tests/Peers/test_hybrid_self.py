"""The Python model against the published vectors, and the two Python roles against each other."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from websockets.exceptions import InvalidStatus

import hybrid_peer as hybrid
from conftest import Task, authenticate_with_pc, register_with_pc
from hybrid_peer import PC, Phone, SoftwareAuthenticator, Surroundings
from tunnel_server import TunnelServer, parse_path

FIXTURE = Path(__file__).parents[2] / "Fixtures/Hybrid/hybrid.json"
VECTORS = {vector["id"]: vector for vector in json.loads(FIXTURE.read_text())["vectors"]}


def vectors(*groups: str, inputs: str | None = None):
    """The vectors of some groups, optionally only those with a certain input, as pytest parameters."""
    return [
        pytest.param(vector["inputs"], vector["outputs"], id=identifier.encode("ascii", "backslashreplace").decode())
        for identifier, vector in VECTORS.items()
        if vector["group"] in groups and (inputs is None or inputs in vector["inputs"])
    ]


def private(scalar: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int(scalar, 16), hybrid.CURVE)


# QR code


@pytest.mark.parametrize("given, expected", vectors("digits"))
def test_digits(given, expected):
    if "error" in expected:
        with pytest.raises(hybrid.QRError) as caught:
            hybrid.decode_digits(given["digits"])
        assert caught.value.reason == expected["error"]
    else:
        data = bytes.fromhex(given["bytes"])
        assert hybrid.encode_digits(data) == expected["digits"]
        assert hybrid.decode_digits(expected["digits"]) == data


def _printable(value):
    """The vectors' notation for decoded CBOR."""
    return f"h'{value.hex()}'" if isinstance(value, bytes) else value


@pytest.mark.parametrize("given, expected", vectors("qr"))
def test_qr(given, expected):
    url = given.get("url") or expected["url"]
    if "error" in expected:
        with pytest.raises(hybrid.QRError) as caught:
            hybrid.parse_qr(url)
        assert caught.value.reason.split(":")[0] == expected["error"].split(":")[0]
        return
    if expected.get("valid") is False:
        with pytest.raises(hybrid.QRError):
            hybrid.parse_qr(url)
        return
    qr = hybrid.parse_qr(url)
    encoded = bytes.fromhex(given.get("cbor") or expected["cbor"])
    assert "FIDO:/" + hybrid.encode_digits(encoded) == url
    assert cbor.encode(qr.items) == encoded
    if "decoded" in expected:
        assert {str(key): _printable(value) for key, value in qr.items.items()} == expected["decoded"]
    if "parsed" in expected:
        assert qr.known_domains == expected["parsed"]["known"]
        assert qr.supports_linking == expected["parsed"]["linking"]
        assert qr.hint == expected["parsed"]["rt"]


# Key schedule and domains


@pytest.mark.parametrize("given, expected", vectors("kdf", inputs="purpose"))
def test_derive(given, expected):
    secret, salt = bytes.fromhex(given["secret"]), bytes.fromhex(given["salt"])
    okm = bytes.fromhex(expected["okm"])
    assert hybrid.derive(secret, salt, given["purpose"], len(okm)) == okm


def test_derive_all_purposes():
    vector = VECTORS["derive-all-purposes"]
    secret = bytes.fromhex(vector["inputs"]["secret"])
    derived = {
        "eid_key": hybrid.derive(secret, b"", hybrid.EID_KEY, 64),
        "tunnel_id": hybrid.derive(secret, b"", hybrid.TUNNEL_ID, 16),
        "paired_secret_from_no_salt": hybrid.derive(secret, b"", hybrid.PAIRED_SECRET, 32),
        "identity_seed": hybrid.derive(secret, b"", hybrid.IDENTITY_SEED, 32),
        "per_contact_id_secret_salt_'contact'": hybrid.derive(secret, b"contact", hybrid.CONTACT_SECRET, 32),
        "psk_salt_zero_eid": hybrid.derive(secret, bytes(16), hybrid.PSK, 32),
    }
    assert {name: value.hex() for name, value in derived.items()} == vector["outputs"]


@pytest.mark.parametrize("given, expected", vectors("domain"))
def test_domain(given, expected):
    assert hybrid.domain_name(given["id"]) == expected["domain"]


# Advert


@pytest.mark.parametrize("given, expected", vectors("advert", inputs="secret"))
def test_advert(given, expected):
    secret, advert = bytes.fromhex(given["secret"]), bytes.fromhex(given["advert"])
    key = hybrid.derive(secret, b"", hybrid.EID_KEY, 64)
    assert key.hex() == expected["eid_key"]
    eid = hybrid.open_advert(key, advert)
    assert eid is not None
    assert (eid.nonce.hex(), eid.routing_id.hex(), eid.domain) == (
        expected["nonce"],
        expected["routing_id"],
        expected["domain"],
    )
    assert eid.encode().hex() == expected["plaintext"]
    assert hybrid.seal_advert(key, eid.encode()) == advert
    assert hybrid.derive(secret, b"", hybrid.TUNNEL_ID, 16).hex() == expected["tunnel_id"]
    assert hybrid.derive(secret, eid.encode(), hybrid.PSK, 32).hex() == expected["psk"]


def test_advert_of_zeros_with_suffix():
    vector = VECTORS["advert-zero-plaintext"]
    key, plaintext = bytes.fromhex(vector["inputs"]["eid_key"]), bytes.fromhex(vector["inputs"]["plaintext"])
    assert hybrid.seal_advert(key, plaintext).hex() == vector["outputs"]["advert"]
    for accepted in ("advert", "accepts_suffix"):
        eid = hybrid.open_advert(key, bytes.fromhex(vector["outputs"][accepted]))
        assert eid is not None and eid.encode() == plaintext
    for rejected in vector["outputs"]["rejects"]:
        assert hybrid.open_advert(key, bytes.fromhex(rejected)) is None


def test_eid_layout():
    vector = VECTORS["eid-layout"]
    plaintext = bytes.fromhex(vector["inputs"]["plaintext"])
    eid = hybrid.EID.decode(plaintext)
    assert eid is not None
    assert (eid.nonce.hex(), eid.routing_id.hex(), eid.domain) == tuple(
        vector["outputs"][name] for name in ("nonce", "routing_id", "domain")
    )
    assert hybrid.EID.decode(plaintext[:15] + b"\0") is None
    assert hybrid.EID.decode(b"\1" + plaintext[1:]) is None
    assert hybrid.EID.decode(plaintext[:15]) is None


def test_advertising_data():
    vector = VECTORS["ad-structures"]
    for size in ("20", "24"):
        data = bytes.fromhex(vector["inputs"]["advert" + size])
        assert hybrid.advertising_data(data).hex() == vector["outputs"]["ad" + size]
        assert hybrid.service_data(bytes.fromhex("020106") + hybrid.advertising_data(data)) == data
        assert hybrid.service_data(hybrid.advertising_data(data, hybrid.LEGACY_SERVICE_UUID)) == data
        assert hybrid.service_data(hybrid.advertising_data(data, 0xFCF1)) is None


@pytest.mark.parametrize("given, expected", vectors("advert-suffix"))
def test_suffix(given, expected):
    suffix = bytes.fromhex(given["suffix"])
    if "error" in expected:
        with pytest.raises(hybrid.ProtocolError):
            hybrid.parse_suffix(suffix)
    else:
        assert hybrid.parse_suffix(suffix) == expected["psm"]


def test_captured_advert_with_suffix():
    vector = VECTORS["advert-pixel8-24byte"]
    data = bytes.fromhex(vector["inputs"]["service_data"])
    assert data[:20].hex() == vector["outputs"]["eid_part"]
    assert hybrid.parse_suffix(data[20:]) == vector["outputs"]["suffix_decoded"]["1"]


# Handshake


def test_handshake_of_a_captured_session():
    vector = VECTORS["knpsk0-ios-session"]
    given, expected = vector["inputs"], vector["outputs"]
    psk = hybrid.derive(bytes.fromhex(given["qr_secret"]), bytes.fromhex(given["eid_plaintext"]), hybrid.PSK, 32)
    assert psk.hex() == given["psk"]
    initiator = hybrid.Initiator(
        psk, identity=private(given["client_identity_priv"]), ephemeral=private(given["client_ephemeral_priv"])
    )
    assert initiator.message1.hex() == expected["msg1"]
    keys = initiator.finish(bytes.fromhex(given["msg2"]))
    assert keys.pc_to_phone.hex() == expected["i2r_key"]
    assert keys.phone_to_pc.hex() == expected["r2i_key"]
    assert keys.handshake_hash.hex() == expected["handshake_hash"]


@pytest.mark.parametrize("name", ["knpsk0-generated", "nkpsk0-generated"])
def test_handshake_of_both_roles(name):
    vector = VECTORS[name]
    given, expected = vector["inputs"], vector["outputs"]
    mine, theirs = private(given["client_ephemeral_priv"]), private(given["authenticator_ephemeral_priv"])
    if name.startswith("kn"):
        psk, identity = bytes.fromhex(given["psk"]), private(given["client_identity_priv"])
        initiator = hybrid.Initiator(psk, identity=identity, ephemeral=mine)
        message2, phone_keys = hybrid.respond(
            initiator.message1, psk, pc_identity=identity.public_key(), ephemeral=theirs
        )
    else:
        link, nonce = bytes.fromhex(given["link_secret"]), bytes.fromhex(given["client_nonce"])
        eid_key = hybrid.derive(link, nonce, hybrid.EID_KEY, 64)
        assert eid_key.hex() == expected["eid_key"]
        plaintext = bytes.fromhex(given["eid_plaintext"])
        assert hybrid.seal_advert(eid_key, plaintext).hex() == expected["advert"]
        psk, identity = hybrid.derive(link, plaintext, hybrid.PSK, 32), private(given["authenticator_identity_priv"])
        assert psk.hex() == expected["psk"]
        initiator = hybrid.Initiator(psk, phone_identity=identity.public_key(), ephemeral=mine)
        message2, phone_keys = hybrid.respond(initiator.message1, psk, identity=identity, ephemeral=theirs)
    assert initiator.message1.hex() == expected["msg1"]
    assert message2.hex() == expected["msg2"]
    keys = initiator.finish(message2)
    assert keys == phone_keys
    assert (keys.pc_to_phone.hex(), keys.phone_to_pc.hex(), keys.handshake_hash.hex()) == (
        expected["i2r_key"],
        expected["r2i_key"],
        expected["handshake_hash"],
    )
    if "shutdown_i2r_seq0" in expected:
        encryptor = hybrid.Encryptor(keys.pc_to_phone)
        assert encryptor.seal(b"\x00").hex() == expected["shutdown_i2r_seq0"]
        assert encryptor.seal(b"\x01\x04").hex() == expected["getinfo_i2r_seq1"]


# Messages


@pytest.mark.parametrize("given, expected", vectors("padding", inputs="padded") + vectors("padding", inputs="message"))
def test_padding(given, expected):
    if "message" in given:
        message = bytes.fromhex(given["message"])
        assert hybrid.pad(message).hex() == expected["padded"]
        assert hybrid.unpad(hybrid.pad(message)) == message
    elif expected["message"] is None:
        with pytest.raises(hybrid.ProtocolError):
            hybrid.unpad(bytes.fromhex(given["padded"]))
    else:
        assert hybrid.unpad(bytes.fromhex(given["padded"])).hex() == expected["message"]


def test_captured_post_handshake():
    vector = VECTORS["posthandshake-ios-2026"]
    opened = hybrid.Encryptor(bytes.fromhex(vector["inputs"]["key"])).open(bytes.fromhex(vector["inputs"]["ciphertext"]))
    assert opened.hex() == vector["outputs"]["message"]
    info, features = hybrid.parse_post_handshake(opened)
    assert {str(key): _printable(value) for key, value in info.items()} == vector["outputs"]["get_info"]
    assert features == ["ctap", "dc"]


def test_post_handshake_without_features():
    vector = VECTORS["posthandshake-ios16"]
    info, features = hybrid.parse_post_handshake(bytes.fromhex(vector["inputs"]["message"]))
    assert {str(key): _printable(value) for key, value in info.items()} == vector["outputs"]["get_info"]
    assert features == ["ctap"]


def test_captured_request_and_response():
    request, response = VECTORS["ga-request-ios"], VECTORS["ga-response-ios"]
    sealed = hybrid.Encryptor(bytes.fromhex(request["inputs"]["key"])).seal(bytes.fromhex(request["inputs"]["message"]))
    assert sealed.hex() == request["outputs"]["ciphertext"]
    opener = hybrid.Encryptor(bytes.fromhex(response["inputs"]["key"]), response["inputs"]["seq"])
    message = opener.open(bytes.fromhex(response["inputs"]["ciphertext"]))
    assert message.hex() == response["outputs"]["message"]
    assert message[:2] == b"\x01\x00"
    hybrid.canonical_map(message[2:])


def test_linking_update():
    vector, session = VECTORS["update-linking-generated"], VECTORS["knpsk0-generated"]
    link_identity = private(vector["inputs"]["authenticator_link_identity_priv"])
    client = private(session["inputs"]["client_identity_priv"])
    digest = bytes.fromhex(session["outputs"]["handshake_hash"])
    for mine, theirs in ((link_identity, client), (client, link_identity)):
        assert hybrid.linking_signature(mine, theirs.public_key(), digest).hex() == vector["outputs"]["signature"]
    key = bytes.fromhex(session["outputs"]["r2i_key"])
    for message, ciphertext in (("message", "ciphertext"), ("message_padded_with_key0", "ciphertext_padded")):
        sealed = hybrid.Encryptor(key, vector["inputs"]["r2i_seq"]).seal(bytes.fromhex(vector["outputs"][message]))
        assert sealed.hex() == vector["outputs"][ciphertext]
    assert len(sealed) == vector["outputs"]["ciphertext_padded_len"]


@pytest.mark.parametrize("given, expected", vectors("tunnel"))
def test_tunnel_path(given, expected):
    parsed = parse_path(given["path"])
    assert (list(parsed) if parsed else None) == expected["parsed"]


# The two roles against each other


@pytest.fixture(params=[True, False], ids=["strict", "lenient"])
def surroundings(short_directory, request):
    radio = short_directory / "radio"
    radio.mkdir()
    with TunnelServer(short_directory, strict=request.param) as server:
        yield Surroundings(radio, ("127.0.0.1", server.port), server.ca)


def ceremony(surroundings, authenticator, hint, act, pc_quirk=None, phone_quirk=None, timeout=8.0):
    """One session: the PC runs ``act``, the phone serves it. Returns the PC, the phone and the phone's task."""
    with PC(surroundings, hint, pc_quirk, timeout) as pc:
        phone = Phone(surroundings, authenticator, phone_quirk, timeout=timeout)
        task = Task(lambda: phone.serve(pc.qr))
        try:
            result = act(pc)
        finally:
            pc.close()
            phone.task = task
    assert not list(surroundings.radio.iterdir())
    return result, phone


@pytest.mark.parametrize("attestation", ["packed", "none"])
def test_register_and_authenticate(surroundings, attestation):
    authenticator = SoftwareAuthenticator(attestation)
    credential, phone = ceremony(surroundings, authenticator, "mc", register_with_pc)
    phone.task.result(5)
    assert phone.saw_shutdown and phone.answered == [0]
    for discoverable in (False, True):
        _, phone = ceremony(
            surroundings, authenticator, "ga", lambda pc: authenticate_with_pc(pc, credential, discoverable=discoverable)
        )
        phone.task.result(5)


@pytest.mark.parametrize("quirk", hybrid.PC_TOLERATED)
def test_phone_tolerates(surroundings, quirk):
    _, phone = ceremony(surroundings, SoftwareAuthenticator(), "mc", register_with_pc, pc_quirk=quirk)
    phone.task.result(5)


@pytest.mark.parametrize("quirk", hybrid.PHONE_TOLERATED)
def test_pc_tolerates(surroundings, quirk):
    _, phone = ceremony(surroundings, SoftwareAuthenticator(), "mc", register_with_pc, phone_quirk=quirk)
    phone.task.result(5)


@pytest.mark.parametrize("quirk", hybrid.PC_FATAL)
def test_phone_gives_up(surroundings, quirk):
    started = time.monotonic()
    with pytest.raises((hybrid.ProtocolError, hybrid.DeliberateStop)):
        with PC(surroundings, "mc", quirk, timeout=8) as pc:
            phone = Phone(surroundings, SoftwareAuthenticator(), timeout=8)
            task = Task(lambda: phone.serve(pc.qr))
            register_with_pc(pc)
    if quirk == "shutdown-without-request":
        task.result(8)
    else:
        with pytest.raises(hybrid.ProtocolError):
            task.result(8)
    assert not phone.authenticator.credentials
    assert time.monotonic() - started < 7, "the phone waited instead of refusing"


@pytest.mark.parametrize("quirk", hybrid.PHONE_FATAL)
def test_pc_gives_up(surroundings, quirk):
    silent = quirk == "no-post-handshake"
    with pytest.raises(TimeoutError if silent else (hybrid.ProtocolError, InvalidStatus)):
        ceremony(
            surroundings, SoftwareAuthenticator(), "mc", register_with_pc, phone_quirk=quirk, timeout=1 if silent else 8
        )


def test_denial(surroundings):
    authenticator = SoftwareAuthenticator(consent=lambda: False)
    with pytest.raises(hybrid.CTAPStatus) as caught:
        ceremony(surroundings, authenticator, "mc", register_with_pc)
    assert caught.value.status == hybrid.STATUS_OPERATION_DENIED


def test_tunnel_is_verified_by_name(surroundings, short_directory):
    """A certificate for another domain must not do, although the address and the CA are right."""
    authenticator = SoftwareAuthenticator()
    with PC(surroundings, "mc") as pc:
        phone = Phone(surroundings, authenticator, domain=267)
        with pytest.raises(hybrid.ssl.SSLCertVerificationError):
            phone.serve(pc.qr)
