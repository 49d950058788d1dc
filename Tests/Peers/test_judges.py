"""Aikagi's relying party, python-fido2 and py_webauthn agree on ceremonies: good ones, and ones that are spoilt in one place.

`aikagi verify` gives Aikagi's verdicts. Where a judge accepts what Aikagi refuses, the table says so and the comment why.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import Any, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier
from fido2.utils import websafe_encode

from ceremonies import (
    ALGORITHMS, AT, AUTHORITY, BE, BS, ED, ED25519, EDDSA, ES256, ES256K, ES384, ESP256, ESP384, ESP512, ML_DSA_44, PS256,
    RS256, UP, UV, Authentication, Authority, Registration, aaguid_extension, new_key, no_authority)
from judges import JUDGES, refusal

FORMATS = ["none", "packed", "packed-x5c", "fido-u2f", "apple", "android-key", "android-safetynet", "tpm"]
# py_webauthn does not know ES384, secp256k1 and the numbers of RFC 9864.
UNKNOWN_ALGORITHMS = {"webauthn": [ES384, ES256K, ESP256, ED25519, ESP384, ESP512]}
# python-fido2 does not know android-key.
UNKNOWN_FORMATS = {"fido2": ["android-key"]}


def accepted_ceremonies() -> dict[str, dict]:
    ceremonies = {f"registration {name}": Registration(format=name).build() for name in FORMATS}
    for algorithm in ALGORITHMS:
        ceremonies[f"self attestation {algorithm}"] = Registration(format="packed", algorithm=algorithm).build()
        ceremonies[f"authentication {algorithm}"] = Authentication(algorithm=algorithm).build()
    ceremonies["backed up"] = Registration(flags=UP | UV | BE | BS).build()
    ceremonies["backed up, used"] = Authentication(flags=UP | UV | BE | BS).build()
    ceremonies["no counter"] = Authentication(counter=0, ceremony=put("signatureCounter", 0)).build()
    ceremonies["extension data"] = Registration(
        flags=UP | UV | ED, format="packed", authenticator_data=lambda data: data + b"\xa1\x61x\xf5").build()
    return ceremonies


# Changes


def put(name: str, value: Any) -> Callable[[dict], None]:
    return lambda members: members.__setitem__(name, value)


def drop(name: str) -> Callable[[dict], None]:
    return lambda members: members.__delitem__(name)


def flip(index: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:index] + bytes([data[index] ^ 1]) + data[index + 1 or len(data):]


def member(change: Callable) -> Callable[[dict], None]:
    """A change of the member `response` of a response."""
    return lambda response: change(response["response"])


def cut(data: bytes) -> bytes:
    return data[:-1]


def with_tail(data: bytes) -> bytes:
    return data + b"\0"


OTHER = websafe_encode(bytes(32))

# Spoilt in what both ceremonies have.
COMMON: dict[str, dict] = {
    "client data of the other kind": dict(client_data=put("type", "webauthn.other")),
    "client data without type": dict(client_data=drop("type")),
    "another challenge": dict(client_data=put("challenge", OTHER)),
    "a longer challenge": dict(client_data=lambda members: put("challenge", members["challenge"] + "AA")(members)),
    "no challenge": dict(client_data=drop("challenge")),
    "another origin": dict(client_data=put("origin", "https://example.org")),
    "a sub-domain": dict(client_data=put("origin", "https://login.example.com")),
    "another scheme": dict(client_data=put("origin", "http://example.com")),
    "another port": dict(client_data=put("origin", "https://example.com:8443")),
    "an origin with a path": dict(client_data=put("origin", "https://example.com/")),
    "a prefix of the origin": dict(client_data=put("origin", "https://example.co")),
    "no origin": dict(client_data=drop("origin")),
    "client data that is no JSON": dict(client_data_bytes=cut),
    "client data that is an array": dict(client_data_bytes=lambda data: b"[" + data + b"]"),
    "client data that is empty": dict(client_data_bytes=lambda data: b""),
    "client data that is not UTF-8": dict(client_data_bytes=lambda data: b"\xff" + data),
    "client data with a tail": dict(client_data_bytes=lambda data: data + b"}"),
    "another RP ID": dict(rp_id="example.org"),
    "a sub-domain as RP ID": dict(rp_id="login.example.com"),
    "user not present": dict(flags=UV),
    "user not verified": dict(flags=UP),
    "no flags": dict(flags=0),
    "extension data announced": dict(flags=UP | UV | ED),
    "authenticator data with a tail": dict(authenticator_data=with_tail),
    "authenticator data of 36 bytes": dict(authenticator_data=lambda data: data[:36]),
    "no authenticator data": dict(authenticator_data=lambda data: b""),
    "a credential of another type": dict(response=put("type", "password")),
    "rawId that is no base64url": dict(response=put("rawId", "***")),
    "id and rawId differ": dict(response=put("id", OTHER)),
    "no response": dict(response=drop("response")),
    "no client data": dict(response=member(drop("clientDataJSON"))),
    "no rawId": dict(response=drop("rawId")),
}

REGISTRATIONS: dict[str, dict] = {
    **COMMON,
    "client data of an authentication": dict(client_data=put("type", "webauthn.get")),
    "another rawId": dict(response=lambda response: response.update(id=OTHER, rawId=OTHER)),
    "no attestation object": dict(response=member(drop("attestationObject"))),
    "attestation object that is empty": dict(object_bytes=lambda data: b""),
    "attestation object cut off": dict(object_bytes=cut),
    "attestation object with a tail": dict(object_bytes=with_tail),
    "attestation object without format": dict(object=drop("fmt")),
    "attestation object without statement": dict(object=drop("attStmt")),
    "attestation object without data": dict(object=drop("authData")),
    "a format that is a number": dict(object=put("fmt", 1)),
    "a format that nobody knows": dict(object=put("fmt", "unknown")),
    "a format in capitals": dict(object=put("fmt", "NONE")),
    "data that is text": dict(object=put("authData", "data")),
    "a statement that is text": dict(object=put("attStmt", "none")),
    "a statement where there is none": dict(statement=put("sig", b"1")),
    "no credential announced": dict(authenticator_data=lambda data: data[:32] + bytes([UP | UV]) + data[33:]),
    "no credential": dict(authenticator_data=lambda data: data[:32] + bytes([UP | UV]) + data[33:37]),
    "credential cut off in the AAGUID": dict(authenticator_data=lambda data: data[:45]),
    "credential cut off in the ID": dict(authenticator_data=lambda data: data[:60]),
    "credential cut off before the key": dict(authenticator_data=lambda data: data[:87]),
    "credential cut off in the key": dict(authenticator_data=cut),
    "credential ID longer than the data": dict(credential_id_length=500),
    "credential ID shorter than the data": dict(credential_id_length=31),
    "a key without type": dict(cose=drop(1)),
    "a key without algorithm": dict(cose=drop(3)),
    "a key without curve": dict(cose=drop(-1)),
    "a key without x": dict(cose=drop(-2)),
    "a key without y": dict(cose=drop(-3)),
    "a key that is a list": dict(cose=lambda key: [1, 2]),
    "a key of an algorithm that was not asked for": dict(ceremony=lambda c: c["options"].update(
        pubKeyCredParams=[{"type": "public-key", "alg": RS256}])),
    "self attestation, another signature": dict(format="packed", signature=flip(-1)),
    "self attestation, signature of zero bytes": dict(format="packed", signature=lambda data: b""),
    "self attestation, signature with a tail": dict(format="packed", signature=with_tail),
    "self attestation by another key": dict(format="packed", signed_by=new_key(ES256)),
    "self attestation, another algorithm": dict(format="packed", statement=put("alg", RS256)),
    "self attestation without algorithm": dict(format="packed", statement=drop("alg")),
    "self attestation without signature": dict(format="packed", statement=drop("sig")),
    "self attestation, EdDSA changed": dict(format="packed", algorithm=EDDSA, signature=flip(0)),
    "self attestation, RS256 changed": dict(format="packed", algorithm=RS256, signature=flip(9)),
    "self attestation, PS256 changed": dict(format="packed", algorithm=PS256, signature=flip(9)),
    "self attestation, ES256K changed": dict(format="packed", algorithm=ES256K, signature=flip(-1)),
    "self attestation, ES256K by another key": dict(format="packed", algorithm=ES256K, signed_by=new_key(ES256K)),
    "self attestation, ES256K named ES256": dict(format="packed", algorithm=ES256K, statement=put("alg", ES256)),
    "self attestation, ML-DSA-44 changed": dict(format="packed", algorithm=ML_DSA_44, signature=flip(9)),
    "self attestation, ML-DSA-44 cut off": dict(format="packed", algorithm=ML_DSA_44, signature=cut),
    "ES256K, a key on P-256": dict(format="packed", algorithm=ES256K, cose=put(-1, 1)),
    "ES256K, a key off the curve": dict(format="packed", algorithm=ES256K, cose=put(-2, bytes(32))),
    "ML-DSA-44, a key that is cut off": dict(
        format="packed", algorithm=ML_DSA_44, cose=lambda key: put(-1, key[-1][:-1])(key)),
    "ESP256, a key on P-384": dict(format="packed", algorithm=ES384, cose=put(3, ESP256)),
    "packed, another signature": dict(format="packed-x5c", signature=flip(-1)),
    "packed, signed by the credential": dict(format="packed-x5c", signed_by=new_key(ES256)),
    "packed, certificate that is none": dict(format="packed-x5c", statement=put("x5c", [b"0"])),
    "packed, another root": dict(format="packed-x5c", authority=Authority()),
    "packed, a root of another name": dict(format="packed-x5c", authority=Authority("Others' Root")),
    "packed, another unit": dict(format="packed-x5c", subject={NameOID.ORGANIZATIONAL_UNIT_NAME: "Authenticators"}),
    "packed, no unit": dict(format="packed-x5c", subject={NameOID.ORGANIZATIONAL_UNIT_NAME: None}),
    "packed, no country": dict(format="packed-x5c", subject={NameOID.COUNTRY_NAME: None}),
    "packed, an authority": dict(format="packed-x5c", extensions=[no_authority(True), aaguid_extension()]),
    "packed, no constraints": dict(format="packed-x5c", extensions=[aaguid_extension()]),
    "packed, another model": dict(format="packed-x5c", extensions=[no_authority(), aaguid_extension(bytes(16))]),
    "packed, expired": dict(format="packed-x5c", days=-1),
    "U2F, another signature": dict(format="fido-u2f", signature=flip(-1)),
    "U2F, no certificates": dict(format="fido-u2f", statement=put("x5c", [])),
    "U2F, two certificates": dict(format="fido-u2f", statement=lambda s: put("x5c", s["x5c"] * 2)(s)),
    "U2F, another curve": dict(format="fido-u2f", attestation_key=ec.generate_private_key(ec.SECP384R1())),
    "U2F, another root": dict(format="fido-u2f", authority=Authority()),
    "U2F, client data changed": dict(format="fido-u2f", response=member(put("clientDataJSON", websafe_encode(b"{}")))),
    "Apple, another nonce": dict(format="apple", nonce=flip(0)),
    "Apple, another key": dict(format="apple", attestation_key=new_key(ES256)),
    "Apple, no nonce": dict(format="apple", extensions=[no_authority()]),
    "Apple, another root": dict(format="apple", authority=Authority()),
    "Android, another signature": dict(format="android-key", signature=flip(-1)),
    "Android, another challenge": dict(format="android-key", nonce=flip(0)),
    "Android, another key": dict(format="android-key", attestation_key=new_key(ES256)),
    "Android, no description": dict(format="android-key", extensions=[]),
    "Android, another root": dict(format="android-key", authority=Authority()),
    "Android, imported": dict(format="android-key", tpm={"tee": bytes.fromhex("a1053103020102bf853e03020102")}),
    "Android, also for encryption": dict(
        format="android-key", tpm={"tee": bytes.fromhex("a1083106020100020102bf853e03020100")}),
    "Android, for all applications": dict(format="android-key", tpm={"software": bytes.fromhex("bf8458020500")}),
    "SafetyNet, another signature": dict(format="android-safetynet", signature=flip(0)),
    "SafetyNet, another nonce": dict(format="android-safetynet", nonce=flip(0)),
    "SafetyNet, another host": dict(
        format="android-safetynet", subject={NameOID.COMMON_NAME: "attest.example"}, extensions=[]),
    "SafetyNet, another root": dict(format="android-safetynet", authority=Authority()),
    "SafetyNet, altered": dict(
        format="android-safetynet", jws=lambda payload: payload.update(basicIntegrity=False, ctsProfileMatch=False)),
    "SafetyNet, not a response": dict(format="android-safetynet", statement=put("response", b"1.2")),
    "TPM, another signature": dict(format="tpm", signature=flip(-1)),
    "TPM, another magic": dict(format="tpm", tpm={"magic": bytes.fromhex("ff544346")}),
    "TPM, another type": dict(format="tpm", tpm={"type": bytes.fromhex("8018")}),
    "TPM, other extra data": dict(format="tpm", nonce=flip(0)),
    "TPM, another name": dict(format="tpm", tpm={"name": flip(-1)}),
    "TPM, another public area": dict(format="tpm", tpm={"pubArea": flip(-1)}),
    "TPM, public area cut off": dict(format="tpm", tpm={"pubArea": lambda area: area[:20]}),
    "TPM, version 1.2": dict(format="tpm", tpm={"ver": "1.2"}),
    "TPM, a subject": dict(format="tpm", subject={NameOID.COMMON_NAME: "TPM"}),
    "TPM, another usage": dict(format="tpm", tpm={"usage": ObjectIdentifier("1.3.6.1.5.5.7.3.1")}),
    "TPM, no model": dict(format="tpm", tpm={"model": None}),
    "TPM, no manufacturer": dict(format="tpm", tpm={"manufacturer": None}),
    "TPM, an authority": dict(format="tpm", tpm={"ca": True}),
    "TPM, another root": dict(format="tpm", authority=Authority()),
    "BS without BE": dict(flags=UP | UV | BS),
}

AUTHENTICATIONS: dict[str, dict] = {
    **COMMON,
    "client data of a registration": dict(client_data=put("type", "webauthn.create")),
    "another signature": dict(signature=flip(-1)),
    "a signature of zero bytes": dict(signature=lambda data: b""),
    "a signature cut off": dict(signature=cut),
    "a signature with a tail": dict(signature=with_tail),
    "a signature of zeros": dict(signature=lambda data: bytes.fromhex("3006020100020100")),
    "another key": dict(signed_by=new_key(ES256)),
    "RS256 changed": dict(algorithm=RS256, signature=flip(9)),
    "RS256 of zero bytes": dict(algorithm=RS256, signature=lambda data: b""),
    "PS256 changed": dict(algorithm=PS256, signature=flip(9)),
    "EdDSA changed": dict(algorithm=EDDSA, signature=flip(40)),
    "EdDSA cut off": dict(algorithm=EDDSA, signature=cut),
    "ES256K changed": dict(algorithm=ES256K, signature=flip(-1)),
    "ES256K by another key": dict(algorithm=ES256K, signed_by=new_key(ES256K)),
    "ES256K of zero bytes": dict(algorithm=ES256K, signature=lambda data: b""),
    "ES256K with a tail": dict(algorithm=ES256K, signature=with_tail),
    "ES256K of zeros": dict(algorithm=ES256K, signature=lambda data: bytes.fromhex("3006020100020100")),
    "ML-DSA-44 changed": dict(algorithm=ML_DSA_44, signature=flip(9)),
    "ML-DSA-44 by another key": dict(algorithm=ML_DSA_44, signed_by=new_key(ML_DSA_44)),
    "ML-DSA-44 cut off": dict(algorithm=ML_DSA_44, signature=cut),
    "ML-DSA-44 with a tail": dict(algorithm=ML_DSA_44, signature=with_tail),
    "ML-DSA-44 of zero bytes": dict(algorithm=ML_DSA_44, signature=lambda data: b""),
    "no signature": dict(response=member(drop("signature"))),
    "no authenticator data member": dict(response=member(drop("authenticatorData"))),
    "authenticator data changed": dict(response=member(put("authenticatorData", websafe_encode(bytes(37))))),
    "client data changed": dict(response=member(put("clientDataJSON", websafe_encode(b"{}")))),
    "a credential announced": dict(flags=UP | UV | AT),
    "a key that is none": dict(ceremony=put("credentialPublicKey", "oA")),
    "a key of another kind": dict(ceremony=put("credentialPublicKey", websafe_encode(bytes.fromhex("a301010327200621582000")))),
    "BS without BE": dict(flags=UP | UV | BS),
    "the counter stands still": dict(counter=4),
    "the counter goes back": dict(counter=3),
    "the counter is zero again": dict(counter=0),
    "another credential": dict(response=lambda response: response.update(id=OTHER, rawId=OTHER)),
    "another account": dict(user_handle=b"user-2"),
}

# Where a judge leaves to its caller, or does not do, what the specification demands.
LENIENT: dict[str, set[str]] = {
    "fido2": {
        # The type is not looked at.
        "registration: a credential of another type", "authentication: a credential of another type",
        # Its CBOR reads byte strings that are cut off, and keys are only read where they verify something.
        "registration: attestation object cut off", "registration: credential cut off in the key",
        "registration: a key without type", "registration: a key without curve", "registration: a key without x",
        "registration: a key without y",
        # Of chains it verifies the signatures.
        "registration: packed, expired",
        # §8.8 step 5 and §8.3: neither the key nor the version nor the alternative name is looked at.
        "registration: Apple, another key", "registration: TPM, version 1.2", "registration: TPM, no model",
        "registration: TPM, no manufacturer",
        # §7.1 step 17, §7.2 step 18.
        "registration: BS without BE", "authentication: BS without BE",
        # §7.2 steps 22 and 6, which need the credential record.
        "authentication: the counter stands still", "authentication: the counter goes back",
        "authentication: the counter is zero again", "authentication: another account",
    },
    "webauthn": {
        # §7.1 step 13: it compares id and rawId, and not either with what was signed.
        "registration: another rawId",
        # Its CBOR reader is content with a beginning, and "none" with any statement that is empty.
        "registration: attestation object with a tail", "registration: attestation object without statement",
        "registration: a statement that is text",
        # §8.2.1 is not looked at.
        "registration: packed, another unit", "registration: packed, no unit", "registration: packed, no country",
        "registration: packed, an authority", "registration: packed, no constraints",
        "registration: packed, another model",
        # §7.2 steps 5 and 6, which need the options and the credential record.
        "authentication: another credential", "authentication: another account",
    },
}


@pytest.fixture(scope="module")
def verify():
    """Aikagi's verdicts: name to the reason of the refusal, or None."""
    binary = os.environ.get("AIKAGI")
    if not binary:
        pytest.skip("AIKAGI (the path of the command-line tool) is not set")

    def run(ceremonies: dict[str, dict], *arguments: str) -> dict[str, str | None]:
        result = subprocess.run(
            [binary, "verify", "--json", *arguments, "-"], input=json.dumps(list(ceremonies.values())).encode(), capture_output=True,
            timeout=120)
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert [line["index"] for line in lines] == list(range(len(ceremonies))), result.stderr.decode()
        assert all(line["accepted"] == ("error" not in line) for line in lines)
        assert result.returncode == (0 if all(line["accepted"] for line in lines) else 1)
        return dict(zip(ceremonies, (line.get("error") for line in lines)))

    return run


def test_accepted(verify):
    ceremonies = accepted_ceremonies()
    assert {name: error for name, error in verify(ceremonies).items() if error} == {}
    for judge in JUDGES:
        refused = {name: why for name, ceremony in ceremonies.items() if (why := refusal(judge, ceremony))}
        unknown = {f"registration {name}" for name in UNKNOWN_FORMATS.get(judge, [])}
        for algorithm in UNKNOWN_ALGORITHMS.get(judge, []):
            unknown |= {f"self attestation {algorithm}", f"authentication {algorithm}"}
        assert set(refused) == unknown, refused


def spoilt() -> dict[str, dict]:
    registrations = {f"registration: {name}": Registration(**change).build() for name, change in REGISTRATIONS.items()}
    authentications = {
        f"authentication: {name}": Authentication(**change).build() for name, change in AUTHENTICATIONS.items()}
    return registrations | authentications


def test_refused(verify):
    ceremonies = spoilt()
    verdicts = verify(ceremonies)
    assert [name for name, error in verdicts.items() if not error] == []
    # A sentence, for each.
    assert all(len(error) > 20 for error in verdicts.values())
    for judge in JUDGES:
        accepted = {name for name, ceremony in ceremonies.items() if not refusal(judge, ceremony)}
        assert accepted == LENIENT[judge]
    # Enough that nobody accepts.
    agreed = set(ceremonies) - LENIENT["fido2"] - LENIENT["webauthn"]
    assert len(agreed) >= 100


def test_time(verify):
    """Certificates are judged by the ceremony's own time, which must be one that they know."""
    now, day = int(time.time()), 86_400

    def at(moment: float) -> dict:
        return Registration(format="packed-x5c", ceremony=put("time", moment)).build()

    # The leaves of Authority are valid from 20 days ago for 25 days.
    accepted = {"now": at(now), "ten days ago": at(now - 10 * day), "a fraction": at(now - 0.25)}
    expired = {
        "thirty days ago": at(now - 30 * day), "in thirty days": at(now + 30 * day), "1970": at(0),
        "the end of 9999": at(253_402_300_799)}
    no_time = {"before 1970": at(-1), "a moment before": at(-0.001), "10000": at(253_402_300_800), "never": at(1e300)}
    assert set(verify(accepted).values()) == {None}
    for error in verify(expired).values():
        assert "the attestation was refused" in error and "time is not" not in error, error
    assert set(verify(no_time).values()) == {"time is not in seconds since 1970"}
    # Without certificates the time decides nothing, and is looked at all the same.
    assert verify({
        "1970": Authentication(ceremony=put("time", 0)).build(),
        "before": Authentication(ceremony=put("time", -1)).build()
    }) == {"1970": None, "before": "time is not in seconds since 1970"}


def test_require_trust(verify, tmp_path):
    """A file's own root vouches for it, unless trust is required: then only what the command line names does."""
    ceremonies = {name: Registration(format=name).build() for name in ("none", "packed", "packed-x5c")}
    assert set(verify(ceremonies).values()) == {None}
    assert all("attestation" in (error or "") for error in verify(ceremonies, "--require-trust").values())
    others, ours = tmp_path / "others.pem", tmp_path / "ours.pem"
    others.write_text(Authority("Others' Root").pem)
    ours.write_text(Authority("Others' Root").pem + AUTHORITY.pem)
    assert None not in verify(ceremonies, "--require-trust", "--trust-roots", str(others)).values()
    verdicts = verify(ceremonies, "--require-trust", "--trust-roots", str(ours))
    assert [name for name, error in verdicts.items() if not error] == ["packed-x5c"]
    # Without a root in the file nothing needs to be trusted, and nothing becomes trusted.
    bare = {"bare": Registration(format="packed-x5c", ceremony=drop("attestationRoot")).build()}
    assert verify(bare) == {"bare": None}
    assert None not in verify(bare, "--require-trust").values()
