"""Ceremonies made in Python, every part of which a test can spoil before it is signed or after.

`Registration` and `Authentication` build what a client sends (WebAuthn's JSON) in the form of the files that
`aikagi verify` reads.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID, ObjectIdentifier
from fido2 import cbor
from fido2.utils import websafe_encode

RP_ID, ORIGIN = "example.com", "https://example.com"
CHALLENGE = bytes(range(32))
USER = b"user-1"
CREDENTIAL_ID_LENGTH = 32
AAGUID = bytes.fromhex("7065657270656572706565727065657a")
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
ES256, EDDSA, ES384, ES512, PS256, RS256 = -7, -8, -35, -36, -37, -257
ES256K, ML_DSA_44 = -47, -48
# The same as ES256, EdDSA, ES384 and ES512, under the numbers of RFC 9864.
ESP256, ED25519, ESP384, ESP512 = -9, -19, -51, -52
ALGORITHMS = [
    ES256, EDDSA, ES384, ES512, PS256, RS256, ES256K, ML_DSA_44, ESP256, ED25519, ESP384, ESP512]

_ECDSA = {
    ES256: (ec.SECP256R1, hashes.SHA256), ES384: (ec.SECP384R1, hashes.SHA384), ES512: (ec.SECP521R1, hashes.SHA512),
    ES256K: (ec.SECP256K1, hashes.SHA256), ESP256: (ec.SECP256R1, hashes.SHA256),
    ESP384: (ec.SECP384R1, hashes.SHA384), ESP512: (ec.SECP521R1, hashes.SHA512)}

_RSA_KEY = rsa.generate_private_key(65537, 2048)


def new_key(algorithm: int) -> PrivateKeyTypes:
    """A private key of the algorithm; the one RSA key is shared."""
    if algorithm in _ECDSA:
        return ec.generate_private_key(_ECDSA[algorithm][0]())
    if algorithm == ML_DSA_44:
        return mldsa.MLDSA44PrivateKey.generate()
    return ed25519.Ed25519PrivateKey.generate() if algorithm in (EDDSA, ED25519) else _RSA_KEY


def sign(key: Any, algorithm: int, data: bytes) -> bytes:
    """A signature in the form that WebAuthn has it in."""
    if algorithm in _ECDSA:
        return key.sign(data, ec.ECDSA(_ECDSA[algorithm][1]()))
    if algorithm in (EDDSA, ED25519, ML_DSA_44):
        return key.sign(data)
    if algorithm == PS256:
        return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def cose_key(key: Any, algorithm: int) -> dict[int, Any]:
    """The COSE key of a private key."""
    public = key.public_key()
    if algorithm == ML_DSA_44:
        return {1: 7, 3: algorithm, -1: public.public_bytes_raw()}
    if algorithm in (EDDSA, ED25519):
        return {1: 1, 3: algorithm, -1: 6, -2: public.public_bytes(Encoding.Raw, PublicFormat.Raw)}
    numbers = public.public_numbers()
    if isinstance(numbers, rsa.RSAPublicNumbers):
        return {1: 3, 3: algorithm, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}
    size = (public.curve.key_size + 7) // 8
    curve = {"secp256r1": 1, "secp384r1": 2, "secp521r1": 3, "secp256k1": 8}[public.curve.name]
    return {1: 2, 3: algorithm, -1: curve, -2: numbers.x.to_bytes(size, "big"), -3: numbers.y.to_bytes(size, "big")}


@dataclass
class Authority:
    """A root, and the leaves that it makes."""

    name: str = "Peers' Root"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.root = self._sign(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]), self.key.public_key(),
            [(x509.BasicConstraints(True, None), True), (_key_usage(), True)], 10)

    @property
    def pem(self) -> str:
        return self.root.public_bytes(Encoding.PEM).decode()

    def _sign(self, subject, public_key, extensions, days) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder().subject_name(subject).public_key(public_key)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=20))
            .not_valid_after(now + datetime.timedelta(days=days)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def leaf(self, key: Any, subject: dict, extensions: list, days: int = 5) -> bytes:
        attributes = [
            x509.NameAttribute(oid, text)
            for oid, text in subject.items() if text is not None
        ]
        return self._sign(x509.Name(attributes), key.public_key(), extensions, days).public_bytes(Encoding.DER)


def _key_usage() -> x509.KeyUsage:
    return x509.KeyUsage(False, False, False, False, False, True, True, False, False)


AUTHORITY = Authority()

PACKED_SUBJECT = {
    NameOID.COUNTRY_NAME: "DE", NameOID.ORGANIZATION_NAME: "Peers",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "Authenticator Attestation", NameOID.COMMON_NAME: "Peer",
}


def no_authority(ca: bool = False) -> tuple[x509.BasicConstraints, bool]:
    return x509.BasicConstraints(ca, None), True


def aaguid_extension(aaguid: bytes = AAGUID) -> tuple[x509.UnrecognizedExtension, bool]:
    return x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4"), b"\x04\x10" + aaguid), False


def same(value):
    return value


@dataclass
class Ceremony:
    """What both ceremonies have in common."""

    algorithm: int = ES256
    client_data: Callable[[dict], Any] = same
    client_data_bytes: Callable[[bytes], bytes] = same
    flags: int = UP | UV
    rp_id: str = RP_ID
    counter: int = 5
    authenticator_data: Callable[[bytes], bytes] = same
    signature: Callable[[bytes], bytes] = same
    response: Callable[[dict], Any] = same
    ceremony: Callable[[dict], Any] = same
    signed_by: PrivateKeyTypes | None = None
    # Of its own for each ceremony: none is registered twice.
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(CREDENTIAL_ID_LENGTH))

    def _client_data(self, kind: str) -> bytes:
        members = {
            "type": f"webauthn.{kind}", "challenge": websafe_encode(CHALLENGE), "origin": ORIGIN, "crossOrigin": False}
        return self.client_data_bytes(json.dumps(_edit(self.client_data, members), separators=(",", ":")).encode())

    def _header(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _response(self, members: dict) -> dict:
        identifier = websafe_encode(self.credential_id)
        response = {
            "id": identifier, "rawId": identifier, "type": "public-key", "clientExtensionResults": {}, "response": members}
        return _edit(self.response, response)


def _edit(change: Callable, value: Any) -> Any:
    """A change returns the new value, or nothing when it has changed what it was given."""
    changed = change(value)
    return value if changed is None else changed


@dataclass
class Registration(Ceremony):
    """A registration with an attestation of some format."""

    format: str = "none"
    key: Any = None
    cose: Callable[[dict], Any] = same
    credential_id_length: int = CREDENTIAL_ID_LENGTH
    statement: Callable[[dict], Any] = same
    object: Callable[[dict], Any] = same
    object_bytes: Callable[[bytes], bytes] = same
    # Parts of statements.
    subject: dict = field(default_factory=dict)
    extensions: list | None = None
    days: int = 5
    authority: Authority = field(default_factory=lambda: AUTHORITY)
    attestation_key: Any = None
    nonce: Callable[[bytes], bytes] = same
    tpm: dict = field(default_factory=dict)
    jws: Callable[[dict], Any] = same

    def build(self) -> dict:
        """The ceremony as a file has it."""
        if self.key is None:
            self.key = new_key(self.algorithm)
        client_data = self._client_data("create")
        digest = hashlib.sha256(client_data).digest()
        public = cbor.encode(_edit(self.cose, cose_key(self.key, self.algorithm)))
        # U2F authenticators have none.
        aaguid = bytes(16) if self.format == "fido-u2f" else AAGUID
        attested = aaguid + self.credential_id_length.to_bytes(2, "big") + self.credential_id + public
        data = self.authenticator_data(self._header(self.flags | AT) + attested)
        statement = _edit(self.statement, getattr(self, "_" + self.format.replace("-", "_"))(data, digest))
        name = {"packed-x5c": "packed"}.get(self.format, self.format)
        attestation = _edit(self.object, {"fmt": name, "attStmt": statement, "authData": data})
        members = {
            "clientDataJSON": websafe_encode(client_data),
            "attestationObject": websafe_encode(self.object_bytes(cbor.encode(attestation))), "transports": ["internal"]}
        ceremony = {
            "kind": "registration", "rpId": RP_ID, "origin": ORIGIN, "challenge": websafe_encode(CHALLENGE),
            "options": {
                "rp": {"id": RP_ID, "name": RP_ID}, "challenge": websafe_encode(CHALLENGE),
                "user": {"id": websafe_encode(USER), "name": "user", "displayName": "User"},
                "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in ALGORITHMS],
                "authenticatorSelection": {"userVerification": "required"}},
            "response": self._response(members)}
        if self.format not in ("none", "packed"):
            ceremony["attestationRoot"] = AUTHORITY.pem
        return _edit(self.ceremony, ceremony)

    def _none(self, data: bytes, digest: bytes) -> dict:
        return {}

    def _packed(self, data: bytes, digest: bytes) -> dict:
        return {"alg": self.algorithm, "sig": self.signature(sign(self.signed_by or self.key, self.algorithm, data + digest))}

    def _leaf(self, key: Any, subject: dict, extensions: list) -> bytes:
        return self.authority.leaf(key, {**subject, **self.subject}, extensions if self.extensions is None else self.extensions, self.days)

    def _certifier(self) -> Any:
        if self.attestation_key is None:
            self.attestation_key = new_key(ES256)
        return self.attestation_key

    def _packed_x5c(self, data: bytes, digest: bytes) -> dict:
        key = self._certifier()
        leaf = self._leaf(key, PACKED_SUBJECT, [no_authority(), aaguid_extension()])
        return {"alg": ES256, "sig": self.signature(sign(self.signed_by or key, ES256, data + digest)), "x5c": [leaf]}

    def _fido_u2f(self, data: bytes, digest: bytes) -> dict:
        key = self._certifier()
        numbers = self.key.public_key().public_numbers()
        point = b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        signed = b"\0" + data[:32] + digest + self.credential_id + point
        leaf = self._leaf(key, {NameOID.COMMON_NAME: "U2F"}, [])
        return {"sig": self.signature(key.sign(signed, ec.ECDSA(hashes.SHA256()))), "x5c": [leaf]}

    def _apple(self, data: bytes, digest: bytes) -> dict:
        nonce = self.nonce(hashlib.sha256(data + digest).digest())
        extension = x509.UnrecognizedExtension(
            ObjectIdentifier("1.2.840.113635.100.8.2"), b"\x30\x24\xa1\x22\x04\x20" + nonce)
        leaf = self._leaf(
            self.attestation_key or self.key, {NameOID.COMMON_NAME: "Apple"}, [no_authority(), (extension, False)])
        return {"x5c": [leaf]}

    def _android_key(self, data: bytes, digest: bytes) -> dict:
        key = self.attestation_key or self.key
        challenge = self.nonce(digest)
        tee = _der(0xA1, _der(0x31, b"\x02\x01\x02")) + b"\xbf\x85\x3e\x03\x02\x01\x00"
        software = b""
        tee, software = self.tpm.get("tee", tee), self.tpm.get("software", software)
        description = _der(
            0x30, b"\x02\x01\x03\x0a\x01\x01\x02\x01\x04\x0a\x01\x01" + _der(0x04, challenge) + b"\x04\x00"
            + _der(0x30, software) + _der(0x30, tee))
        extension = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17"), description)
        leaf = self._leaf(key, {NameOID.COMMON_NAME: "Android"}, [(extension, False)])
        root = self.authority.root.public_bytes(Encoding.DER)
        return {"alg": ES256, "sig": self.signature(sign(key, ES256, data + digest)), "x5c": [leaf, root]}

    def _android_safetynet(self, data: bytes, digest: bytes) -> dict:
        key = _RSA_KEY
        nonce = self.nonce(hashlib.sha256(data + digest).digest())
        host = "attest.android.com"
        leaf = self._leaf(
            key, {NameOID.COMMON_NAME: host}, [(x509.SubjectAlternativeName([x509.DNSName(host)]), False)])
        payload = _edit(self.jws, {
            "nonce": base64.b64encode(nonce).decode(), "timestampMs": int(time.time() * 1000), "ctsProfileMatch": True,
            "basicIntegrity": True, "apkPackageName": "com.google.android.gms", "apkDigestSha256": "",
            "apkCertificateDigestSha256": []})
        header = {"alg": "RS256", "x5c": [base64.b64encode(leaf).decode()]}
        signed = ".".join(websafe_encode(json.dumps(part).encode()) for part in (header, payload)).encode()
        signature = self.signature(key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        return {"ver": "1", "response": signed + b"." + websafe_encode(signature).encode()}

    def _tpm(self, data: bytes, digest: bytes) -> dict:
        key, part = self._certifier(), self.tpm.get
        numbers = self.key.public_key().public_numbers()
        area = part("pubArea", same)(
            bytes.fromhex("0023000b0006047200000010001000030010")
            + _sized(numbers.x.to_bytes(32, "big")) + _sized(numbers.y.to_bytes(32, "big")))
        name = part("name", same)(b"\0\x0b" + hashlib.sha256(area).digest())
        info = (
            part("magic", bytes.fromhex("ff544347")) + part("type", bytes.fromhex("8017")) + _sized(b"\0\x0b" + bytes(32))
            + _sized(self.nonce(hashlib.sha256(data + digest).digest())) + bytes(17) + bytes(8) + _sized(name)
            + _sized(b"\0\x0b" + bytes(32)))
        # An Infineon TPM: py_webauthn knows the makers.
        names = [("1", part("manufacturer", "id:49465800")), ("2", part("model", "SLB9670")), ("3", "id:0D0D")]
        directory = x509.Name([
            x509.NameAttribute(ObjectIdentifier("2.23.133.2." + number), text) for number, text in names if text])
        usage = part("usage", ObjectIdentifier("2.23.133.8.3"))
        extensions = [
            (x509.SubjectAlternativeName([x509.DirectoryName(directory)]), part("critical", True)),
            (x509.ExtendedKeyUsage([usage]), False), no_authority(part("ca", False))]
        leaf = self._leaf(key, {}, extensions)
        return {
            "alg": ES256, "sig": self.signature(sign(self.signed_by or key, ES256, info)), "ver": part("ver", "2.0"),
            "x5c": [leaf], "pubArea": area, "certInfo": info}


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _der(tag: int, content: bytes) -> bytes:
    assert len(content) < 0x10000
    length = bytes([len(content)]) if len(content) < 0x80 else b"\x82" + len(content).to_bytes(2, "big")
    return bytes([tag]) + length + content


@dataclass
class Authentication(Ceremony):
    """An authentication with a credential of its own."""

    user_handle: bytes | None = USER

    def build(self) -> dict:
        """The ceremony as a file has it."""
        key = new_key(self.algorithm)
        client_data = self._client_data("get")
        data = self.authenticator_data(self._header(self.flags))
        signature = self.signature(sign(self.signed_by or key, self.algorithm, data + hashlib.sha256(client_data).digest()))
        members = {
            "clientDataJSON": websafe_encode(client_data), "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature)}
        if self.user_handle is not None:
            members["userHandle"] = websafe_encode(self.user_handle)
        identifier = websafe_encode(self.credential_id)
        ceremony = {
            "kind": "authentication", "rpId": RP_ID, "origin": ORIGIN, "challenge": websafe_encode(CHALLENGE),
            "options": {
                "challenge": websafe_encode(CHALLENGE), "rpId": RP_ID, "userVerification": "required",
                "allowCredentials": [{"type": "public-key", "id": identifier}]},
            "credentialPublicKey": websafe_encode(cbor.encode(cose_key(key, self.algorithm))), "signatureCounter": 4,
            "userHandle": websafe_encode(USER), "response": self._response(members)}
        return _edit(self.ceremony, ceremony)
