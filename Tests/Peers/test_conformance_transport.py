"""Checks of docs/conformance.md about CTAPHID (001 to 019), packet by packet."""

from __future__ import annotations

import os
import struct

import pytest
from conformance_key import checks, make, running
from fido2 import cbor
from key_doors import BROADCAST, CANCEL, CBOR, ERROR, INIT, KEEPALIVE, LOCK, PING, WINK, Door

INVALID_COMMAND, INVALID_SEQUENCE, CHANNEL_BUSY, INVALID_CHANNEL = (bytes([code]) for code in (1, 4, 6, 11))
KEEPALIVE_CANCEL = b"\x2d"
MAKE_CREDENTIAL = bytes([make()[0]]) + cbor.encode(make()[1])
SELECTION = b"\x0b"


@pytest.fixture(scope="module")
def running_key():
    """Nobody touches it."""
    with running("--gate", "ignore") as key:
        yield key


@pytest.fixture
def door(running_key):
    client = Door(running_key.listening)
    yield client
    client.close()


def begin(door: Door, channel: int, command: int, count: int, data: bytes) -> None:
    """The first packet of a message of so many bytes."""
    door.write_packet((struct.pack(">IBH", channel, command, count) + data[:57]).ljust(64, b"\0"))


def assert_answers(door: Door, channel: int) -> None:
    """The next thing that it says is the answer to what it is asked now: it has said nothing before."""
    nonce = os.urandom(8)
    door.send(channel, PING, nonce)
    assert door.hear() == (channel, PING, nonce)


@checks("1, 2")
def test_silence(door):
    assert door.is_silent(3)
    channel = door.open_channel()
    door.write_packet((struct.pack(">IB", channel, 0) + os.urandom(59)).ljust(64, b"\0"))
    assert_answers(door, channel)


@checks("3, 4")
def test_channels(door):
    channels = set()
    for _ in range(3):
        door.send(BROADCAST, INIT, b"12345678")
        channel, command, payload = door.hear()
        assert (channel, command, payload[:8], len(payload)) == (BROADCAST, INIT, b"12345678", 17)
        # The version of CTAPHID; wink, CBOR, and perhaps that there is no CTAP1.
        assert payload[12] == 2 and payload[16] & 4 and not payload[16] & ~0x0D
        channels.add(payload[8:12])
    assert len(channels) == 3 and not channels & {bytes(4), b"\xff" * 4}


@checks("5, 6, 8")
def test_pings(door):
    channel = door.open_channel()
    for data in (os.urandom(20), os.urandom(1024), b"\0" + os.urandom(100)):
        door.send(channel, PING, data)
        assert door.hear() == (channel, PING, data)


@checks("7, 19")
def test_messages_that_break_off(door):
    channel = door.open_channel()
    begin(door, channel, PING, 512, os.urandom(57))
    door.send(channel, INIT, b"12345678")
    answer = door.hear()
    assert answer[:2] == (channel, INIT) and answer[2][:12] == b"12345678" + struct.pack(">I", channel)
    begin(door, channel, PING, 1024, os.urandom(57))
    door.write_packet(struct.pack(">IB", channel, 1) + os.urandom(59))
    assert door.hear() == (channel, ERROR, INVALID_SEQUENCE)
    assert_answers(door, channel)


@pytest.mark.parametrize("request_bytes", [MAKE_CREDENTIAL, SELECTION], ids=["registration", "selection"])
@checks("9, 10, 15")
def test_keepalives_and_cancel(door, request_bytes):
    channel = door.open_channel()
    door.send(channel, CBOR, request_bytes)
    answer = door.hear()
    assert answer[:2] == (channel, KEEPALIVE) and answer[2] in (b"\x01", b"\x02")
    door.send(channel, CANCEL)
    assert door.hear_answer() == (channel, CBOR, KEEPALIVE_CANCEL)
    door.send(channel, CANCEL)
    assert_answers(door, channel)


@checks("12")
def test_wink(door):
    channel = door.open_channel()
    door.send(channel, WINK)
    assert door.hear() == (channel, WINK, b"")


@checks("13, 14")
def test_lock(door):
    mine, other = door.open_channel(), door.open_channel()
    for seconds in (0, 8):
        door.send(mine, LOCK, bytes([seconds]))
        assert door.hear() == (mine, LOCK, b"")
    door.send(other, INIT, b"12345678")
    assert door.hear() == (other, ERROR, CHANNEL_BUSY)
    door.send(mine, LOCK, b"\0")
    assert door.hear() == (mine, LOCK, b"")
    door.send(other, INIT, b"12345678")
    assert door.hear()[2][:12] == b"12345678" + struct.pack(">I", other)


@checks("16, 17, 18")
def test_what_is_refused(door):
    channel = door.open_channel()
    door.send(channel, 0xA7, b"a")
    assert door.hear() == (channel, ERROR, INVALID_COMMAND)
    for command in (INIT, PING):
        door.send(0, command, b"12345678")
        assert door.hear() == (0, ERROR, INVALID_CHANNEL)
    assert_answers(door, channel)
