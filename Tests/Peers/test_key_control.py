"""``aikagi key --control`` and ``aikagi control``: the person, the clock and the power in another process's hands."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
import time

import pytest
from aikagi_process import TERMINATE_CODES, assert_ends_by_signal
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2, CredentialManagement
from key_doors import ERROR, PING, Door, device

#: How long a condition is waited for, in seconds, on a machine that is busy with other things.
PATIENCE = 60

DIGEST = bytes(32)
RP = {"id": "example.com", "name": "Example"}
USER = {"id": b"1", "name": "mina"}
ES256 = [{"type": "public-key", "alg": -7}]


class Remote:
    """A running key, and its control socket."""

    def __init__(self, workplace, *arguments: str):
        self.workplace = workplace
        self.path = str(workplace.directory / "control.sock")
        self.process = workplace.start("key", "--tcp", "0", "--control", self.path, "--json", *arguments)
        self.listening = self.process.event("listening")

    def ctap2(self) -> Ctap2:
        return Ctap2(device(self.listening))

    def control(self, *action: str) -> dict:
        """Runs ``aikagi control``; how things are afterwards."""
        process = self.workplace.start("control", self.path, "--json", *action)
        state = process.event("state", PATIENCE)["state"]
        process.assert_succeeds(PATIENCE)
        return state

    def ask(self, **request) -> dict:
        """One request at the socket itself."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(self.path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            connection.shutdown(socket.SHUT_WR)
            return json.loads(connection.makefile().readline())

    def question(self) -> dict:
        """The question that waits, as soon as there is one."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            questions = self.ask(action="state")["state"]["questions"]
            if questions:
                return questions[0]
            time.sleep(0.01)
        raise AssertionError("nobody asks")

    def end(self) -> None:
        assert_ends_by_signal(self.process, signal.SIGTERM, TERMINATE_CODES)
        assert not os.path.exists(self.path)


class Background:
    """A call in a thread of its own."""

    def __init__(self, call):
        self.result = self.error = None

        def run():
            try:
                self.result = call()
            except CtapError as error:
                self.error = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def join(self):
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self.error.code if self.error else self.result


@pytest.fixture
def start(workplace):
    return lambda *arguments: Remote(workplace, *arguments)


def make(ctap2: Ctap2, **more):
    return ctap2.make_credential(DIGEST, RP, USER, ES256, **more)


def test_each_line_has_a_reply_however_it_is_cut(start):
    key = start()
    good = b'{"action":"state"}'
    stream = b"\n".join([good, b"", b"x" * ((1 << 20) + 1), b'{"action":"explode"}', good + b"\r", good])
    for size in (len(stream), 50_000):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(key.path)
            for start_of_piece in range(0, len(stream), size):
                connection.sendall(stream[start_of_piece:start_of_piece + size])
            # The last line has no line feed.
            connection.shutdown(socket.SHUT_WR)
            replies = [json.loads(reply) for reply in connection.makefile()]
        assert ["state" in reply for reply in replies] == [True, False, False, False, True, True]
    key.end()


def test_a_question_waits_for_another_process(start):
    key = start("--gate", "ignore")
    assert stat.S_IMODE(os.stat(key.path).st_mode) == 0o600
    ctap2 = key.ctap2()
    call = Background(lambda: make(ctap2, options={"rk": True}))
    question = key.question()
    assert (question["action"], question["relyingPartyID"], question["userName"]) == (
        "makeCredential", "example.com", "mina")
    assert question["needsVerification"] is False
    assert key.control("approve")["questions"] == []
    assert call.join().fmt == "packed"
    call = Background(lambda: ctap2.get_assertion("example.com", DIGEST))
    assert key.question()["action"] == "getAssertion"
    key.control("deny")
    assert call.join() == CtapError.ERR.OPERATION_DENIED
    # In advance, for the next.
    assert key.control("approve", "2")["answers"] == ["approve", "approve"]
    ctap2.get_assertion("example.com", DIGEST)
    ctap2.selection()
    assert key.control("always", "approve")["answers"] == []
    for _ in range(3):
        ctap2.selection()
    key.end()


def test_time_passes_on_demand(start):
    """A question that nobody answers times out at once when the clock is put forward, and never while it stands still."""
    key = start("--gate", "ignore")
    ctap2 = key.ctap2()
    began = key.control("clock", "stop")["clock"]["seconds"]
    for _ in range(2):
        call = Background(ctap2.selection)
        key.question()
        key.control("clock", "advance", "30")
        assert call.join() == CtapError.ERR.USER_ACTION_TIMEOUT
    clock = key.ask(action="state")["state"]["clock"]
    assert (round(clock["seconds"] - began, 3), clock["isRunning"]) == (60, False)
    # A person who takes twenty seconds takes none; put forward past the time-out as well, the clock comes to them first.
    for seconds in ["20", "600"]:
        key.control("delay", "20", "approve")
        call = Background(ctap2.selection)
        end = time.monotonic() + PATIENCE
        while key.ask(action="state")["state"]["clock"]["sleepers"] < 2 and time.monotonic() < end:
            time.sleep(0.01)
        key.control("clock", "advance", seconds)
        assert call.join() is None
    key.end()


def test_reset_window_and_power(start):
    key = start()
    key.ctap2().reset()
    key.control("clock", "advance", "10.01")
    with pytest.raises(CtapError, match="NOT_ALLOWED"):
        key.ctap2().reset()
    key.control("power-cycle")
    assert key.process.event("power-cycled")
    key.ctap2().reset()
    key.end()


def test_lock_out_and_power_cycle(start):
    """Three wrong PINs latch the key until the power has been away; the retries are not given back."""
    key = start()
    pin = ClientPin(key.ctap2())
    pin.set_pin("a1b2c3d4")
    for code in [CtapError.ERR.PIN_INVALID, CtapError.ERR.PIN_INVALID, CtapError.ERR.PIN_AUTH_BLOCKED]:
        with pytest.raises(CtapError) as refusal:
            pin.get_pin_token("0000")
        assert refusal.value.code == code
    with pytest.raises(CtapError, match="PIN_AUTH_BLOCKED"):
        pin.get_pin_token("a1b2c3d4")
    assert pin.get_pin_retries() == (5, True)
    key.control("power-cycle")
    pin = ClientPin(key.ctap2())
    assert pin.get_pin_retries()[0] == 5
    pin.get_pin_token("a1b2c3d4")
    assert pin.get_pin_retries()[0] == 8
    key.end()


def test_tokens_expire(start):
    """An unused token after 30 seconds, a used one after ten minutes."""
    key = start()
    ctap2 = key.ctap2()
    pin = ClientPin(ctap2)
    pin.set_pin("a1b2c3d4")

    def management() -> CredentialManagement:
        token = pin.get_pin_token("a1b2c3d4", ClientPin.PERMISSION.CREDENTIAL_MGMT)
        return CredentialManagement(ctap2, pin.protocol, token)

    key.control("clock", "stop")
    manager = management()
    key.control("clock", "advance", "31")
    with pytest.raises(CtapError, match="PIN_AUTH_INVALID"):
        manager.get_metadata()
    manager = management()
    manager.get_metadata()
    key.control("clock", "advance", "569")
    manager.get_metadata()
    key.control("clock", "advance", "32")
    with pytest.raises(CtapError, match="PIN_AUTH_INVALID"):
        manager.get_metadata()
    key.end()


def test_fingers(start):
    """A finger that is not enrolled is not recognised; five of them block the reader, and the PIN frees it."""
    key = start("--finger", "left thumb")
    ctap2 = key.ctap2()
    pin = ClientPin(ctap2)
    pin.set_pin("a1b2c3d4")
    key.control("finger", "left", "thumb")
    assert make(ctap2, options={"uv": True}).auth_data.is_user_verified()
    key.control("finger", "nose", "5")
    codes = []
    for _ in range(2):
        with pytest.raises(CtapError) as refusal:
            make(ctap2, options={"uv": True})
        codes.append(refusal.value.code)
    assert codes == [CtapError.ERR.PUAT_REQUIRED] * 2
    assert pin.get_uv_retries() == 0
    with pytest.raises(CtapError, match="UV_BLOCKED"):
        pin.get_uv_token(ClientPin.PERMISSION.MAKE_CREDENTIAL, "example.com")
    pin.get_pin_token("a1b2c3d4")
    assert pin.get_uv_retries() == 5
    assert key.ask(action="state")["state"]["answers"] == []
    key.end()


def test_unplugged(start, workplace):
    """Without power a connection ends, and so does every new one; what is stored is there when it is back."""
    key = start("--gate", "ignore", "--unix", str(workplace.directory / "key.sock"))
    ctap2 = key.ctap2()
    key.control("approve")
    make(ctap2, options={"rk": True})
    connections = [Door(listening) for listening in [key.listening, key.process.event("listening")]]
    for connection in connections:
        connection.open_channel()
    assert key.control("unplug")["isPlugged"] is False
    for connection in connections:
        with pytest.raises(ConnectionError):
            connection.read_packet()
    with pytest.raises((ConnectionError, OSError)):
        key.ctap2()
    again = key.workplace.start("control", key.path, "unplug")
    again.assert_fails(PATIENCE)
    assert "already" in again.stderr
    assert key.control("plug")["isPlugged"] is True
    key.control("approve")
    assert key.ctap2().get_assertion("example.com", DIGEST).credential["id"]
    key.end()


def test_unplugged_ports(workplace):
    """A port and a terminal stay where they are; what they are told without power is lost."""
    path = str(workplace.directory / "control.sock")
    process = workplace.start("key", "--udp", "0", "--control", path, "--json")
    door = Door(process.event("listening"))
    channel = door.open_channel()
    for action, event in [("unplug", "unplugged"), ("plug", "plugged")]:
        workplace.start("control", path, action).assert_succeeds(PATIENCE)
        assert process.event(event)
        if action == "unplug":
            door.send(channel, PING, b"lost")
            assert door.is_silent(0.3)
    door.send(channel, PING, b"x")
    # The channel is gone, and the lost packet has no answer.
    assert door.hear() == (channel, ERROR, b"\x0b")
    assert Ctap2(device(door.listening)).info.aaguid
    assert_ends_by_signal(process, signal.SIGTERM, TERMINATE_CODES)


def test_watch(start):
    key = start()
    watcher = key.workplace.start("control", key.path, "watch")
    assert watcher.event("state", PATIENCE)["state"]["clock"]["isRunning"]
    key.control("fail")
    ctap2 = key.ctap2()
    with pytest.raises(CtapError):
        make(ctap2)
    assert watcher.event("asked")["question"]["question"] == "make a passkey for mina at example.com"
    assert watcher.event("user")["decision"] == "verificationFailed"
    response = watcher.event("response")
    assert response["command"] == "makeCredential"
    assert (response["status"], response["statusName"]) == ("0x27", "CTAP2_ERR_OPERATION_DENIED (0x27)")
    assert {"milliseconds", "clockMilliseconds"} <= response.keys()
    key.end()
    # The end of the key is the end of what there is to watch.
    watcher.assert_succeeds(PATIENCE)


def test_a_program_is_told_which_device_asks(start, workplace):
    """The person of a key may be a program: it knows the device by its name, whether others can answer for it or not."""
    asked = workplace.directory / "asked"
    program = workplace.directory / "touch-it"
    program.write_text(f"#!/bin/sh\ncat > {asked}\n")
    program.chmod(0o700)
    key = start("--gate", f"exec:{program}")
    key.ctap2().selection()
    question = json.loads(asked.read_text())
    assert (question["device"], question["action"]) == ("key", "selection")
    key.end()


def test_two_advances_at_once_both_count(start):
    key = start("--gate", "ignore")
    began = key.control("clock", "stop")["clock"]["seconds"]
    waiting = Background(key.ctap2().selection)
    key.question()
    advances = [Background(lambda: key.ask(action="clock-advance", seconds=100)) for _ in range(4)]
    assert all("state" in advance.join() for advance in advances)
    assert waiting.join() == CtapError.ERR.USER_ACTION_TIMEOUT
    assert round(key.ask(action="state")["state"]["clock"]["seconds"] - began, 3) == 400
    key.end()


def test_what_is_in_use_is_left_alone(start, workplace):
    key = start()
    other = workplace.start("key", "--tcp", "0", "--control", key.path)
    other.assert_fails(PATIENCE)
    assert "Address already in use" in other.stderr
    note = workplace.directory / "note"
    note.write_text("mine")
    other = workplace.start("key", "--tcp", "0", "--control", str(note))
    other.assert_fails(PATIENCE)
    assert note.read_text() == "mine"
    assert key.control("state")["isPlugged"]
    key.process.signal(signal.SIGKILL)
    assert key.process.wait(PATIENCE) == -signal.SIGKILL
    absent = workplace.start("control", key.path, "state")
    absent.assert_fails(PATIENCE)
    assert "aikagi key --control" in absent.stderr
    # What a key leaves that was killed is replaced.
    start().end()


@pytest.mark.parametrize("action", [[], ["maybe"], ["clock"], ["clock", "advance", "x"], ["always"], ["state", "all"]])
def test_wrong_usage(workplace, action):
    assert workplace.start("control", "k", *action).wait(PATIENCE) == 64
