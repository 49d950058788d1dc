"""The key that ``aikagi with --key`` shows, as python-fido2 meets it; the library is imported beside the key only."""

from __future__ import annotations

import os

RP = {"id": "example.com", "name": "Example"}
PIN, NEW_PIN = "1234", "a1b2c3d4é"


def device():
    from fido2.hid import CtapHidDevice

    return next(CtapHidDevice.list_devices())


class Key:
    """The key, with what its tests have in common."""

    def __init__(self):
        from fido2.ctap2 import ClientPin, Ctap2

        self.device = device()
        self.ctap = Ctap2(self.device, strict_cbor=True)
        self.pin = ClientPin(self.ctap)
        self.Permission = ClientPin.PERMISSION

    @property
    def info(self):
        return self.ctap.get_info()

    def protocol(self, number: int) -> None:
        from fido2.ctap2 import ClientPin
        from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2

        self.pin = ClientPin(self.ctap, {1: PinProtocolV1, 2: PinProtocolV2}[number]())

    def make(self, token: bytes | None = None, user: bytes = b"user", discoverable: bool = True, **more):
        data_hash = os.urandom(32)
        proof = {}
        if token:
            proof = {
                "pin_uv_param": self.pin.protocol.authenticate(token, data_hash),
                "pin_uv_protocol": self.pin.protocol.VERSION,
            }
        response = self.ctap.make_credential(
            data_hash,
            RP,
            {"id": user, "name": user.decode(), "displayName": "Display"},
            [{"type": "public-key", "alg": more.pop("algorithm", -7)}],
            options={"rk": True} if discoverable else None,
            **proof,
            **more,
        )
        response.auth_data.credential_data.public_key.verify(
            bytes(response.auth_data) + data_hash, response.att_stmt["sig"]
        )
        return response

    def log_in(self, token: bytes | None = None, **more):
        data_hash = os.urandom(32)
        proof = {}
        if token:
            proof = {
                "pin_uv_param": self.pin.protocol.authenticate(token, data_hash),
                "pin_uv_protocol": self.pin.protocol.VERSION,
            }
        return self.ctap.get_assertions(RP["id"], data_hash, **proof, **more)

    def token(self, permissions, pin: str = PIN):
        return self.pin.get_pin_token(pin, permissions, RP["id"] if permissions & 3 else None)


def refused(code: str, body, *arguments, **more) -> None:
    """Asserts that a request is answered with a status."""
    from fido2.ctap import CtapError

    try:
        body(*arguments, **more)
    except CtapError as error:
        assert error.code.name == code, f"{error.code.name} instead of {code}"
    else:
        raise AssertionError(f"not refused with {code}")
