"""``aikagi key`` met through its doors: python-fido2 over sockets, Debian's fido2-tools over the terminal, and raw packets."""

from __future__ import annotations

import base64
import os
import random
import select
import shutil
import signal
import subprocess

import pytest
from aikagi_process import TERMINATE_CODES, assert_ends_by_signal
from fido2.ctap2 import Ctap2
from key_doors import CANCEL, CBOR, ERROR, GET_INFO, INIT, KEEPALIVE, PATIENCE, PING, POWER_CYCLE, Door, device

SOCKETS = ["udp", "tcp", "unix"]
STREAMS = ["tcp", "unix"]

#: authenticatorSelection: asks for a touch and nothing else.
SELECTION = b"\x0b"


class Key:
    """A running ``aikagi key`` with every door."""

    def __init__(self, workplace, *arguments: str):
        self.path = workplace.directory / "key.sock"
        doors = ["--udp", "0", "--tcp", "0", "--unix", str(self.path), "--pty"]
        self.process = workplace.start("key", *doors, "--json", *arguments)
        self.doors = {}
        for _ in range(4):
            listening = self.process.event("listening")
            self.doors[listening["door"]] = listening

    @property
    def terminal(self) -> str:
        return self.doors["pty"]["path"]

    def assert_serves(self) -> None:
        """Every door still does."""
        for door in SOCKETS:
            Ctap2(device(self.doors[door]))
        tool("fido2-token", "-I", self.terminal)

    def end(self) -> None:
        assert_ends_by_signal(self.process, signal.SIGTERM, TERMINATE_CODES)
        assert not self.path.exists()


@pytest.fixture
def start(workplace):
    return lambda *arguments: Key(workplace, *arguments)


def tool(*command: str, text: str = "", **options) -> str:
    """Runs one of fido2-tools to its successful end."""
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def ceremony(ctap2: Ctap2) -> None:
    """Registers, logs in, and checks both."""
    credential = ctap2.make_credential(
        os.urandom(32), {"id": "example.com", "name": "Example"}, {"id": os.urandom(8), "name": "user"},
        [{"type": "public-key", "alg": -7}])
    data = credential.auth_data.credential_data
    client_data_hash = os.urandom(32)
    assertion = ctap2.get_assertion(
        "example.com", client_data_hash, [{"type": "public-key", "id": data.credential_id}])
    assertion.verify(client_data_hash, data.public_key)


@pytest.mark.parametrize("door", SOCKETS)
def test_python_fido2(start, door):
    key = start()
    client = device(key.doors[door])
    assert client.ping(b"x" * 7609) == b"x" * 7609, "the longest message"
    client.wink()
    key.process.event("wink")
    ctap2 = Ctap2(client)
    for _ in range(3):
        ceremony(ctap2)
    key.end()


def test_fido2_tools(start, tmp_path):
    key = start()
    for _ in range(5):
        assert "version strings: " in tool("fido2-token", "-I", key.terminal)
    encoded = lambda count: base64.b64encode(os.urandom(count)).decode()
    request = "\n".join([encoded(32), "example.com", "user", encoded(8)]) + "\n"
    created = tool("fido2-cred", "-M", key.terminal, text=request)
    identifier, *public_key = tool("fido2-cred", "-V", text=created).splitlines()
    (tmp_path / "key.pem").write_text("\n".join(public_key) + "\n")
    asserted = tool("fido2-assert", "-G", key.terminal, text="\n".join([encoded(32), "example.com", identifier]) + "\n")
    tool("fido2-assert", "-V", str(tmp_path / "key.pem"), "es256", text=asserted)
    key.end()


def test_terminal_survives_its_users(start):
    """Whoever opens it without O_NOCTTY may get it as controlling terminal, and hangs it up when it ends."""
    key = start()
    for _ in range(3):
        tool("fido2-token", "-I", key.terminal, start_new_session=True)
    # A program that writes half a report and leaves, and one that does not read its answer.
    for written, is_answered in [
            (b"\0" * 30, False), (b"\0\xff\xff\xff\xff\x86\x00\x0812345678".ljust(65, b"\0"), True)]:
        descriptor = os.open(key.terminal, os.O_RDWR | os.O_NOCTTY)
        os.write(descriptor, written)
        # An answer that comes only once the next program is there would be taken for that one's.
        assert not is_answered or select.select([descriptor], [], [], PATIENCE)[0], "no answer"
        os.close(descriptor)
        tool("fido2-token", "-I", key.terminal)
    key.end()


def test_terminal_whose_user_is_killed(start):
    key = start("--gate", "ignore")
    if not shutil.which("fido2-token"):
        pytest.skip("fido2-token is not installed")
    for _ in range(2):
        user = subprocess.Popen(
            ["fido2-cred", "-M", key.terminal], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        challenge = base64.b64encode(os.urandom(32)).decode()
        user.stdin.write(f"{challenge}\nexample.com\nuser\n{challenge}\n")
        user.stdin.close()
        with pytest.raises(subprocess.TimeoutExpired):
            user.wait(0.3)
        user.kill()
        user.wait()
        user.stdout.close()
        tool("fido2-token", "-I", key.terminal)
    key.end()


def test_datagram_takes_the_power_away(start):
    key = start("--gate", "ignore")
    client = Door(key.doors["udp"])
    channel = client.open_channel()
    client.send(channel, CBOR, SELECTION)
    assert client.hear()[1] == KEEPALIVE
    client.write_packet(POWER_CYCLE)
    key.process.event("power-cycled")
    while not client.is_silent(0.3):
        pass  # keepalives that were on their way
    client.send(channel, PING, b"a")
    assert client.hear() == (channel, ERROR, b"\x0b"), "the channel is forgotten"
    channel = client.open_channel()
    client.send(channel, CBOR, GET_INFO)
    assert client.hear_answer()[2][0] == 0
    key.end()


def test_suites_of_ctap20_go_on_with_their_channel(start):
    """Solo's suite asks for no channel after a power cycle, and speaks on one that it made up."""
    key = start("--profile", "compat20")
    client = Door(key.doors["udp"])
    channel = client.open_channel()
    client.write_packet(POWER_CYCLE)
    key.process.event("power-cycled")
    for speaking in channel, 0x05040302:
        client.send(speaking, PING, b"a")
        assert client.hear() == (speaking, PING, b"a")
        client.send(speaking, CBOR, GET_INFO)
        assert client.hear_answer()[2][0] == 0
    key.end()


@pytest.mark.parametrize("door", SOCKETS)
def test_hangup_takes_the_power_away_at_every_door(start, door):
    key = start()
    client = Door(key.doors[door])
    channel = client.open_channel()
    key.process.signal(signal.SIGHUP)
    key.process.event("power-cycled")
    client.send(channel, PING, b"a")
    assert client.hear() == (channel, ERROR, b"\x0b")
    assert client.open_channel() != channel
    key.assert_serves()
    key.end()


def test_reset_right_after_power_up(start):
    key = start()
    Ctap2(device(key.doors["tcp"])).reset()
    key.end()


def test_udp_clients_share_a_device(start):
    key = start("--gate", "ignore")
    one, other = Door(key.doors["udp"]), Door(key.doors["udp"])
    # Both at once; each gets its own answer, and a channel of its own.
    for client, nonce in [(one, b"11111111"), (other, b"22222222")]:
        client.send(0xFFFFFFFF, INIT, nonce)
    answers = [one.hear(), other.hear()]
    assert [payload[:8] for _, _, payload in answers] == [b"11111111", b"22222222"]
    mine, theirs = (int.from_bytes(payload[8:12], "big") for _, _, payload in answers)
    assert mine != theirs
    one.send(mine, CBOR, SELECTION)
    assert one.hear()[1] == KEEPALIVE
    other.send(theirs, CBOR, GET_INFO)
    assert other.hear() == (theirs, ERROR, b"\x06"), "the device is busy"
    other.send(theirs, CANCEL)
    one.send(mine, CANCEL)
    assert one.hear_answer() == (mine, CBOR, b"\x2d")
    other.send(theirs, CBOR, GET_INFO)
    assert other.hear_answer()[2][0] == 0
    key.end()


@pytest.mark.parametrize("door", STREAMS)
def test_connections_have_devices_of_their_own(start, door):
    key = start("--gate", "ignore")
    one, other = Door(key.doors[door]), Door(key.doors[door])
    mine, theirs = one.open_channel(), other.open_channel()
    assert mine != theirs, "the authenticator tells clients apart by their channels"
    one.send(mine, CBOR, SELECTION)
    assert one.hear()[1] == KEEPALIVE
    other.send(theirs, PING, b"a")
    assert other.hear() == (theirs, PING, b"a")
    # Gone in the middle of a ceremony: what was begun ends with the connection, and the next request is served.
    one.close()
    other.send(theirs, CBOR, GET_INFO)
    assert other.hear_answer()[2][0] == 0
    key.end()


def test_many_connections(start):
    key = start()
    clients = [Door(key.doors[door]) for door in STREAMS for _ in range(50)]
    channels = [client.open_channel() for client in clients]
    assert len(set(channels)) == len(channels)
    for client, channel in zip(clients, channels):
        client.send(channel, CBOR, GET_INFO)
    assert all(client.hear_answer()[2][0] == 0 for client in clients)
    key.assert_serves()
    key.end()


def test_a_client_that_does_not_read(start):
    """It holds up nobody else, and gets all its answers once it does."""
    key = start()
    client = Door(key.doors["unix"])
    channel = client.open_channel()
    client.socket.settimeout(0.5)
    sent = 0
    try:
        for sent in range(100_000):
            client.send(channel, PING, sent.to_bytes(4, "big"))
    except TimeoutError:
        pass
    assert 100 < sent < 99_999
    key.assert_serves()
    client.socket.settimeout(PATIENCE)
    assert all(client.hear() == (channel, PING, number.to_bytes(4, "big")) for number in range(sent))
    key.end()


def test_garbage(start):
    key = start()
    dice = random.Random(5)
    for _ in range(100):
        for door in SOCKETS:
            client = Door(key.doors[door])
            client.socket.send(dice.randbytes(dice.choice([1, 2, 63, 64, 65, 66, 130, 500])))
            client.close()
    descriptor = os.open(key.terminal, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    for _ in range(100):
        os.write(descriptor, dice.randbytes(dice.choice([1, 2, 63, 64, 65, 66, 130, 500])))
    os.close(descriptor)
    key.assert_serves()
    client = Door(key.doors["tcp"])
    client.socket.send(b"\x01\x00" + b"a" * 256)
    assert client.socket.recv(10) == b"", "a wrong length ends the connection"
    assert "put the length 64 (00 40) before each" in key.process.stderr
    key.process.signal(signal.SIGTERM)
    assert key.process.wait() in TERMINATE_CODES


def test_pieces(start):
    """Reports may arrive byte by byte."""
    key = start()
    for door in STREAMS:
        client = Door(key.doors[door])
        prefix = b"\x00\x40" if door == "tcp" else b""
        for byte in prefix + b"\xff\xff\xff\xff\x86\x00\x0812345678".ljust(64, b"\0"):
            client.socket.send(bytes([byte]))
        assert client.hear()[2][:8] == b"12345678"
    key.end()


def test_a_report_with_its_number(start):
    """Hosts that write to sockets what they would write to hidraw: a zero byte in front."""
    key = start()
    for door in ["udp", "tcp"]:
        client = Door(key.doors[door])
        client.write_packet(b"\0" + b"\xff\xff\xff\xff\x86\x00\x0812345678".ljust(64, b"\0"))
        assert client.hear()[2][:8] == b"12345678"
    key.end()


def test_a_socket_left_over_is_replaced(start):
    killed = start()
    killed.process.signal(signal.SIGKILL)
    assert killed.process.wait() == -signal.SIGKILL
    assert killed.path.exists()
    key = start()
    key.assert_serves()
    assert key.path.stat().st_mode & 0o777 == 0o600
    key.end()


def test_what_is_in_use_is_left_alone(start, workplace):
    key = start()
    note = workplace.directory / "note"
    note.write_text("mine")
    taken = [("--udp", key.doors["udp"]["port"]), ("--tcp", key.doors["tcp"]["port"]), ("--unix", key.path),
             ("--unix", note)]
    for option, value in taken:
        process = workplace.start("key", option, str(value), "--json")
        process.assert_fails()
        assert "Address already in use; choose another" in process.stderr
    assert note.read_text() == "mine"
    for arguments in [["--listen", "192.0.2.1"], ["--listen", "no.such.host.invalid"]]:
        process = workplace.start("key", "--udp", "0", *arguments, "--json")
        process.assert_fails(timeout=PATIENCE)
    key.assert_serves()
    key.end()
