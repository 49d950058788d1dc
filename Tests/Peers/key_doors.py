"""Clients for the doors of ``aikagi key``: reports over UDP, TCP and Unix sockets, for python-fido2 and for raw packets."""

from __future__ import annotations

import os
import socket
import struct

from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

#: How long an answer may take, in seconds; it needs a fraction of one.
PATIENCE = 60

BROADCAST = 0xFFFFFFFF
PING, MSG, LOCK, INIT, WINK, CBOR, CANCEL, KEEPALIVE, ERROR = 0x81, 0x83, 0x84, 0x86, 0x88, 0x90, 0x91, 0xBB, 0xBF
GET_INFO = b"\x04"

#: The datagram by which test suites for a simulated Solo key take its power away.
POWER_CYCLE = bytes.fromhex(
    "ac1052ca95e569de69e02ebff333485f13f9b2da34c5a8a340526697a9ab2e0b"
    "394d8d04973c134005be1a0140bff6045bb26eb77a73eaa47813f6b49a7250dc"
)


class Door(CtapHidConnection):
    """A connection of reports to one of the doors, as python-fido2 wants it."""

    def __init__(self, listening: dict, bind_port: int | None = None):
        self.listening = listening
        self.door = listening["door"]
        if self.door == "unix":
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            address = listening["path"]
        else:
            kind = socket.SOCK_DGRAM if self.door == "udp" else socket.SOCK_STREAM
            self.socket = socket.socket(socket.AF_INET, kind)
            address = (listening["address"], listening["port"])
            if bind_port is not None:
                self.socket.bind((listening["address"], bind_port))
        self.socket.settimeout(PATIENCE)
        self.socket.connect(address)

    def write_packet(self, data: bytes) -> None:
        self.socket.sendall((struct.pack(">H", len(data)) if self.door == "tcp" else b"") + data)

    def read_packet(self) -> bytes:
        if self.door == "udp":
            return self.socket.recv(1000)
        if self.door == "tcp":
            assert self._exactly(2) == b"\x00\x40"
        return self._exactly(64)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise ConnectionError("the door is closed")
            data += more
        return data

    def close(self) -> None:
        self.socket.close()

    def is_silent(self, seconds: float) -> bool:
        """Whether nothing comes for so long."""
        self.socket.settimeout(seconds)
        try:
            self.read_packet()
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)

    # Raw packets.

    def send(self, channel: int, command: int, payload: bytes = b"") -> None:
        """A message in as many packets as it takes."""
        packets = [struct.pack(">IBH", channel, command, len(payload)) + payload[:57]]
        rest, sequence = payload[57:], 0
        while rest:
            packets.append(struct.pack(">IB", channel, sequence) + rest[:59])
            rest, sequence = rest[59:], sequence + 1
        for packet in packets:
            self.write_packet(packet.ljust(64, b"\0"))

    def hear(self) -> tuple[int, int, bytes]:
        """The next message: channel, command, payload."""
        packet = self.read_packet()
        assert len(packet) == 64
        channel, command, count = struct.unpack_from(">IBH", packet)
        payload, sequence = packet[7:], 0
        while len(payload) < count:
            packet = self.read_packet()
            assert struct.unpack_from(">IB", packet) == (channel, sequence)
            payload, sequence = payload + packet[5:], sequence + 1
        return channel, command, payload[:count]

    def open_channel(self) -> int:
        nonce = os.urandom(8)
        self.send(BROADCAST, INIT, nonce)
        channel, command, payload = self.hear()
        assert (channel, command, payload[:8], len(payload)) == (BROADCAST, INIT, nonce, 17)
        return int.from_bytes(payload[8:12], "big")

    def hear_answer(self) -> tuple[int, int, bytes]:
        """The next message that is no keepalive."""
        while True:
            message = self.hear()
            if message[1] != KEEPALIVE:
                return message


def device(listening: dict) -> CtapHidDevice:
    """A door as python-fido2's device."""
    return CtapHidDevice(HidDescriptor(str(listening), 0, 0, 64, 64, None, None), Door(listening))
