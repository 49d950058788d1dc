"""Vectors for the PIN/UV auth protocols and for the pseudo-random function of a credential, computed with `cryptography`
alone from CTAP 2.3 §6.5.6, §6.5.7 and §12 (hmac-secret). As a command it prints what the Swift tests carry as fixed bytes."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

AUTHENTICATOR_KEY = bytes(range(0x01, 0x21))
PLATFORM_KEY = bytes(range(0x41, 0x61))
CREDENTIAL_KEY = bytes(range(0x81, 0xA1))
SALTS = [bytes([0xA5]) * 32, bytes([0x5A]) * 32]
#: Protocol two draws its initialization vector; the vectors need a fixed one.
VECTOR = bytes(range(0xF0, 0x100))


def private_key(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())


def point(scalar: bytes) -> bytes:
    """x ‖ y of the public key."""
    numbers = private_key(scalar).public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def hkdf(secret: bytes, info: bytes, salt: bytes | None) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info).derive(secret)


def shared_secret(protocol: int) -> bytes:
    """32 bytes (protocol one) or HMAC key ‖ AES key (protocol two)."""
    z = private_key(PLATFORM_KEY).exchange(ec.ECDH(), private_key(AUTHENTICATOR_KEY).public_key())
    if protocol == 1:
        return hashlib.sha256(z).digest()
    return hkdf(z, b"CTAP2 HMAC key", bytes(32)) + hkdf(z, b"CTAP2 AES key", bytes(32))


def encrypt(protocol: int, plaintext: bytes) -> bytes:
    vector = bytes(16) if protocol == 1 else VECTOR
    encryptor = Cipher(algorithms.AES(shared_secret(protocol)[-32:]), modes.CBC(vector)).encryptor()
    ciphertext = encryptor.update(plaintext) + encryptor.finalize()
    return ciphertext if protocol == 1 else vector + ciphertext


def authenticate(protocol: int, message: bytes) -> bytes:
    code = hmac.new(shared_secret(protocol)[:32], message, hashlib.sha256).digest()
    return code[:16] if protocol == 1 else code


def results(is_user_verified: bool) -> list[bytes]:
    """What the credential's pseudo-random function makes of the salts; its key's derivation is this project's own."""
    info = b"Aikagi CredRandom " + (b"with UV" if is_user_verified else b"without UV")
    key = hkdf(CREDENTIAL_KEY, info, None)
    return [hmac.new(key, salt, hashlib.sha256).digest() for salt in SALTS]


def main() -> None:
    print("authenticator point", point(AUTHENTICATOR_KEY).hex())
    print("platform point", point(PLATFORM_KEY).hex())
    for protocol in (1, 2):
        for count in (1, 2):
            salt_enc = encrypt(protocol, b"".join(SALTS[:count]))
            print(f"protocol {protocol}, {count} salts: saltEnc", salt_enc.hex())
            print(f"protocol {protocol}, {count} salts: saltAuth", authenticate(protocol, salt_enc).hex())
    for is_user_verified in (True, False):
        print(f"UV {is_user_verified}:", " ".join(value.hex() for value in results(is_user_verified)))


if __name__ == "__main__":
    main()
