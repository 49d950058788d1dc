"""The ceremonies of `aikagi demo`, verified by python-fido2, and the verifier itself on good and spoilt ceremonies."""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
import os
import secrets
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from hybrid_peer import GET_ASSERTION, MAKE_CREDENTIAL, SoftwareAuthenticator, get_assertion_request, make_credential_request
from verify_report import ReportError, Verifier, verify_report

DEMO_SECONDS = 300
RP_ID, ORIGIN = "example.com", "https://example.com"


# The project's report


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    if directory := os.environ.get("AIKAGI_REPORT"):
        return Path(directory)
    binary = os.environ.get("AIKAGI")
    if not binary:
        pytest.skip("neither AIKAGI_REPORT (a report's directory) nor AIKAGI (the binary) is set")
    directory = tmp_path_factory.mktemp("report")
    result = subprocess.run([binary, "demo", "--report", str(directory)], capture_output=True, timeout=DEMO_SECONDS)
    assert result.returncode == 0, result.stderr.decode()
    return directory


def test_every_ceremony_of_the_report(report):
    outcomes = verify_report(report)
    assert outcomes, "the report holds no ceremonies"
    assert not [f"{outcome.name}: {outcome.error}" for outcome in outcomes if outcome.error]


def test_report_covers_both_kinds(report):
    kinds = {json.loads(file.read_text())["kind"] for file in (report / "ceremonies").glob("*.json")}
    assert kinds == {"registration", "authentication"}


# The verifier


def client_data(kind: str, challenge: bytes, origin: str = ORIGIN) -> bytes:
    members = {"type": f"webauthn.{kind}", "challenge": websafe_encode(challenge), "origin": origin, "crossOrigin": False}
    return json.dumps(members).encode()


def registration(authenticator: SoftwareAuthenticator) -> dict:
    challenge = secrets.token_bytes(32)
    data = client_data("create", challenge)
    request = make_credential_request(hashlib.sha256(data).digest(), RP_ID, b"user")
    response = cbor.decode(authenticator.handle(bytes([MAKE_CREDENTIAL]) + cbor.encode(request))[1:])
    attestation = cbor.encode({"fmt": response[1], "authData": response[2], "attStmt": response[3]})
    identifier = websafe_encode(authenticator.credentials[-1].identifier)
    return {
        "kind": "registration",
        "step": "1",
        "rpId": RP_ID,
        "origin": ORIGIN,
        "challenge": websafe_encode(challenge),
        "options": {
            "rp": {"id": RP_ID, "name": RP_ID},
            "user": {"id": websafe_encode(b"user"), "name": "user", "displayName": "User"},
            "challenge": websafe_encode(challenge),
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {"userVerification": "required"},
        },
        "response": {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(data),
                "attestationObject": websafe_encode(attestation),
                "authenticatorData": websafe_encode(response[2]),
                "publicKeyAlgorithm": -7,
            },
        },
    }


def authentication(authenticator: SoftwareAuthenticator) -> dict:
    challenge = secrets.token_bytes(32)
    data = client_data("get", challenge)
    request = get_assertion_request(hashlib.sha256(data).digest(), RP_ID)
    response = cbor.decode(authenticator.handle(bytes([GET_ASSERTION]) + cbor.encode(request))[1:])
    credential = authenticator.credentials[-1]
    identifier = websafe_encode(credential.identifier)
    return {
        "kind": "authentication",
        "step": "2",
        "rpId": RP_ID,
        "origin": ORIGIN,
        "challenge": websafe_encode(challenge),
        "options": {"challenge": websafe_encode(challenge), "rpId": RP_ID, "userVerification": "required"},
        "credentialPublicKey": websafe_encode(cbor.encode(dict(ES256.from_cryptography_key(credential.key.public_key())))),
        "response": {
            "id": identifier,
            "rawId": identifier,
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(data),
                "authenticatorData": websafe_encode(response[2]),
                "signature": websafe_encode(response[3]),
            },
        },
    }


class CertifiedAuthenticator(SoftwareAuthenticator):
    """Replaces self attestation by a certificate under a root of its own."""

    def __init__(self, days: int = 1):
        super().__init__()
        self._root_key, self._key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root")])
        leaf_name = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Peers"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Authenticator Attestation"),
                x509.NameAttribute(NameOID.COMMON_NAME, "Peer"),
            ]
        )
        self.root = self._certificate(root_name, self._root_key, root_name, ca=True, days=1)
        self.leaf = self._certificate(leaf_name, self._key, root_name, ca=False, days=days)

    def _certificate(self, subject, key, issuer, ca: bool, days: int) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=10))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(self._root_key, hashes.SHA256())
        )

    def _make_credential(self, parameters: dict) -> dict:
        response = super()._make_credential(parameters)
        signature = self._key.sign(response[2] + parameters[1], ec.ECDSA(hashes.SHA256()))
        response[3] = {"alg": -7, "sig": signature, "x5c": [self.leaf.public_bytes(Encoding.DER)]}
        return response

    def registration(self) -> dict:
        return registration(self) | {"attestationRoot": self.root.public_bytes(Encoding.PEM).decode()}


@pytest.mark.parametrize("attestation, summary", [("packed", "packed self"), ("none", "attestation none")])
def test_verifier_accepts(attestation, summary, tmp_path):
    authenticator = SoftwareAuthenticator(attestation)
    verifier = Verifier()
    assert summary in verifier.verify(registration(authenticator))
    ceremony = authentication(authenticator)
    assert "UP and UV" in verifier.verify(ceremony)
    del ceremony["credentialPublicKey"]
    verifier.verify(ceremony)


def test_verifier_accepts_a_certificate_chain():
    assert "and the root" in Verifier().verify(CertifiedAuthenticator().registration())


def test_verifier_refuses_bad_certificate_chains():
    authenticator, other = CertifiedAuthenticator(), CertifiedAuthenticator()
    foreign_root = authenticator.registration() | {"attestationRoot": other.root.public_bytes(Encoding.PEM).decode()}
    rootless = authenticator.registration()
    del rootless["attestationRoot"]
    certificateless = registration(SoftwareAuthenticator()) | {"attestationRoot": foreign_root["attestationRoot"]}
    for ceremony in (foreign_root, rootless, certificateless, CertifiedAuthenticator(days=-1).registration()):
        with pytest.raises(ReportError):
            Verifier().verify(ceremony)


def _set(path: str, value):
    def spoil(ceremony: dict) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            ceremony = ceremony[parent]
        ceremony[last] = value(ceremony.get(last)) if callable(value) else value

    return spoil


def _flip(position: int):
    """Changes one character of a base64url string, away from the unused bits at its end."""
    return lambda text: text[:position] + ("A" if text[position] != "A" else "B") + text[position + 1 :]


OTHER_CHALLENGE = websafe_encode(bytes(32))
SPOILT_REGISTRATIONS = {
    "challenge": lambda c: (_set("challenge", OTHER_CHALLENGE)(c), _set("options.challenge", OTHER_CHALLENGE)(c)),
    "options-challenge": _set("options.challenge", OTHER_CHALLENGE),
    "origin": _set("origin", "https://example.org"),
    "subdomain": _set("origin", "https://login.example.com"),
    "rp": lambda c: (_set("rpId", "example.org")(c), _set("options.rp.id", "example.org")(c)),
    "client-data": _set("response.response.clientDataJSON", lambda text: websafe_encode(b"{}")),
    "signature": _set("response.response.attestationObject", _flip(60)),
    "algorithm": _set("options.pubKeyCredParams", [{"type": "public-key", "alg": -257}]),
    "authenticator-data-copy": _set("response.response.authenticatorData", _flip(3)),
    "algorithm-copy": _set("response.response.publicKeyAlgorithm", -8),
    "kind": _set("kind", "authentication"),
}
SPOILT_AUTHENTICATIONS = {
    "challenge": SPOILT_REGISTRATIONS["challenge"],
    "origin": _set("origin", "https://example.org"),
    "rp": lambda c: (_set("rpId", "example.org")(c), _set("options.rpId", "example.org")(c)),
    "signature": _set("response.response.signature", _flip(20)),
    "flags": _set("response.response.authenticatorData", _flip(43)),
    "not-allowed": _set("options.allowCredentials", [{"type": "public-key", "id": "AAAA"}]),
    "no-key": lambda c: c.pop("credentialPublicKey"),
    "kind": _set("kind", "registration"),
}


@pytest.mark.parametrize("name", SPOILT_REGISTRATIONS)
def test_verifier_refuses_registration(name):
    ceremony = registration(SoftwareAuthenticator())
    Verifier().verify(copy.deepcopy(ceremony))
    SPOILT_REGISTRATIONS[name](ceremony)
    with pytest.raises(ReportError):
        Verifier().verify(ceremony)


@pytest.mark.parametrize("name", SPOILT_AUTHENTICATIONS)
def test_verifier_refuses_authentication(name):
    authenticator = SoftwareAuthenticator()
    registration(authenticator)
    ceremony = authentication(authenticator)
    Verifier().verify(copy.deepcopy(ceremony))
    SPOILT_AUTHENTICATIONS[name](ceremony)
    with pytest.raises(ReportError):
        Verifier().verify(ceremony)


def test_verifier_refuses_a_key_other_than_the_registered():
    authenticator, other = SoftwareAuthenticator(), SoftwareAuthenticator()
    verifier = Verifier()
    verifier.verify(registration(authenticator))
    registration(other)
    other.credentials[-1].identifier = authenticator.credentials[-1].identifier
    with pytest.raises(ReportError, match="registered"):
        verifier.verify(authentication(other))


def test_report_in_files(tmp_path):
    authenticator = SoftwareAuthenticator()
    directory = tmp_path / "ceremonies"
    directory.mkdir()
    (directory / "2.json").write_text(json.dumps(registration(authenticator)))
    (directory / "1.json").write_text(json.dumps(authentication(authenticator)))
    (directory / "3.json").write_text("{")
    outcomes = verify_report(tmp_path)
    assert [(outcome.name, outcome.error is None) for outcome in outcomes] == [
        ("1.json", True),
        ("2.json", True),
        ("3.json", False),
    ]
