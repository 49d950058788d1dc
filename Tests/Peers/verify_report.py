"""Verifies every WebAuthn ceremony that `aikagi demo --report DIR` leaves behind, with python-fido2 as the relying party.

``DIR/ceremonies/*.json`` each hold one registration or authentication with what the relying party asked for and what the
client returned. Run ``python verify_report.py DIR``; the exit status is 0 only when there is at least one ceremony and
every one of them verifies.
"""

from __future__ import annotations

import datetime
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from fido2 import cbor
from fido2.attestation import AttestationResult, AttestationType, AttestationVerifier, NoneAttestation, PackedAttestation
from fido2.attestation.base import InvalidAttestation
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
)


class ReportError(Exception):
    """A ceremony that does not verify."""


@dataclass
class Outcome:
    """The verdict on one file."""

    name: str
    summary: str = ""
    error: str | None = None


@dataclass
class Verifier:
    """Verifies ceremonies in order and remembers the keys that were registered."""

    keys: dict[bytes, CoseKey] = field(default_factory=dict)

    def verify(self, ceremony: dict) -> str:
        """A one-line summary, or ReportError."""
        try:
            kind = ceremony["kind"]
            if kind == "registration":
                return self._registration(ceremony)
            if kind == "authentication":
                return self._authentication(ceremony)
        except ReportError:
            raise
        except (InvalidAttestation, InvalidSignature) as error:
            raise ReportError(f"attestation: {type(error).__name__} {error}") from error
        except Exception as error:  # any failure to parse is a failure to verify
            raise ReportError(f"{type(error).__name__}: {error}") from error
        raise ReportError(f"unknown kind {kind!r}")

    def _registration(self, ceremony: dict) -> str:
        options = _options(ceremony)
        _require(options["rp"].get("id", ceremony["rpId"]) == ceremony["rpId"], "rpId differs from options.rp.id")
        attestation = AttestationPolicy(ceremony.get("attestationRoot"))
        server = _server(ceremony, attestation)
        wanted = options.get("authenticatorSelection", {}).get("userVerification")
        data = server.register_complete(_state(ceremony, wanted), ceremony["response"])
        credential = data.credential_data
        assert credential is not None
        offered = [entry["alg"] for entry in options["pubKeyCredParams"]]
        _require(credential.public_key.get(3) in offered, "the credential's algorithm was not offered")
        identifier = websafe_decode(ceremony["response"]["rawId"])
        _require(identifier == credential.credential_id, "rawId differs from the credential id")
        excluded = [websafe_decode(entry["id"]) for entry in options.get("excludeCredentials") or []]
        _require(credential.credential_id not in excluded, "an excluded credential was registered")
        _check_convenience_members(ceremony["response"]["response"], data, credential)
        self.keys[credential.credential_id] = credential.public_key
        return f"{attestation.found}, {_flags(data)}"

    def _authentication(self, ceremony: dict) -> str:
        options = _options(ceremony)
        _require(options.get("rpId", ceremony["rpId"]) == ceremony["rpId"], "rpId differs from options.rpId")
        identifier = websafe_decode(ceremony["response"]["rawId"])
        _require(websafe_decode(ceremony["response"]["id"]) == identifier, "id differs from rawId")
        key = self._key(ceremony, identifier)
        allowed = [websafe_decode(entry["id"]) for entry in options.get("allowCredentials") or []]
        _require(not allowed or identifier in allowed, "the credential was not allowed")
        server = _server(ceremony, None)
        credential = AttestedCredentialData.create(bytes(16), identifier, key)
        server.authenticate_complete(_state(ceremony, options.get("userVerification")), [credential], ceremony["response"])
        data = AuthenticatorData(websafe_decode(ceremony["response"]["response"]["authenticatorData"]))
        return f"signature by COSE algorithm {key.get(3)}, {_flags(data)}"

    def _key(self, ceremony: dict, identifier: bytes) -> CoseKey:
        """The key the ceremony names; it must be the one registered earlier in the report, if there was one."""
        registered = self.keys.get(identifier)
        if "credentialPublicKey" not in ceremony:
            _require(registered is not None, "no public key is known for the credential")
            return registered
        key = CoseKey.parse(cbor.decode(websafe_decode(ceremony["credentialPublicKey"])))
        _require(registered is None or dict(registered) == dict(key), "the public key is not the registered one")
        return key


class AttestationPolicy(AttestationVerifier):
    """Accepts "none", packed self attestation, and packed x5c that leads to the given root."""

    def __init__(self, root: str | None):
        super().__init__([NoneAttestation(), PackedAttestation()])
        self._root = x509.load_pem_x509_certificate(root.encode()) if root else None
        self.found = ""

    def ca_lookup(self, attestation_result: AttestationResult, auth_data: AuthenticatorData) -> bytes | None:
        return self._root.public_bytes(Encoding.DER) if self._root else None

    def verify_attestation(self, attestation_object: AttestationObject, client_data_hash: bytes) -> None:
        verifiers = {"none": NoneAttestation(), "packed": PackedAttestation()}
        _require(attestation_object.fmt in verifiers, f"attestation format {attestation_object.fmt!r}")
        result = verifiers[attestation_object.fmt].verify(
            attestation_object.att_stmt, attestation_object.auth_data, client_data_hash
        )
        if result.attestation_type in (AttestationType.NONE, AttestationType.SELF):
            _require(self._root is None, "an attestation root is given but the statement has no certificate")
            self.found = "attestation none" if result.attestation_type == AttestationType.NONE else "packed self attestation"
            return
        _require(self._root is not None, "a certificate is given but no attestation root")
        # python-fido2 checks the signatures along the path; names, dates and the CA flags are checked here.
        super().verify_attestation(attestation_object, client_data_hash)
        self._check_path([x509.load_der_x509_certificate(der) for der in result.trust_path])
        self.found = f"packed attestation by {len(result.trust_path)} certificate(s) and the root"

    def _check_path(self, path: list[x509.Certificate]) -> None:
        assert self._root is not None
        chain = path if path[-1] == self._root else [*path, self._root]
        now = datetime.datetime.now(datetime.timezone.utc)
        for certificate in chain:
            valid = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
            _require(valid, "an attestation certificate is not valid now")
        for certificate, issuer in zip(chain, chain[1:]):
            certificate.verify_directly_issued_by(issuer)
            constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
            _require(constraints.ca, "an attestation certificate was issued by one that is no CA")


def _require(condition: Any, message: str) -> None:
    if not condition:
        raise ReportError(message)


def _options(ceremony: dict) -> dict:
    """The options, which must ask for the challenge the ceremony claims."""
    options = ceremony["options"]
    options = options.get("publicKey", options)
    _require(websafe_decode(options["challenge"]) == websafe_decode(ceremony["challenge"]), "challenge differs from options")
    return options


def _server(ceremony: dict, attestation: AttestationPolicy | None) -> Fido2Server:
    origin = ceremony["origin"]
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=ceremony["rpId"], name=ceremony["rpId"]),
        # The statement in the response is verified whatever conveyance was asked for.
        attestation="direct",  # type: ignore[arg-type]
        verify_origin=lambda seen: seen == origin,
        verify_attestation=attestation,
    )


def _state(ceremony: dict, user_verification: str | None) -> dict:
    return {"challenge": ceremony["challenge"].rstrip("="), "user_verification": user_verification}


def _flags(data: AuthenticatorData) -> str:
    return "UP and UV" if data.is_user_verified() else "UP"


def _check_convenience_members(response: dict, data: AuthenticatorData, credential: AttestedCredentialData) -> None:
    """RegistrationResponseJSON repeats parts of the attestation object; the copies must agree with it."""
    if "authenticatorData" in response:
        _require(websafe_decode(response["authenticatorData"]) == bytes(data), "authenticatorData differs")
    if "publicKeyAlgorithm" in response:
        _require(response["publicKeyAlgorithm"] == credential.public_key.get(3), "publicKeyAlgorithm differs")
    if response.get("publicKey"):
        encoded = websafe_decode(response["publicKey"])
        key = load_der_public_key(encoded)
        same = dict(type(credential.public_key).from_cryptography_key(key)) == dict(credential.public_key)
        _require(same, "publicKey differs")
        canonical = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        _require(canonical == encoded, "publicKey is not plain SubjectPublicKeyInfo")


def credential_of(response: dict) -> AttestedCredentialData:
    """The credential in a RegistrationResponseJSON, not verified."""
    credential = RegistrationResponse.from_dict(response).response.attestation_object.auth_data.credential_data
    assert credential is not None
    return credential


def verify_report(directory: Path) -> list[Outcome]:
    """The verdict on every ceremony, registrations first so that the keys of later authentications are known."""
    outcomes: list[Outcome] = []
    readable: list[tuple[str, dict]] = []
    for file in sorted((directory / "ceremonies").glob("*.json")):
        try:
            readable.append((file.name, json.loads(file.read_text())))
        except ValueError as error:
            outcomes.append(Outcome(file.name, error=f"not JSON: {error}"))
    verifier = Verifier()
    for name, ceremony in sorted(readable, key=lambda item: item[1].get("kind") != "registration"):
        outcome = Outcome(name, f"{ceremony.get('step')} {ceremony.get('kind')}")
        try:
            outcome.summary += f": {verifier.verify(ceremony)}"
        except ReportError as error:
            outcome.error = str(error)
        outcomes.append(outcome)
    return sorted(outcomes, key=lambda outcome: outcome.name)


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: verify_report.py DIR", file=sys.stderr)
        return 2
    outcomes = verify_report(Path(sys.argv[1]))
    for outcome in outcomes:
        print(f"{'FAILED' if outcome.error else 'ok':6} {outcome.name}: {outcome.summary} {outcome.error or ''}".rstrip())
    if not outcomes:
        print("no ceremonies in the report", file=sys.stderr)
    return 0 if outcomes and not any(outcome.error for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
