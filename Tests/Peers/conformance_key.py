"""A running ``aikagi key`` for the checks of docs/conformance.md: requests member by member, and their answers."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from aikagi_process import TERMINATE_CODES, Workplace, assert_ends_by_signal
from fido2 import cbor
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Config, CredentialManagement, Ctap2
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.webauthn import AuthenticatorData
from key_doors import device

MAKE, GET, INFO, PIN, RESET, NEXT, BIO, MANAGE, BLOBS, CONFIG = 1, 2, 4, 6, 7, 8, 9, 10, 12, 13
ABSENT = object()
RP_ID = "example.com"
DIGEST = bytes(range(32))
PIN_CODE = "1234"
PROTOCOLS = {1: PinProtocolV1, 2: PinProtocolV2}
Permission = ClientPin.PERMISSION

#: Any status but success.
REFUSED = object()
OK, EXCLUDED, NO_CREDENTIALS = 0x00, 0x19, 0x2E
INVALID_PARAMETER, UNEXPECTED_TYPE, INVALID_CBOR, MISSING = 0x02, 0x11, 0x12, 0x14
UNSUPPORTED_ALGORITHM, INVALID_OPTION, NOT_ALLOWED = 0x26, 0x2C, 0x30
PIN_INVALID, PIN_BLOCKED, PIN_AUTH_INVALID, PIN_AUTH_BLOCKED, PIN_POLICY = 0x31, 0x32, 0x33, 0x34, 0x37


def numbers(text: str) -> set[int]:
    """The numbers of checks in ``"125-130, 177"``."""
    parts = [part.strip().split("-") for part in text.split(",")]
    return {number for part in parts for number in range(int(part[0]), int(part[-1]) + 1)}


#: The checks that the tests here run.
RUN: set[int] = set()


def checks(text: str):
    """Says which checks a test runs."""
    RUN.update(numbers(text))
    return lambda test: test


def changed(usual: dict, changes: dict) -> dict:
    """The usual members with others in their place; ``ABSENT`` ones are left out."""
    return {key: value for key, value in sorted({**usual, **changes}.items()) if value is not ABSENT}


def make(**changes) -> tuple[int, dict]:
    """A registration; ``_5=…`` sets member 5."""
    user = {"id": b"1", "name": "mina", "displayName": "Mina"}
    usual = {1: DIGEST, 2: {"id": RP_ID, "name": "Example"}, 3: user, 4: [{"type": "public-key", "alg": -7}]}
    return MAKE, changed(usual, {int(key[1:]): value for key, value in changes.items()})


def get(**changes) -> tuple[int, dict]:
    """A login."""
    return GET, changed({1: RP_ID, 2: DIGEST}, {int(key[1:]): value for key, value in changes.items()})


def allow(credential: bytes) -> list[dict]:
    return [{"type": "public-key", "id": credential}]


class Key:
    """The key, by python-fido2 and by raw requests."""

    def __init__(self, process, listening: dict):
        self.process = process
        self.device = device(listening)
        self.ctap = Ctap2(self.device)
        self.protocol = PinProtocolV2()

    def call(self, request: tuple[int, dict | None]) -> tuple[int, dict]:
        command, members = request
        reply = self.device.call(0x10, bytes([command]) + (b"" if members is None else cbor.encode(members)))
        return reply[0], cbor.decode(reply[1:]) if len(reply) > 1 else {}

    def status(self, request) -> int:
        return self.call(request)[0]

    def ok(self, request) -> dict:
        status, reply = self.call(request)
        assert status == OK, f"{status:#04x}"
        return reply

    def made(self, **changes) -> tuple[bytes, AuthenticatorData, dict]:
        """Registers: the credential's ID, the authenticator data, the reply."""
        reply = self.ok(make(**changes))
        data = AuthenticatorData(reply[2])
        return data.credential_data.credential_id, data, reply

    def got(self, **changes) -> tuple[AuthenticatorData, dict]:
        """Logs in."""
        reply = self.ok(get(**changes))
        return AuthenticatorData(reply[2]), reply

    def info(self) -> dict:
        return self.ok((INFO, None))

    def reset(self) -> None:
        self.ok((RESET, None))

    def power_cycle(self) -> None:
        self.process.signal(signal.SIGHUP)
        self.process.event("power-cycled")
        self.device = device(self.listening)
        self.ctap = Ctap2(self.device)

    # PINs and tokens.

    @property
    def pin(self) -> ClientPin:
        return ClientPin(self.ctap, self.protocol)

    def token(self, permissions=None, pin: str = PIN_CODE, site: str = RP_ID) -> bytes:
        needs_site = permissions is not None and permissions & 3
        return self.pin.get_pin_token(pin, permissions, site if needs_site else None)

    def proof(self, token: bytes, request: int) -> dict:
        """The members of a registration or a login that prove a token."""
        first = 8 if request == MAKE else 6
        return {f"_{first}": self.protocol.authenticate(token, DIGEST), f"_{first + 1}": self.protocol.VERSION}

    def manager(self, permission=Permission.CREDENTIAL_MGMT, pin: str = PIN_CODE) -> CredentialManagement:
        return CredentialManagement(self.ctap, self.protocol, self.token(permission, pin))

    def config(self, pin: str = PIN_CODE) -> Config:
        return Config(self.ctap, self.protocol, self.token(Permission.AUTHENTICATOR_CFG, pin))

    def configure(self, subcommand: int, parameters: dict | None = None) -> int:
        """authenticatorConfig with a token, or with none where there is no PIN."""
        members = {1: subcommand} | ({2: parameters} if parameters else {})
        if self.ctap.get_info().options["clientPin"]:
            body = cbor.encode(parameters) if parameters else b""
            proof = self.protocol.authenticate(
                self.token(Permission.AUTHENTICATOR_CFG), b"\xff" * 32 + bytes([CONFIG, subcommand]) + body)
            members |= {3: self.protocol.VERSION, 4: proof}
        return self.status((CONFIG, members))


def status_of(body, *arguments, **more) -> int:
    """The status that python-fido2 was answered."""
    try:
        body(*arguments, **more)
    except CtapError as error:
        return int(error.code)
    return OK


@contextmanager
def running(*arguments: str):
    """A key that may be reset at any time."""
    binary = os.environ.get("AIKAGI")
    if not binary:
        pytest.skip("AIKAGI (the path of the command-line tool) is not set")
    directory = Path(tempfile.mkdtemp(prefix="checks-", dir="/tmp"))
    place = Workplace(binary, directory)
    try:
        process = place.start("key", "--tcp", "0", "--reset-any-time", "--json", *arguments)
        key = Key(process, listening := process.event("listening"))
        key.listening = listening
        yield key
        assert_ends_by_signal(process, signal.SIGTERM, TERMINATE_CODES)
    finally:
        place.end()
        shutil.rmtree(directory, ignore_errors=True)
