"""Two independent relying parties, python-fido2 and py_webauthn, as judges of ceremonies in the form of files."""

from __future__ import annotations

from typing import Callable

import webauthn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fido2 import attestation, cbor
from fido2.attestation import AttestationResult, AttestationType, AttestationVerifier
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData, PublicKeyCredentialRpEntity
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import AttestationFormat


class _Verifier(AttestationVerifier):
    """Every format that python-fido2 has; certificates must lead to the ceremony's root."""

    def __init__(self, root: str | None):
        super().__init__([
            attestation.NoneAttestation(), attestation.PackedAttestation(), attestation.FidoU2FAttestation(),
            attestation.TpmAttestation(), attestation.AndroidSafetynetAttestation(), attestation.AppleAttestation()])
        self._root = root and x509.load_pem_x509_certificate(root.encode()).public_bytes(Encoding.DER)

    def ca_lookup(self, attestation_result: AttestationResult, auth_data: AuthenticatorData) -> bytes | None:
        return self._root

    def verify_attestation(self, attestation_object, client_data_hash) -> None:
        statement = attestation_object.att_stmt
        if self._root is None and "x5c" not in statement:
            kinds = {"none": attestation.NoneAttestation, "packed": attestation.PackedAttestation}
            result = kinds[attestation_object.fmt]().verify(statement, attestation_object.auth_data, client_data_hash)
            assert result.attestation_type in (AttestationType.NONE, AttestationType.SELF)
            return
        super().verify_attestation(attestation_object, client_data_hash)


def fido2_registration(ceremony: dict) -> None:
    """Raises when python-fido2 refuses a registration."""
    server = _server(ceremony)
    wanted = ceremony["options"]["authenticatorSelection"]["userVerification"]
    data = server.register_complete({"challenge": ceremony["challenge"], "user_verification": wanted}, ceremony["response"])
    # What python-fido2 leaves to its caller.
    assert data.credential_data is not None
    assert websafe_decode(ceremony["response"]["rawId"]) == data.credential_data.credential_id
    assert data.credential_data.public_key[3] in [entry["alg"] for entry in ceremony["options"]["pubKeyCredParams"]]


def fido2_authentication(ceremony: dict) -> None:
    """Raises when python-fido2 refuses an authentication."""
    key = CoseKey.parse(cbor.decode(websafe_decode(ceremony["credentialPublicKey"])))
    allowed = [websafe_decode(entry["id"]) for entry in ceremony["options"]["allowCredentials"]]
    credentials = [AttestedCredentialData.create(bytes(16), identifier, key) for identifier in allowed]
    state = {"challenge": ceremony["challenge"], "user_verification": ceremony["options"]["userVerification"]}
    _server(ceremony).authenticate_complete(state, credentials, ceremony["response"])


def _server(ceremony: dict) -> Fido2Server:
    return Fido2Server(
        PublicKeyCredentialRpEntity(id=ceremony["rpId"], name=ceremony["rpId"]), attestation="direct",  # type: ignore[arg-type]
        verify_origin=lambda origin: origin == ceremony["origin"],
        verify_attestation=_Verifier(ceremony.get("attestationRoot")))


def webauthn_registration(ceremony: dict) -> None:
    """Raises when py_webauthn refuses a registration."""
    root = ceremony.get("attestationRoot")
    webauthn.verify_registration_response(
        credential=ceremony["response"], expected_challenge=websafe_decode(ceremony["challenge"]),
        expected_rp_id=ceremony["rpId"], expected_origin=ceremony["origin"],
        require_user_verification=ceremony["options"]["authenticatorSelection"]["userVerification"] == "required",
        supported_pub_key_algs=[
            algorithm for algorithm in COSEAlgorithmIdentifier
            if algorithm in [entry["alg"] for entry in ceremony["options"]["pubKeyCredParams"]]],
        pem_root_certs_bytes_by_fmt={kind: [root.encode()] for kind in AttestationFormat} if root else None)


def webauthn_authentication(ceremony: dict) -> None:
    """Raises when py_webauthn refuses an authentication."""
    webauthn.verify_authentication_response(
        credential=ceremony["response"], expected_challenge=websafe_decode(ceremony["challenge"]),
        expected_rp_id=ceremony["rpId"], expected_origin=ceremony["origin"],
        credential_public_key=websafe_decode(ceremony["credentialPublicKey"]),
        credential_current_sign_count=ceremony["signatureCounter"],
        require_user_verification=ceremony["options"]["userVerification"] == "required")


JUDGES: dict[str, dict[str, Callable[[dict], None]]] = {
    "fido2": {"registration": fido2_registration, "authentication": fido2_authentication},
    "webauthn": {"registration": webauthn_registration, "authentication": webauthn_authentication},
}


def refusal(judge: str, ceremony: dict) -> str | None:
    """Why a judge refuses a ceremony, or None."""
    try:
        JUDGES[judge][ceremony["kind"]](ceremony)
    except Exception as error:  # any failure to parse is a refusal
        return f"{type(error).__name__}: {error}"
    return None
