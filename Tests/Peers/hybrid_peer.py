"""An independent model of the CTAP hybrid transport, both roles, for testing.

Written from the protocol notes only and never from the project's Swift sources: agreement between the two is evidence
because neither was derived from the other. It speaks the WebSocket tunnel and the loop-back radio (Unix datagram sockets).

"PC" is the client platform that shows the QR code (Noise initiator); "phone" is the authenticator that scans it.
Run ``python hybrid_peer.py pc …`` or ``python hybrid_peer.py phone …`` to use a role by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import functools
import hashlib
import hmac
import json
import os
import secrets
import socket
import ssl
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Coroutine

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fido2 import cbor
from fido2.cose import ES256
from websockets.asyncio.client import ClientConnection, connect as websocket_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

CURVE = ec.SECP256R1()


class ProtocolError(Exception):
    """The other side, or the input, broke the protocol."""


class PeerClosed(ProtocolError):
    """The other side went away before the ceremony was complete."""


class DeliberateStop(Exception):
    """Raised by a quirk that stops here on purpose, after the connection was closed."""


# --------------------------------------------------------------------------------------------------------------------
# QR code


class QRError(ProtocolError):
    """A QR payload that must be refused; ``reason`` says which rule it broke."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


CHUNK_BYTES = 7
CHUNK_DIGITS = 17
TAIL_DIGITS = {1: 3, 2: 5, 3: 8, 4: 10, 5: 13, 6: 15}


def encode_digits(data: bytes) -> str:
    """Seven bytes at a time as little-endian integers of fixed decimal width."""
    parts = []
    for start in range(0, len(data), CHUNK_BYTES):
        chunk = data[start : start + CHUNK_BYTES]
        width = TAIL_DIGITS.get(len(chunk), CHUNK_DIGITS)
        parts.append(str(int.from_bytes(chunk, "little")).zfill(width))
    return "".join(parts)


def decode_digits(text: str) -> bytes:
    """The inverse of ``encode_digits``; only ASCII digits count, whatever ``str.isdigit`` would say."""
    if any(character not in "0123456789" for character in text):
        raise QRError("digit")
    sizes = {digits: count for count, digits in TAIL_DIGITS.items()}
    data = b""
    for start in range(0, len(text), CHUNK_DIGITS):
        group = text[start : start + CHUNK_DIGITS]
        size = CHUNK_BYTES if len(group) == CHUNK_DIGITS else sizes.get(len(group))
        if size is None:
            raise QRError("length")
        value = int(group)
        if value >= 256**size:
            raise QRError("range")
        data += value.to_bytes(size, "little")
    return data


@dataclass
class QRCode:
    """The contents of a QR code, as far as a hybrid peer uses them."""

    client_key: ec.EllipticCurvePublicKey
    secret: bytes
    known_domains: int = 0
    supports_linking: bool | None = None
    hint: str = "ga"
    channels: list[int] = field(default_factory=lambda: [0])
    items: dict = field(default_factory=dict)


def encode_qr(client_key: ec.EllipticCurvePublicKey, secret: bytes, hint: str, channels: list[int] | None = None) -> str:
    items: dict[int, Any] = {
        0: client_key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
        1: secret,
        2: 2,
        3: int(time.time()),
        4: False,
        5: hint,
    }
    if channels is not None:
        items[6] = channels
    return "FIDO:/" + encode_digits(cbor.encode(items))


def parse_qr(url: str) -> QRCode:
    if url[:6].upper() != "FIDO:/":
        raise QRError("prefix")
    if len(url) == 6:
        raise QRError("empty payload")
    payload = decode_digits(url[6:])
    try:
        items, rest = cbor.decode_from(payload)
    except Exception as error:
        raise QRError(f"cbor: {error}") from error
    if rest or not isinstance(items, dict):
        raise QRError("cbor: not exactly one map")
    key, secret = items.get(0), items.get(1)
    if not isinstance(key, bytes) or len(key) != 33:
        raise QRError("client key")
    if not isinstance(secret, bytes) or len(secret) != 16:
        raise QRError("secret")
    try:
        client_key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key)
    except ValueError as error:
        raise QRError("client key") from error
    known = items.get(2, 0)
    if not isinstance(known, int) or isinstance(known, bool):
        raise QRError("known domains")
    linking = items.get(4)
    if linking is not None and not isinstance(linking, bool):
        raise QRError("linking flag")
    hint = items.get(5, "ga")
    if not isinstance(hint, str):
        raise QRError("hint")
    channels = items.get(6)
    usable = isinstance(channels, list) and channels and all(type(channel) is int for channel in channels)
    return QRCode(
        client_key=client_key,
        secret=secret,
        known_domains=known,
        supports_linking=linking,
        hint=hint if hint in ("ga", "mc", "dcp", "dci") else "ga",
        channels=channels if usable else [0],
        items=items,
    )


# --------------------------------------------------------------------------------------------------------------------
# Key schedule and tunnel domains

EID_KEY, TUNNEL_ID, PSK, PAIRED_SECRET, IDENTITY_SEED, CONTACT_SECRET = 1, 2, 3, 4, 5, 6


def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def derive(secret: bytes, salt: bytes, purpose: int, length: int) -> bytes:
    return hkdf(salt, secret, purpose.to_bytes(4, "little"), length)


def domain_name(domain: int) -> str | None:
    """The tunnel service's host for a domain id; None for the ids nobody was assigned."""
    if domain < 256:
        return {0: "cable.ua5v.com", 1: "cable.auth.com"}.get(domain)
    digest = hashlib.sha256(b"caBLEv2 tunnel server domain" + domain.to_bytes(2, "little") + b"\0").digest()
    value = int.from_bytes(digest[:8], "little")
    suffix = (".com", ".org", ".net", ".info")[value & 3]
    value >>= 2
    label = ""
    while value:
        label += "abcdefghijklmnopqrstuvwxyz234567"[value & 31]
        value >>= 5
    return f"cable.{label}{suffix}"


# --------------------------------------------------------------------------------------------------------------------
# BLE advert

SERVICE_UUID = 0xFFF9
LEGACY_SERVICE_UUID = 0xFDE2
ADVERT_BYTES = 20


@dataclass(frozen=True)
class EID:
    """The decrypted contents of an advert."""

    nonce: bytes
    routing_id: bytes
    domain: int

    def encode(self) -> bytes:
        return b"\0" + self.nonce + self.routing_id + self.domain.to_bytes(2, "little")

    @classmethod
    def decode(cls, plaintext: bytes) -> EID | None:
        if len(plaintext) != 16 or plaintext[0] != 0:
            return None
        domain = int.from_bytes(plaintext[14:16], "little")
        if domain_name(domain) is None:
            return None
        return cls(plaintext[1:11], plaintext[11:14], domain)


def _advert_tag(eid_key: bytes, ciphertext: bytes) -> bytes:
    return hmac.digest(eid_key[32:64], ciphertext, "sha256")[:4]


def seal_advert(eid_key: bytes, plaintext: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(eid_key[:32]), modes.ECB()).encryptor()
    ciphertext = encryptor.update(plaintext) + encryptor.finalize()
    return ciphertext + _advert_tag(eid_key, ciphertext)


def open_advert(eid_key: bytes, service_data: bytes) -> EID | None:
    """The advert's contents when it was made with this key; anything after 20 bytes is an unauthenticated suffix."""
    if len(service_data) < ADVERT_BYTES:
        return None
    ciphertext, tag = service_data[:16], service_data[16:20]
    if not hmac.compare_digest(tag, _advert_tag(eid_key, ciphertext)):
        return None
    decryptor = Cipher(algorithms.AES(eid_key[:32]), modes.ECB()).decryptor()
    return EID.decode(decryptor.update(ciphertext) + decryptor.finalize())


def parse_suffix(suffix: bytes) -> int | None:
    """The L2CAP PSM of an advert suffix; None when it offers no usable BLE channel, ProtocolError when it is no map."""
    try:
        channels, _ = cbor.decode_from(suffix)
    except Exception as error:
        raise ProtocolError("suffix is not CBOR") from error
    if not isinstance(channels, dict):
        raise ProtocolError("suffix is not a map")
    psm = channels.get(1)
    return psm if type(psm) is int and 0 <= psm <= 0xFFFF else None


def advertising_data(service_data: bytes, uuid: int = SERVICE_UUID) -> bytes:
    """A "service data, 16-bit UUID" AD structure."""
    return bytes([len(service_data) + 3, 0x16]) + uuid.to_bytes(2, "little") + service_data


def service_data(advertisement: bytes) -> bytes | None:
    """The hybrid service data among a packet's AD structures."""
    while len(advertisement) >= 2:
        length = advertisement[0]
        if length == 0 or length + 1 > len(advertisement):
            return None
        body, advertisement = advertisement[1 : length + 1], advertisement[length + 1 :]
        if len(body) >= 3 and body[0] == 0x16:
            if int.from_bytes(body[1:3], "little") in (SERVICE_UUID, LEGACY_SERVICE_UUID):
                return body[3:]
    return None


# --------------------------------------------------------------------------------------------------------------------
# Noise

HANDSHAKE_BYTES = 81
PRIVATE_KEY = ec.EllipticCurvePrivateKey
PUBLIC_KEY = ec.EllipticCurvePublicKey


def new_key() -> PRIVATE_KEY:
    return ec.generate_private_key(CURVE)


def uncompressed(key: PUBLIC_KEY) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def ecdh(private: PRIVATE_KEY, public: PUBLIC_KEY) -> bytes:
    return private.exchange(ec.ECDH(), public)


@dataclass(frozen=True)
class SessionKeys:
    """What a finished handshake yields."""

    pc_to_phone: bytes
    phone_to_pc: bytes
    handshake_hash: bytes


class NoiseState:
    """The symmetric state of one Noise handshake."""

    def __init__(self, pattern: str, known_key: PUBLIC_KEY, psk: bytes):
        self.hash = self.chain = f"Noise_{pattern}psk0_P256_AESGCM_SHA256".encode().ljust(32, b"\0")
        self.key = b""
        self.mix_hash({"KN": b"\x01", "NK": b"\x00"}[pattern])
        self.mix_hash(uncompressed(known_key))
        out = hkdf(self.chain, psk, b"", 96)
        self.chain, self.key = out[:32], out[64:]
        self.mix_hash(out[32:64])

    def mix_hash(self, data: bytes) -> None:
        self.hash = hashlib.sha256(self.hash + data).digest()

    def mix_key(self, secret: bytes) -> None:
        out = hkdf(self.chain, secret, b"", 64)
        self.chain, self.key = out[:32], out[32:]

    def mix_ephemeral(self, point: bytes) -> None:
        """With a psk, Noise mixes an ephemeral key into the chain as well as into the hash."""
        self.mix_hash(point)
        self.mix_key(point)

    def seal_empty(self) -> bytes:
        """Encrypts the empty payload. Each key is used once, so the nonce is always zero."""
        ciphertext = AESGCM(self.key).encrypt(bytes(12), b"", self.hash)
        self.mix_hash(ciphertext)
        return ciphertext

    def open_empty(self, ciphertext: bytes) -> None:
        try:
            payload = AESGCM(self.key).decrypt(bytes(12), ciphertext, self.hash)
        except InvalidTag as error:
            raise ProtocolError("handshake message does not authenticate") from error
        if payload:
            raise ProtocolError("handshake message carries a payload")
        self.mix_hash(ciphertext)

    def split(self) -> SessionKeys:
        out = hkdf(self.chain, b"", b"", 64)
        return SessionKeys(out[:32], out[32:], self.hash)


def _read_ephemeral(message: bytes) -> PUBLIC_KEY:
    if len(message) != HANDSHAKE_BYTES:
        raise ProtocolError(f"handshake message of {len(message)} bytes instead of {HANDSHAKE_BYTES}")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, message[:65])
    except ValueError as error:
        raise ProtocolError("handshake message holds no point of the curve") from error


class Initiator:
    """The PC's half of the handshake: KN with its own QR key, or NK with a linked phone's identity key."""

    def __init__(
        self,
        psk: bytes,
        identity: PRIVATE_KEY | None = None,
        phone_identity: PUBLIC_KEY | None = None,
        ephemeral: PRIVATE_KEY | None = None,
    ):
        self._identity = identity
        self._ephemeral = ephemeral or new_key()
        if identity is not None:
            self._state = NoiseState("KN", identity.public_key(), psk)
        else:
            assert phone_identity is not None
            self._state = NoiseState("NK", phone_identity, psk)
        point = uncompressed(self._ephemeral.public_key())
        self._state.mix_ephemeral(point)
        if phone_identity is not None:
            self._state.mix_key(ecdh(self._ephemeral, phone_identity))
        self.message1 = point + self._state.seal_empty()

    def finish(self, message2: bytes) -> SessionKeys:
        theirs = _read_ephemeral(message2)
        self._state.mix_ephemeral(message2[:65])
        self._state.mix_key(ecdh(self._ephemeral, theirs))
        if self._identity is not None:
            self._state.mix_key(ecdh(self._identity, theirs))
        self._state.open_empty(message2[65:])
        return self._state.split()


def respond(
    message1: bytes,
    psk: bytes,
    pc_identity: PUBLIC_KEY | None = None,
    identity: PRIVATE_KEY | None = None,
    ephemeral: PRIVATE_KEY | None = None,
) -> tuple[bytes, SessionKeys]:
    """The phone's half: message 2 and the keys. KN when the PC's identity is known, NK when the phone's own is used."""
    theirs = _read_ephemeral(message1)
    ephemeral = ephemeral or new_key()
    if pc_identity is not None:
        state = NoiseState("KN", pc_identity, psk)
    else:
        assert identity is not None
        state = NoiseState("NK", identity.public_key(), psk)
    state.mix_ephemeral(message1[:65])
    if identity is not None:
        state.mix_key(ecdh(identity, theirs))
    state.open_empty(message1[65:])
    point = uncompressed(ephemeral.public_key())
    state.mix_ephemeral(point)
    state.mix_key(ecdh(ephemeral, theirs))
    if pc_identity is not None:
        state.mix_key(ecdh(ephemeral, pc_identity))
    return point + state.seal_empty(), state.split()


# --------------------------------------------------------------------------------------------------------------------
# Transport encryption

PADDING = 32


def pad(message: bytes) -> bytes:
    zeros = PADDING - 1 - len(message) % PADDING
    return message + bytes(zeros) + bytes([zeros])


def unpad(padded: bytes) -> bytes:
    if not padded or padded[-1] + 1 > len(padded):
        raise ProtocolError("impossible padding")
    return padded[: len(padded) - padded[-1] - 1]


class Encryptor:
    """One direction of the encrypted channel, with its message counter."""

    def __init__(self, key: bytes, counter: int = 0):
        self._aead = AESGCM(key)
        self._counter = counter

    def _nonce(self) -> bytes:
        nonce = bytes(8) + self._counter.to_bytes(4, "big")
        self._counter += 1
        return nonce

    def seal(self, message: bytes) -> bytes:
        return self.seal_padded(pad(message))

    def seal_padded(self, padded: bytes) -> bytes:
        """For padding other than our own: it is the sender's choice and receivers have to cope."""
        return self._aead.encrypt(self._nonce(), padded, None)

    def open(self, ciphertext: bytes) -> bytes:
        try:
            return unpad(self._aead.decrypt(self._nonce(), ciphertext, None))
        except InvalidTag as error:
            raise ProtocolError("message does not authenticate") from error


# --------------------------------------------------------------------------------------------------------------------
# Messages

SHUTDOWN, CTAP, UPDATE, JSON = 0, 1, 2, 3
MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO = 0x01, 0x02, 0x04

STATUS_SUCCESS = 0x00
STATUS_INVALID_COMMAND = 0x01
STATUS_INVALID_CBOR = 0x12
STATUS_MISSING_PARAMETER = 0x14
STATUS_CREDENTIAL_EXCLUDED = 0x19
STATUS_UNSUPPORTED_ALGORITHM = 0x26
STATUS_OPERATION_DENIED = 0x27
STATUS_NO_CREDENTIALS = 0x2E


class CTAPStatus(Exception):
    """A CTAP status other than success."""

    def __init__(self, status: int):
        super().__init__(f"CTAP status 0x{status:02x}")
        self.status = status


def encode_post_handshake(info: dict, features: list[str] | None) -> bytes:
    message: dict[int, Any] = {1: cbor.encode(info)}
    if features is not None:
        message[3] = features
    return cbor.encode(message)


def parse_post_handshake(message: bytes) -> tuple[dict, list[str]]:
    """The phone's getInfo and features."""
    try:
        items = cbor.decode(message)
        info = cbor.decode(items[1])
    except Exception as error:
        raise ProtocolError("unusable post-handshake message") from error
    features = items.get(3, ["ctap"])
    if not isinstance(info, dict) or "ctap" not in features:
        raise ProtocolError("the phone offers no CTAP")
    return info, features


def linking_signature(private: PRIVATE_KEY, public: PUBLIC_KEY, handshake_hash: bytes) -> bytes:
    """Proves to the QR code's owner that the phone holds the identity key it offers for linking."""
    return hmac.digest(ecdh(private, public), handshake_hash, "sha256")


# --------------------------------------------------------------------------------------------------------------------
# Loop-back radio

ADVERT_INTERVAL = 0.1


class Scanner:
    """A receiver on the loop-back radio: a bound datagram socket, removed when closed."""

    def __init__(self, radio: Path):
        self.path = radio / f"scanner-{os.getpid()}-{secrets.token_hex(4)}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))

    def receive(self, timeout: float) -> bytes:
        self._socket.settimeout(max(timeout, 0.001))
        return self._socket.recv(512)

    def close(self) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)


class Advertiser:
    """Sends packets to every scanner at once and then every 100 ms until stopped."""

    def __init__(self, radio: Path, packets: list[bytes]):
        self._radio = radio
        self._packets = packets
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            while not self._stop.is_set():
                for scanner in self._radio.glob("scanner-*.sock"):
                    for packet in self._packets:
                        try:
                            sender.sendto(packet, str(scanner))
                        except OSError as error:
                            # Radio is lossy: a full, dead or vanished receiver is no error of the sender.
                            if error.errno not in (errno.ECONNREFUSED, errno.ENOENT, errno.EAGAIN, errno.ENOBUFS):
                                raise
                self._stop.wait(ADVERT_INTERVAL)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


# --------------------------------------------------------------------------------------------------------------------
# Tunnel

SUBPROTOCOL = "fido.cable"
ROUTING_HEADER = "X-caBLE-Routing-ID"
MAXIMUM_MESSAGE = 1 << 20


@dataclass(frozen=True)
class Surroundings:
    """Where the peers of one test meet."""

    radio: Path
    tunnel: tuple[str, int]
    tunnel_ca: Path


class BackgroundLoop:
    """An asyncio loop in a thread, for blocking callers.

    The blocking WebSocket client is no alternative: it reads and writes one TLS socket from two threads, which Python's
    ssl module only supports from 3.13 on, and now and then fails with "internal error" before that.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


@functools.cache
def background_loop() -> BackgroundLoop:
    return BackgroundLoop()


class Tunnel:
    """A WebSocket to a tunnel service: connects to a given address yet verifies the domain's name."""

    def __init__(
        self, surroundings: Surroundings, domain: int, path: str, timeout: float = 10, subprotocol: str | None = SUBPROTOCOL
    ):
        self._run = background_loop().run
        self._socket: ClientConnection = self._run(self._open(surroundings, domain, path, timeout, subprotocol))
        if self._socket.subprotocol != SUBPROTOCOL:
            self.close()
            raise ProtocolError("the tunnel service did not accept the subprotocol")

    @staticmethod
    async def _open(
        surroundings: Surroundings, domain: int, path: str, timeout: float, subprotocol: str | None
    ) -> ClientConnection:
        name = domain_name(domain)
        host, port = surroundings.tunnel
        return await websocket_connect(
            f"wss://{name}{path}",
            host=host,
            port=port,
            ssl=ssl.create_default_context(cafile=str(surroundings.tunnel_ca)),
            server_hostname=name,
            origin=f"wss://{name}",  # type: ignore[arg-type]
            subprotocols=[subprotocol] if subprotocol else None,  # type: ignore[list-item]
            compression=None,
            proxy=None,
            open_timeout=timeout,
            close_timeout=2,
            max_size=MAXIMUM_MESSAGE,
        )

    @property
    def routing_id(self) -> bytes:
        assert self._socket.response is not None
        value = self._socket.response.headers.get(ROUTING_HEADER, "")
        try:
            routing_id = bytes.fromhex(value)
        except ValueError as error:
            raise ProtocolError("routing id is not hexadecimal") from error
        if len(routing_id) != 3:
            raise ProtocolError("routing id is not three bytes")
        return routing_id

    def _send(self, message: str | bytes | list[bytes]) -> None:
        try:
            self._run(self._socket.send(message))
        except ConnectionClosed as error:
            raise PeerClosed(str(error)) from error

    def send(self, message: bytes, fragmented: bool = False) -> None:
        self._send([message[:10], message[10:]] if fragmented else message)

    def send_text(self, text: str) -> None:
        self._send(text)

    def receive(self, timeout: float) -> bytes:
        try:
            message = self._run(asyncio.wait_for(self._socket.recv(), timeout))
        except ConnectionClosed as error:
            raise PeerClosed(str(error)) from error
        if isinstance(message, str):
            raise ProtocolError("text frame")
        if not message:
            raise ProtocolError("empty message")
        return message

    def close(self) -> None:
        self._run(self._socket.close())


class Session:
    """A tunnel whose handshake is finished: encrypted messages, with the quirks a role may want to apply."""

    def __init__(self, tunnel: Tunnel, sending: bytes, receiving: bytes, keys: SessionKeys, fragmented: bool = False):
        self.tunnel = tunnel
        self.keys = keys
        self._encryptor = Encryptor(sending)
        self._decryptor = Encryptor(receiving)
        self._fragmented = fragmented

    def send(self, message: bytes) -> None:
        self.tunnel.send(self._encryptor.seal(message), self._fragmented)

    def send_padded(self, padded: bytes) -> None:
        self.tunnel.send(self._encryptor.seal_padded(padded), self._fragmented)

    def receive(self, timeout: float) -> bytes:
        return self._decryptor.open(self.tunnel.receive(timeout))

    def receive_typed(self, timeout: float) -> tuple[int, bytes]:
        message = self.receive(timeout)
        if not message:
            raise ProtocolError("message without a type byte")
        return message[0], message[1:]


# --------------------------------------------------------------------------------------------------------------------
# Quirks: what a peer does differently from the plain protocol

#: Legal or historical variations of a PC: a phone has to serve it all the same.
PC_TOLERATED = (
    "upper-case",  # hexadecimal in the tunnel URL as Chromium writes it
    "no-shutdown",  # closes without a shutdown message
    "offers-ble",  # QR key 6 = [0, 1]
    "body-padding",  # pads the body first and prepends the type byte
    "fragmented",  # every message in two WebSocket frames
    "update-first",  # an update message before the request, to be ignored
)
#: Violations by a PC: a phone has to give up.
PC_FATAL = (
    "wrong-psk",
    "short-msg1",
    "long-msg1",
    "off-curve-msg1",
    "text-msg1",
    "empty-msg1",
    "close-after-connect",
    "close-after-msg1",
    "close-after-post-handshake",
    "shutdown-without-request",
    "garbage-request",
    "replayed-request",
    "text-request",
    "impossible-padding",
)
#: Variations of a phone: a PC has to finish the ceremony all the same.
PHONE_TOLERATED = (
    "bad-tag-first",  # somebody else's advert on the air as well
    "foreign-adverts",  # junk and truncated packets on the air as well
    "suffixed-advert",  # 24 bytes, as Android 16 sends
    "legacy-uuid",  # service data under 0xFDE2
    "features-reversed",
    "features-absent",
    "padding-update",  # the constant-size update Chromium's phone sends
    "update-before-response",
    "body-padding",
    "fragmented",
    "shutdown-after-response",
)
#: Violations by a phone: a PC has to give up.
PHONE_FATAL = (
    "wrong-psk",
    "short-msg2",
    "off-curve-msg2",
    "text-msg2",
    "garbage-post-handshake",
    "malformed-post-handshake",
    "no-ctap-feature",
    "no-post-handshake",
    "close-after-new",
    "close-after-connect",
    "close-after-msg2",
    "close-after-post-handshake",
    "close-after-request",
    "garbage-response",
    "text-response",
    "empty-response",
    "bare-response",
    "json-response",
    "impossible-padding",
)


class Role:
    """What both roles share: the quirk and the connection to close."""

    allowed_quirks: tuple[str, ...] = ()

    def __init__(self, surroundings: Surroundings, quirk: str | None, timeout: float):
        if quirk is not None and quirk not in self.allowed_quirks:
            raise ValueError(f"{type(self).__name__} knows no quirk {quirk!r}")
        self.surroundings = surroundings
        self.quirk = quirk
        self.timeout = timeout
        self.tunnel: Tunnel | None = None

    def _stop_if(self, quirk: str) -> None:
        if self.quirk == quirk:
            self.close()
            raise DeliberateStop(quirk)

    def _send_typed(self, session: Session, kind: int, body: bytes) -> None:
        if self.quirk == "body-padding":
            session.send_padded(bytes([kind]) + pad(body))
        else:
            session.send(bytes([kind]) + body)

    def close(self) -> None:
        if self.tunnel is not None:
            self.tunnel.close()
            self.tunnel = None


# --------------------------------------------------------------------------------------------------------------------
# PC


class PC(Role):
    """The side that shows the QR code. Use as a context manager; it listens to the radio from the start."""

    allowed_quirks = PC_TOLERATED + PC_FATAL

    def __init__(self, surroundings: Surroundings, hint: str, quirk: str | None = None, timeout: float = 20):
        super().__init__(surroundings, quirk, timeout)
        self._identity = new_key()
        self._secret = secrets.token_bytes(16)
        channels = [0, 1] if quirk == "offers-ble" else None
        self.qr = encode_qr(self._identity.public_key(), self._secret, hint, channels)
        self._scanner = Scanner(surroundings.radio)
        self.info: dict = {}
        self.features: list[str] = []
        self.updates: list[dict] = []
        self.advert: bytes = b""
        self._session: Session | None = None

    def __enter__(self) -> PC:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._scanner.close()

    def wait_for_advert(self) -> EID:
        key = derive(self._secret, b"", EID_KEY, 64)
        deadline = time.monotonic() + self.timeout
        while (left := deadline - time.monotonic()) > 0:
            try:
                data = service_data(self._scanner.receive(left))
            except TimeoutError:
                break
            if data is not None and (eid := open_advert(key, data)) is not None:
                self.advert = data
                return eid
        raise TimeoutError("no advert")

    def connect(self) -> None:
        """Advert, tunnel, handshake and post-handshake message."""
        eid = self.wait_for_advert()
        path = f"{eid.routing_id.hex()}/{derive(self._secret, b'', TUNNEL_ID, 16).hex()}"
        if self.quirk == "upper-case":
            path = path.upper()
        self.tunnel = tunnel = Tunnel(self.surroundings, eid.domain, f"/cable/connect/{path}")
        self._stop_if("close-after-connect")
        psk = derive(self._secret, eid.encode(), PSK, 32)
        initiator = Initiator(bytes(32) if self.quirk == "wrong-psk" else psk, identity=self._identity)
        self._send_message1(tunnel, initiator.message1)
        self._stop_if("close-after-msg1")
        keys = initiator.finish(tunnel.receive(self.timeout))
        session = Session(tunnel, keys.pc_to_phone, keys.phone_to_pc, keys, self.quirk == "fragmented")
        self.info, self.features = parse_post_handshake(session.receive(self.timeout))
        self._session = session
        self._stop_if("close-after-post-handshake")
        if self.quirk == "shutdown-without-request":
            session.send(bytes([SHUTDOWN]))
            tunnel.receive(self.timeout)

    def _send_message1(self, tunnel: Tunnel, message1: bytes) -> None:
        if self.quirk == "text-msg1":
            tunnel.send_text("message 1")
            return
        altered = {
            "short-msg1": message1[:-1],
            "long-msg1": message1 + b"\0",
            "off-curve-msg1": b"\x04" + bytes(64) + message1[65:],
            "empty-msg1": b"",
        }
        tunnel.send(altered.get(self.quirk or "", message1), self.quirk == "fragmented")

    def request(self, command: int, parameters: dict) -> dict:
        """One CTAP command; the decoded response, or CTAPStatus."""
        assert self._session is not None
        session = self._session
        request = bytes([command]) + cbor.encode(parameters)
        if self.quirk == "update-first":
            session.send(bytes([UPDATE]) + cbor.encode({}))
        self._send_request(session, request)
        deadline = time.monotonic() + self.timeout
        while True:
            kind, body = session.receive_typed(max(deadline - time.monotonic(), 0.001))
            if kind == UPDATE:
                self.updates.append(cbor.decode(body))
                continue
            if kind != CTAP or not body:
                raise ProtocolError(f"response of type {kind} with {len(body)} bytes")
            if body[0] != STATUS_SUCCESS:
                if len(body) > 1:
                    raise ProtocolError("an error status is followed by a body")
                raise CTAPStatus(body[0])
            return canonical_map(body[1:])

    def _send_request(self, session: Session, request: bytes) -> None:
        if self.quirk == "garbage-request":
            session.tunnel.send(secrets.token_bytes(80))
        elif self.quirk == "text-request":
            session.tunnel.send_text("request")
        elif self.quirk == "impossible-padding":
            session.send_padded(b"\x01\xff")
        elif self.quirk == "replayed-request":
            # The same ciphertext twice: the counter has moved on, so the second copy must not authenticate.
            # The first copy is an update, which asks for no answer.
            ciphertext = Encryptor(session.keys.pc_to_phone).seal(bytes([UPDATE]) + cbor.encode({}))
            session.tunnel.send(ciphertext)
            session.tunnel.send(ciphertext)
        else:
            self._send_typed(session, CTAP, request)

    def shutdown(self) -> None:
        """Ends the session as a PC without interest in linking does."""
        if self._session is not None and self.tunnel is not None and self.quirk != "no-shutdown":
            self._session.send(bytes([SHUTDOWN]))
        self.close()


def canonical_map(data: bytes) -> dict:
    """A CBOR map that has to be in CTAP2 canonical form, as Play services demand."""
    try:
        value = cbor.decode(data)
    except Exception as error:
        raise ProtocolError("not CBOR") from error
    if not isinstance(value, dict):
        raise ProtocolError("not a CBOR map")
    if cbor.encode(value) != data:
        raise ProtocolError("CBOR is not canonical")
    return value


# --------------------------------------------------------------------------------------------------------------------
# Phone

FLAG_UP, FLAG_UV, FLAG_AT = 0x01, 0x04, 0x40


@dataclass
class Credential:
    """An ES256 software credential."""

    identifier: bytes
    rp_id: str
    user: dict
    key: PRIVATE_KEY
    counter: int = 0


class SoftwareAuthenticator:
    """The phone's credentials and its two CTAP commands; the user always consents unless told otherwise."""

    AAGUID = bytes.fromhex("7065657270656572706565727065657a")

    def __init__(self, attestation: str = "packed", consent: Callable[[], bool] = lambda: True):
        self.attestation = attestation
        self.consent = consent
        self.credentials: list[Credential] = []
        self.requests: list[tuple[int, dict]] = []

    @property
    def info(self) -> dict:
        return {
            1: ["FIDO_2_0", "FIDO_2_1"],
            3: self.AAGUID,
            4: {"rk": True, "uv": True},
            9: ["hybrid", "internal"],
            10: [{"alg": -7, "type": "public-key"}],
        }

    def handle(self, request: bytes) -> bytes:
        """A CTAP request to a CTAP response, status byte first."""
        try:
            if request[:1] == bytes([GET_INFO]):
                return b"\0" + cbor.encode(self.info)
            commands = {MAKE_CREDENTIAL: self._make_credential, GET_ASSERTION: self._get_assertion}
            if not request or request[0] not in commands:
                raise CTAPStatus(STATUS_INVALID_COMMAND)
            try:
                parameters = canonical_map(request[1:])
            except ProtocolError as error:
                raise CTAPStatus(STATUS_INVALID_CBOR) from error
            self.requests.append((request[0], parameters))
            try:
                return b"\0" + cbor.encode(commands[request[0]](parameters))
            except KeyError as error:
                raise CTAPStatus(STATUS_MISSING_PARAMETER) from error
        except CTAPStatus as status:
            return bytes([status.status])

    def _authenticator_data(self, rp_id: str, credential: Credential, attested: bytes = b"") -> bytes:
        credential.counter += 1
        flags = FLAG_UP | FLAG_UV | (FLAG_AT if attested else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + credential.counter.to_bytes(4, "big") + attested

    def _make_credential(self, parameters: dict) -> dict:
        client_data_hash, rp, user, algorithms_ = (parameters[key] for key in (1, 2, 3, 4))
        if not any(entry["alg"] == -7 for entry in algorithms_):
            raise CTAPStatus(STATUS_UNSUPPORTED_ALGORITHM)
        if not self.consent():
            raise CTAPStatus(STATUS_OPERATION_DENIED)
        excluded = {entry["id"] for entry in parameters.get(5, [])}
        if any(known.identifier in excluded and known.rp_id == rp["id"] for known in self.credentials):
            raise CTAPStatus(STATUS_CREDENTIAL_EXCLUDED)
        credential = Credential(secrets.token_bytes(20), rp["id"], user, new_key())
        self.credentials.append(credential)
        public = cbor.encode(dict(ES256.from_cryptography_key(credential.key.public_key())))
        identifier = credential.identifier
        attested = self.AAGUID + len(identifier).to_bytes(2, "big") + identifier + public
        data = self._authenticator_data(rp["id"], credential, attested)
        statement: dict = {}
        if self.attestation == "packed":
            signature = credential.key.sign(data + client_data_hash, ec.ECDSA(hashes.SHA256()))
            statement = {"alg": -7, "sig": signature}
        return {1: self.attestation, 2: data, 3: statement}

    def _get_assertion(self, parameters: dict) -> dict:
        rp_id, client_data_hash = parameters[1], parameters[2]
        allowed = {entry["id"] for entry in parameters.get(3, [])}
        found = [
            known for known in self.credentials if known.rp_id == rp_id and (not allowed or known.identifier in allowed)
        ]
        if not self.consent():
            raise CTAPStatus(STATUS_OPERATION_DENIED)
        if not found:
            raise CTAPStatus(STATUS_NO_CREDENTIALS)
        credential = found[-1]
        data = self._authenticator_data(rp_id, credential)
        response: dict[int, Any] = {
            1: {"id": credential.identifier, "type": "public-key"},
            2: data,
            3: credential.key.sign(data + client_data_hash, ec.ECDSA(hashes.SHA256())),
        }
        if not allowed:
            response[4] = {"id": credential.user["id"], "name": "", "displayName": ""}
        return response


class Phone(Role):
    """The side that scans the QR code."""

    allowed_quirks = PHONE_TOLERATED + PHONE_FATAL

    def __init__(
        self,
        surroundings: Surroundings,
        authenticator: SoftwareAuthenticator,
        quirk: str | None = None,
        domain: int = 266,
        timeout: float = 20,
    ):
        super().__init__(surroundings, quirk, timeout)
        self.authenticator = authenticator
        self.domain = domain
        self.saw_shutdown = False
        self.answered: list[int] = []

    def serve(self, qr_url: str) -> None:
        """One whole session, until the PC shuts it down or closes."""
        try:
            self._serve(parse_qr(qr_url))
        finally:
            self.close()

    def _serve(self, qr: QRCode) -> None:
        tunnel_id = derive(qr.secret, b"", TUNNEL_ID, 16)
        self.tunnel = tunnel = Tunnel(self.surroundings, self.domain, f"/cable/new/{tunnel_id.hex()}")
        eid = EID(secrets.token_bytes(10), tunnel.routing_id, self.domain)
        advertiser = Advertiser(self.surroundings.radio, self._packets(derive(qr.secret, b"", EID_KEY, 64), eid))
        try:
            if self.quirk == "close-after-new":
                # The advert stays on the air, so that the PC finds a tunnel nobody holds any more.
                tunnel.close()
                time.sleep(2)
                raise DeliberateStop(self.quirk)
            message1 = tunnel.receive(self.timeout)
        finally:
            advertiser.stop()
        self._stop_if("close-after-connect")
        psk = bytes(32) if self.quirk == "wrong-psk" else derive(qr.secret, eid.encode(), PSK, 32)
        session = self._answer_handshake(tunnel, message1, psk, qr)
        self._stop_if("close-after-msg2")
        self._send_post_handshake(session)
        self._stop_if("close-after-post-handshake")
        if self.quirk == "padding-update":
            self._send_typed(session, UPDATE, cbor.encode({0: bytes(480)}))
        self._answer_requests(session)

    def _packets(self, eid_key: bytes, eid: EID) -> list[bytes]:
        advert = seal_advert(eid_key, eid.encode())
        packet = advertising_data(advert)
        if self.quirk == "bad-tag-first":
            return [advertising_data(advert[:-1] + bytes([advert[-1] ^ 1])), packet]
        if self.quirk == "foreign-adverts":
            return [b"", b"\x02\x01\x06", b"\xff\x16\xf9\xff", advertising_data(advert[:19]), advertising_data(b""), packet]
        if self.quirk == "suffixed-advert":
            return [advertising_data(advert + cbor.encode({1: 130}))]
        if self.quirk == "legacy-uuid":
            return [advertising_data(advert, LEGACY_SERVICE_UUID)]
        return [packet]

    def _answer_handshake(self, tunnel: Tunnel, message1: bytes, psk: bytes, qr: QRCode) -> Session:
        if self.quirk == "wrong-psk":
            # Message 1 cannot be opened with a wrong psk, so answer something that is well-formed only.
            tunnel.send(uncompressed(new_key().public_key()) + secrets.token_bytes(16))
            tunnel.receive(self.timeout)
            raise ProtocolError("the PC carried on after a false message 2")
        message2, keys = respond(message1, psk, pc_identity=qr.client_key)
        if self.quirk == "text-msg2":
            tunnel.send_text("message 2")
        else:
            altered = {"short-msg2": message2[:-1], "off-curve-msg2": b"\x04" + bytes(64) + message2[65:]}
            tunnel.send(altered.get(self.quirk or "", message2), self.quirk == "fragmented")
        return Session(tunnel, keys.phone_to_pc, keys.pc_to_phone, keys, self.quirk == "fragmented")

    def _send_post_handshake(self, session: Session) -> None:
        if self.quirk == "no-post-handshake":
            return
        if self.quirk == "garbage-post-handshake":
            session.tunnel.send(secrets.token_bytes(144))
            return
        if self.quirk == "malformed-post-handshake":
            session.send(b"\xff\xff")
            return
        features: dict[str | None, list[str] | None] = {
            "features-reversed": ["dc", "ctap"],
            "features-absent": None,
            "no-ctap-feature": ["dc"],
        }
        session.send(encode_post_handshake(self.authenticator.info, features.get(self.quirk, ["ctap"])))

    def _answer_requests(self, session: Session) -> None:
        while True:
            try:
                kind, body = session.receive_typed(self.timeout)
            except PeerClosed:
                if not self.answered:
                    raise
                return
            if kind == SHUTDOWN:
                self.saw_shutdown = True
                return
            if kind == UPDATE:
                continue
            if kind != CTAP:
                raise ProtocolError(f"request of type {kind}")
            self._stop_if("close-after-request")
            response = self.authenticator.handle(body)
            self._send_response(session, response)
            self.answered.append(response[0])

    def _send_response(self, session: Session, response: bytes) -> None:
        if self.quirk == "garbage-response":
            session.tunnel.send(secrets.token_bytes(80))
        elif self.quirk == "text-response":
            session.tunnel.send_text("response")
        elif self.quirk == "empty-response":
            session.send(b"")
        elif self.quirk == "bare-response":
            session.send(bytes([CTAP]))
        elif self.quirk == "json-response":
            session.send(bytes([JSON]) + b"{}")
        elif self.quirk == "impossible-padding":
            session.send_padded(b"\x01\xff")
        else:
            if self.quirk == "update-before-response":
                session.send(bytes([UPDATE]) + cbor.encode({}))
            self._send_typed(session, CTAP, response)
            if self.quirk == "shutdown-after-response":
                session.send(bytes([SHUTDOWN]))


# --------------------------------------------------------------------------------------------------------------------
# By hand


def make_credential_request(client_data_hash: bytes, rp_id: str, user_id: bytes) -> dict:
    return {
        1: client_data_hash,
        2: {"id": rp_id, "name": rp_id},
        3: {"id": user_id, "name": "peer@example.com", "displayName": "Peer"},
        4: [{"alg": -7, "type": "public-key"}],
        7: {"rk": True, "uv": True},
    }


def get_assertion_request(client_data_hash: bytes, rp_id: str, allowed: list[bytes] | None = None) -> dict:
    request: dict[int, Any] = {1: rp_id, 2: client_data_hash, 5: {"uv": True}}
    if allowed:
        request[3] = [{"id": identifier, "type": "public-key"} for identifier in allowed]
    return request


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _print(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="A hybrid transport peer for tests.")
    roles = parser.add_subparsers(dest="role", required=True)
    pc = roles.add_parser("pc", help="show a QR code and send one request")
    pc.add_argument("command", choices=("mc", "ga"))
    pc.add_argument("--quirk", choices=PC.allowed_quirks)
    phone = roles.add_parser("phone", help="scan a QR code and serve the session")
    phone.add_argument("qr")
    phone.add_argument("--quirk", choices=Phone.allowed_quirks)
    phone.add_argument("--attestation", choices=("packed", "none"), default="packed")
    phone.add_argument("--domain", type=int, default=266)
    for role in (pc, phone):
        role.add_argument("--radio", type=Path, required=True)
        role.add_argument("--tunnel", type=_address, required=True, metavar="HOST:PORT")
        role.add_argument("--tunnel-ca", type=Path, required=True, metavar="FILE")
        role.add_argument("--rp", default="example.com")
        role.add_argument("--timeout", type=float, default=60)
    arguments = parser.parse_args()
    surroundings = Surroundings(arguments.radio, arguments.tunnel, arguments.tunnel_ca)
    try:
        if arguments.role == "phone":
            authenticator = SoftwareAuthenticator(arguments.attestation)
            peer = Phone(surroundings, authenticator, arguments.quirk, arguments.domain, arguments.timeout)
            peer.serve(arguments.qr)
            _print("closed", answered=peer.answered, shutdown=peer.saw_shutdown)
            return 0
        with PC(surroundings, arguments.command, arguments.quirk, arguments.timeout) as client:
            _print("qr", url=client.qr)
            client.connect()
            _print("connected", info=cbor.encode(client.info).hex(), features=client.features)
            digest = secrets.token_bytes(32)
            if arguments.command == "mc":
                response = client.request(
                    MAKE_CREDENTIAL, make_credential_request(digest, arguments.rp, secrets.token_bytes(16))
                )
            else:
                response = client.request(GET_ASSERTION, get_assertion_request(digest, arguments.rp))
            client.shutdown()
            _print("response", clientDataHash=digest.hex(), cbor=cbor.encode(response).hex())
        return 0
    except (ProtocolError, CTAPStatus, DeliberateStop, OSError, WebSocketException) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
