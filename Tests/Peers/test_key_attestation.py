"""Every way in which ``aikagi key`` vouches for a credential, judged by python-fido2 and py_webauthn under the root it wrote."""

from __future__ import annotations

import hashlib
import json
import os
import stat

import pytest
import webauthn
from browser_run import Place, reason_to_skip, run_below_keys
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fido2.attestation import AttestationVerifier, UntrustedAttestation
from fido2.ctap import CtapError
from fido2.ctap1 import Ctap1
from fido2.ctap2 import Ctap2
from fido2.ctap2.base import AttestationResponse, args
from fido2.ctap2.config import Config
from fido2.webauthn import AttestationObject
from key_doors import device
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import AttestationFormat, COSEAlgorithmIdentifier

RP_ID, ORIGIN = "example.com", "https://example.com"
ES256, EDDSA, ES384, ES512, ES256K, RS256, ML_DSA_44 = -7, -8, -35, -36, -47, -257, -48
UNKNOWN_TO_PY_WEBAUTHN = (ES384, ES256K)
SECURITY_KEY = "9e20a388-9ae5-44c4-8a63-16399c9f9917"


class Trusting(AttestationVerifier):
    """python-fido2's verifier, which trusts one root."""

    def __init__(self, root: bytes):
        super().__init__()
        self.root = root

    def ca_lookup(self, result, auth_data):
        return self.root


class Key:
    """A key at a TCP door, and its root."""

    def __init__(self, workplace, *arguments: str):
        self.file = workplace.directory / "root.pem"
        self.process = workplace.start(
            "key", "--tcp", "0", "--json", "--attestation-root", str(self.file), *arguments
        )
        self.device = device(self.process.event("listening"))
        self.ctap = Ctap2(self.device, strict_cbor=True)
        self.pem = self.file.read_bytes()
        self.root = x509.load_pem_x509_certificate(self.pem)

    @property
    def root_der(self) -> bytes:
        return self.root.public_bytes(Encoding.DER)

    @property
    def algorithms(self) -> list[int]:
        return [entry["alg"] for entry in self.ctap.get_info().algorithms]

    def make(self, algorithm: int = ES256, formats: list[str] | None = None, **more) -> "Made":
        return Made(self, algorithm, formats, **more)


class Made:
    """A registration."""

    def __init__(self, key: Key, algorithm: int, formats: list[str] | None, enterprise: int | None = None):
        self.key = key
        self.challenge = os.urandom(32)
        self.client_data = json.dumps(
            {"type": "webauthn.create", "challenge": bytes_to_base64url(self.challenge), "origin": ORIGIN}
        ).encode()
        self.hash = hashlib.sha256(self.client_data).digest()
        # python-fido2's make_credential does not know the preference.
        request = args(
            self.hash,
            {"id": RP_ID, "name": "Example"},
            {"id": b"user", "name": "user"},
            [{"type": "public-key", "alg": algorithm}],
            *[None] * 5,
            enterprise,
            formats,
        )
        self.response = AttestationResponse.from_dict(key.ctap.send_cbor(Ctap2.CMD.MAKE_CREDENTIAL, request))
        self.object = AttestationObject.create(
            self.response.fmt, self.response.auth_data, self.response.att_stmt or {}
        )
        self.credential = self.response.auth_data.credential_data
        assert self.credential.public_key[3] == algorithm

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.response.att_stmt["x5c"][0])

    def verify_by_fido2(self, root: bytes | None = None) -> None:
        Trusting(root or self.key.root_der).verify_attestation(self.object, self.hash)

    def verify_by_py_webauthn(self, root: bytes | None = None):
        identifier = bytes_to_base64url(self.credential.credential_id)
        return webauthn.verify_registration_response(
            credential={
                "id": identifier,
                "rawId": identifier,
                "type": "public-key",
                "response": {
                    "clientDataJSON": bytes_to_base64url(self.client_data),
                    "attestationObject": bytes_to_base64url(bytes(self.object)),
                },
            },
            expected_challenge=self.challenge,
            expected_rp_id=RP_ID,
            expected_origin=ORIGIN,
            require_user_verification=False,
            supported_pub_key_algs=list(COSEAlgorithmIdentifier),
            pem_root_certs_bytes_by_fmt={AttestationFormat(self.response.fmt): [root or self.key.pem]},
        )

    def verify(self, other_root: x509.Certificate, fido2: bool = True, py_webauthn: bool = True) -> None:
        """By both judges, who take nothing under another root, and nothing that was changed."""
        if fido2:
            self.verify_by_fido2()
            with pytest.raises(UntrustedAttestation):
                self.verify_by_fido2(other_root.public_bytes(Encoding.DER))
        if py_webauthn:
            assert self.verify_by_py_webauthn().fmt == self.response.fmt
            with pytest.raises(webauthn.helpers.exceptions.InvalidRegistrationResponse):
                self.verify_by_py_webauthn(other_root.public_bytes(Encoding.PEM))
        good, self.hash = self.hash, os.urandom(32)
        if fido2:
            with pytest.raises(Exception):
                self.verify_by_fido2()
        self.hash = good


@pytest.fixture(scope="module")
def other_root() -> x509.Certificate:
    """A root that has issued nothing, with the same name as ours: only the signature tells."""
    import datetime

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "ZZ"),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Aikagi"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "Aikagi Attestation Root"),
        ]
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2026, 1, 1))
        .not_valid_after(datetime.datetime(2035, 1, 1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def aaguid(made: Made) -> str:
    return str(made.credential.aaguid)


def test_packed_with_certificates(workplace, other_root):
    key = Key(workplace, "--attestation", "basic", "--algorithms", "es256,eddsa,es384,es512,es256k,rs256,ml-dsa-44")
    info = key.ctap.get_info()
    assert info.attestation_formats == ["packed"]
    for algorithm in key.algorithms:
        made = key.make(algorithm)
        assert made.response.fmt == "packed" and made.response.att_stmt["alg"] == ES256
        assert aaguid(made) == str(info.aaguid) == SECURITY_KEY
        made.verify(other_root, py_webauthn=algorithm not in UNKNOWN_TO_PY_WEBAUTHN)
        assert not any(extension.oid.dotted_string.endswith("45724.1.1.2") for extension in made.leaf.extensions)


def test_fido_u2f(workplace, other_root):
    key = Key(workplace, "--attestation", "fido-u2f")
    assert key.ctap.get_info().attestation_formats == ["fido-u2f"]
    assert key.algorithms == [ES256]
    made = key.make()
    assert set(made.response.att_stmt) == {"sig", "x5c"} and made.response.fmt == "fido-u2f"
    assert aaguid(made) == "00000000-0000-0000-0000-000000000000"
    made.verify(other_root)
    with pytest.raises(CtapError) as refusal:
        key.make(RS256)
    assert refusal.value.code == CtapError.ERR.UNSUPPORTED_ALGORITHM


def test_none(workplace):
    key = Key(workplace, "--attestation", "none")
    made = key.make(RS256)
    assert made.response.fmt == "none" and made.response.att_stmt == {}
    assert made.verify_by_py_webauthn().fmt == "none"


def test_tpm(workplace, other_root):
    key = Key(workplace, "--attestation", "tpm", "--flavour", "platform")
    assert key.algorithms == [ES256, ES384, ES512, RS256]
    for algorithm in key.algorithms:
        made = key.make(algorithm)
        assert made.response.fmt == "tpm" and made.response.att_stmt["ver"] == "2.0"
        made.verify(other_root, py_webauthn=algorithm not in UNKNOWN_TO_PY_WEBAUTHN)


def test_android_key(workplace, other_root):
    key = Key(workplace, "--attestation", "android-key", "--flavour", "phone")
    assert key.algorithms == [ES256, EDDSA, ES384, ES512, RS256]
    for algorithm in key.algorithms:
        made = key.make(algorithm)
        assert made.response.fmt == "android-key" and len(made.response.att_stmt["x5c"]) == 3
        # python-fido2 does not know the format.
        made.verify(other_root, fido2=False, py_webauthn=algorithm not in UNKNOWN_TO_PY_WEBAUTHN)
        signed = bytes(made.response.auth_data) + made.hash
        made.credential.public_key.verify(signed, made.response.att_stmt["sig"])
        chain = [x509.load_der_x509_certificate(certificate) for certificate in made.response.att_stmt["x5c"]]
        for certificate, issuer in zip(chain, chain[1:] + [key.root]):
            certificate.verify_directly_issued_by(issuer)


def test_apple(workplace, other_root):
    key = Key(workplace, "--attestation", "apple", "--flavour", "phone")
    assert key.algorithms == [ES256]
    made = key.make()
    assert set(made.response.att_stmt) == {"x5c"} and made.response.fmt == "apple"
    made.verify(other_root)


def test_the_platform_prefers_one_of_several(workplace):
    key = Key(workplace, "--attestation", "fido-u2f,self,tpm")
    assert key.ctap.get_info().attestation_formats == ["fido-u2f", "packed", "tpm"]
    assert key.algorithms == [ES256, EDDSA, ES384, ES512, ES256K, RS256]
    for algorithm, preference, expected in [
        (ES256, None, "fido-u2f"),
        (ES256, [], "fido-u2f"),
        (ES256, ["apple"], "fido-u2f"),
        (ES256, ["apple", "tpm", "packed"], "tpm"),
        (ES256, ["packed", "tpm"], "packed"),
        (ES256, ["none", "tpm"], "none"),
        # What cannot vouch for the algorithm is passed over.
        (RS256, None, "packed"),
        (RS256, ["fido-u2f"], "packed"),
        (EDDSA, ["tpm", "fido-u2f"], "packed"),
        (RS256, ["tpm"], "tpm"),
    ]:
        assert key.make(algorithm, preference).response.fmt == expected, (algorithm, preference)


def test_enterprise(workplace, other_root):
    key = Key(workplace, "--enterprise", RP_ID, "--enterprise", "b.example")
    assert key.ctap.get_info().options["ep"] is False
    with pytest.raises(CtapError) as refusal:
        key.make(enterprise=1)
    assert refusal.value.code == CtapError.ERR.INVALID_PARAMETER
    Config(key.ctap).enable_enterprise_attestation()
    assert key.ctap.get_info().options["ep"] is True
    for kind in (1, 2):
        made = key.make(RS256, enterprise=kind)
        assert made.response.ep_att is True
        made.verify(other_root)
        [serial] = [e for e in made.leaf.extensions if e.oid.dotted_string == "1.3.6.1.4.1.45724.1.1.2"]
        assert len(serial.value.value) == 10
    # Who does not ask for it gets what everybody gets.
    assert "x5c" not in key.make().response.att_stmt


def test_enterprise_for_others_is_the_platform_s_kind_only(workplace):
    key = Key(workplace, "--enterprise", "b.example")
    Config(key.ctap).enable_enterprise_attestation()
    assert not key.make(enterprise=1).response.ep_att
    assert key.make(enterprise=2).response.ep_att is True


def test_u2f_registrations_have_the_same_root(workplace):
    key = Key(workplace)
    registration = Ctap1(key.device).register(bytes(32), hashlib.sha256(RP_ID.encode()).digest())
    x509.load_der_x509_certificate(registration.certificate).verify_directly_issued_by(key.root)


def test_the_root_stays_with_the_store_and_foreign_files_are_left_alone(workplace):
    store = str(workplace.directory / "key.sqlite")
    first = Key(workplace, "--store", store, "--attestation", "basic", "--enterprise", RP_ID)
    Config(first.ctap).enable_enterprise_attestation()
    serial = [e.value for e in first.make(enterprise=2).leaf.extensions][-2]
    assert stat.S_ISREG(first.file.stat().st_mode)
    first.process.end()
    second = Key(workplace, "--store", store, "--attestation", "basic,android-key", "--enterprise", RP_ID)
    assert second.pem == first.pem
    second.make().verify_by_py_webauthn(first.pem)
    second.make(formats=["android-key"]).verify_by_py_webauthn(first.pem)
    again = second.make(enterprise=2)
    again.verify_by_py_webauthn(first.pem)
    assert serial in [e.value for e in again.leaf.extensions]
    for content in (b"my diary", b"", first.pem + b"and more\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        precious = workplace.directory / "precious"
        precious.write_bytes(content)
        refused = workplace.start("key", "--tcp", "0", "--json", "--attestation-root", str(precious))
        refused.assert_fails(60)
        assert precious.read_bytes() == content


def beside_the_keys() -> None:
    """What the program does that sees the keys of ``aikagi with``: makes a credential with each, and says what it got."""
    from fido2.hid import CtapHidDevice

    for found in CtapHidDevice.list_devices():
        ctap = Ctap2(found, strict_cbor=True)
        made = ctap.make_credential(
            bytes(32), {"id": RP_ID, "name": "Example"}, {"id": b"user"}, [{"type": "public-key", "alg": ES256}]
        )
        line = {
            "key": found.descriptor.product_name,
            "formats": ctap.info.attestation_formats,
            "algorithms": [entry["alg"] for entry in ctap.info.algorithms],
            "format": made.fmt,
            "certificate": made.att_stmt["x5c"][0].hex(),
        }
        print(json.dumps(line), flush=True)


@pytest.mark.skipif(reason_to_skip(keys=True) is not None, reason=str(reason_to_skip(keys=True)))
def test_keys_that_programs_see(tmp_path):
    place = Place()
    file = tmp_path / "roots.pem"
    keys = ["platform,name=a,attestation=tpm+self", "name=b,attestation=fido-u2f+basic,algorithms=es256+rs256"]
    try:
        options = ["--attestation-root", str(file), *(part for key in keys for part in ("--key", key))]
        run = run_below_keys(place, options, __file__)
        assert run.returncode == 0, run.stderr
    finally:
        place.close()
    told = {line["key"]: line for line in map(json.loads, run.stdout.splitlines())}
    roots = x509.load_pem_x509_certificates(file.read_bytes())
    assert (told["a"]["formats"], told["a"]["format"]) == (["tpm", "packed"], "tpm")
    assert (told["b"]["formats"], told["b"]["format"]) == (["fido-u2f", "packed"], "fido-u2f")
    assert told["b"]["algorithms"] == [ES256, RS256] and EDDSA in told["a"]["algorithms"]
    for name, root in zip("ab", roots, strict=True):
        x509.load_der_x509_certificate(bytes.fromhex(told[name]["certificate"])).verify_directly_issued_by(root)


def test_nothing_to_offer(workplace):
    """A key that can make no credential does not start."""
    process = workplace.start("key", "--tcp", "0", "--algorithms", "ml-dsa-44", "--attestation", "apple")
    process.assert_fails()
    assert "can vouch for a key of these --algorithms" in process.stderr


if __name__ == "__main__":
    beside_the_keys()
