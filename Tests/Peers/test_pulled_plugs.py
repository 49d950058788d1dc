"""A key whose plug is pulled a hundred times, at random moments, by SIGKILL.

What was answered is there afterwards, no credential is there by half, no PIN retry is given back, and no signature counter
comes twice. The seed is printed; AIKAGI_SEED repeats its plan (the moments are the machine's).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import subprocess
import threading
from dataclasses import dataclass, field

import pytest
from aikagi_process import CRASH_MARKS
from conftest import Task
from fido2.ctap import CtapError
from fido2.cose import CoseKey
from fido2.ctap2 import ClientPin, CredentialManagement, Ctap2
from fido2.webauthn import AttestedCredentialData
from key_doors import device

AIKAGI = os.environ.get("AIKAGI")
pytestmark = pytest.mark.skipif(not AIKAGI, reason="AIKAGI does not name the program to test")

ROUNDS = 100
#: A bound for what is waited for; everything takes a fraction of it, on a busy machine as well.
PATIENCE = 60
PIN, WRONG_PIN = "1234", "4321"
ALL_RETRIES = 8
#: Registered once, and used for logins.
STABLE = [f"stable-{number}.example" for number in range(4)]
#: Each has one account, whose credential is replaced again and again.
CHANGING = [f"changing-{number}.example" for number in range(12)]


class Key:
    """`aikagi key` with a store, reached over TCP."""

    def __init__(self, store: str, listens: bool = True):
        self.process = subprocess.Popen(
            [AIKAGI, "key", "--tcp", "0", "--store", store, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if listens:
            line = Task(self.process.stdout.readline).result(PATIENCE)
            if not line:
                raise AssertionError(f"the key does not start: {self.process.stderr.read()}")
            self.place = json.loads(line)

    def ctap(self) -> Ctap2:
        return Ctap2(device(self.place))

    def pull(self) -> None:
        """Ends the process where it stands; it must not have ended by itself before."""
        assert self.process.poll() is None, f"the key ended by itself: {self.process.stderr.read()}"
        self.process.kill()
        _, errors = self.process.communicate(timeout=PATIENCE)
        assert not any(mark in errors for mark in CRASH_MARKS), errors


@dataclass
class Memory:
    """What the platforms were told."""

    #: relying party -> the credential that was answered last
    credentials: dict = field(default_factory=dict)
    #: A relying party whose registration was sent and not answered.
    pending: str | None = None
    #: What the number of PIN retries can be.
    retries: set = field(default_factory=lambda: {ALL_RETRIES})
    counters: list = field(default_factory=list)
    #: The highest counter before the power came on.
    highest: int = -1
    #: Relying parties whose credential changed since they were looked at.
    touched: set = field(default_factory=set)

    def count(self, counter: int) -> None:
        assert counter > self.highest, f"{counter} after {self.highest}: the counter went back over a restart"
        self.counters.append(counter)


def token(ctap: Ctap2, memory: Memory, pin: str, permissions, relying_party: str | None = None):
    """A token by the PIN, as a platform that remembers what may have become of the retries."""
    client = ClientPin(ctap)
    before = set(memory.retries)
    after_one_less = {count - 1 for count in before}
    memory.retries = before | after_one_less | ({ALL_RETRIES} if pin == PIN else set())
    try:
        made = client.get_pin_token(pin, permissions, relying_party)
    except CtapError as error:
        if error.code != CtapError.ERR.PIN_INVALID:
            raise
        memory.retries = after_one_less
        return client, None
    assert pin == PIN, "a wrong PIN was taken"
    memory.retries = {ALL_RETRIES}
    return client, made


def register(ctap: Ctap2, memory: Memory, relying_party: str) -> None:
    client, proof = token(ctap, memory, PIN, ClientPin.PERMISSION.MAKE_CREDENTIAL, relying_party)
    digest = os.urandom(32)
    memory.pending = relying_party
    memory.touched.add(relying_party)
    response = ctap.make_credential(
        digest,
        {"id": relying_party, "name": relying_party},
        {"id": relying_party.encode(), "name": "user"},
        [{"type": "public-key", "alg": -7}],
        options={"rk": True},
        pin_uv_param=client.protocol.authenticate(proof, digest),
        pin_uv_protocol=client.protocol.VERSION,
    )
    memory.credentials[relying_party] = response.auth_data.credential_data
    memory.pending = None
    memory.count(response.auth_data.counter)


def log_in(ctap: Ctap2, relying_party: str, allow_list: list | None = None):
    """An assertion and what it signs; without a touch, which would use up the other platform's token."""
    digest = os.urandom(32)
    return ctap.get_assertion(relying_party, digest, allow_list, options={"up": False}), digest


def act(key: Key, memory: Memory, plan: random.Random, begun: threading.Event) -> None:
    """A platform that registers, and sometimes mistypes the PIN, until the plug is pulled."""
    mistakes = 0
    try:
        ctap = key.ctap()
        while True:
            # Three mistakes in a row would block the PIN until the power comes back, and eight for ever.
            if mistakes < 2 and min(memory.retries) > 2 and plan.random() < 0.4:
                token(ctap, memory, WRONG_PIN, ClientPin.PERMISSION.CREDENTIAL_MGMT)
                mistakes += 1
            else:
                register(ctap, memory, plan.choice(CHANGING))
                mistakes = 0
            begun.set()
    except OSError:
        pass  # the plug is pulled


def use(key: Key, memory: Memory, plan: random.Random, begun: threading.Event) -> None:
    """A platform that logs in until the plug is pulled."""
    try:
        ctap = key.ctap()
        while True:
            relying_party = plan.choice(STABLE)
            known = memory.credentials[relying_party]
            response, digest = log_in(
                ctap, relying_party, [{"type": "public-key", "id": known.credential_id}] if plan.random() < 0.5 else None)
            response.verify(digest, known.public_key)
            memory.count(response.auth_data.counter)
            begun.set()
    except OSError:
        pass  # the plug is pulled


def adopt(ctap: Ctap2, memory: Memory, relying_party: str) -> None:
    """Learns what became of a registration that was not answered: the earlier credential, a new one that works, or none."""
    client, proof = token(ctap, memory, PIN, ClientPin.PERMISSION.CREDENTIAL_MGMT)
    management = CredentialManagement(ctap, client.protocol, proof)
    try:
        found = management.enumerate_creds(hashlib.sha256(relying_party.encode()).digest())
    except CtapError as error:
        assert error.code == CtapError.ERR.NO_CREDENTIALS
        found = []
    known = memory.credentials.get(relying_party)
    assert len(found) == 1 or (not found and known is None), f"{relying_party} has {len(found)} credentials"
    if found:
        identifier, public_key = found[0][7]["id"], found[0][8]
        if known is None or identifier != known.credential_id:
            memory.credentials[relying_party] = AttestedCredentialData.create(
                bytes(16), identifier, CoseKey.parse(public_key))
    memory.pending = None


def look(key: Key, memory: Memory, relying_parties: list[str]) -> None:
    """Everything that was answered is there, and works."""
    ctap = key.ctap()
    retries, _ = ClientPin(ctap).get_pin_retries()
    assert retries in memory.retries, f"{retries} PIN retries, where there can be {sorted(memory.retries)}"
    memory.retries = {retries}
    if memory.pending:
        adopt(ctap, memory, memory.pending)
    for relying_party in relying_parties:
        known = memory.credentials.get(relying_party)
        if known is None:
            continue
        response, digest = log_in(ctap, relying_party)
        assert response.credential["id"] == known.credential_id, f"{relying_party} has another credential"
        assert (response.number_of_credentials or 1) == 1
        response.verify(digest, known.public_key)
        memory.count(response.auth_data.counter)
    memory.touched.clear()


def test_a_hundred_pulled_plugs(short_directory):
    seed = int(os.environ.get("AIKAGI_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"AIKAGI_SEED={seed}")
    plan = random.Random(seed)
    store = str(short_directory / "key.sqlite")
    memory = Memory()
    key = Key(store)
    try:
        ctap = key.ctap()
        ClientPin(ctap).set_pin(PIN)
        for relying_party in STABLE:
            register(ctap, memory, relying_party)
        for _ in range(ROUNDS):
            begun = [threading.Event(), threading.Event()]
            tasks = [
                Task(lambda: act(key, memory, random.Random(plan.random()), begun[0])),
                Task(lambda: use(key, memory, random.Random(plan.random()), begun[1])),
            ]
            for event, task in zip(begun, tasks):
                if not event.wait(PATIENCE):
                    task.result(0)  # says why, if it has ended
                    raise AssertionError("no answer came")
            threading.Event().wait(plan.uniform(0, 0.08))
            key.pull()
            for task in tasks:
                task.result(PATIENCE)
            memory.highest = max(memory.counters)
            if plan.random() < 0.2:
                # The plug is pulled while it starts.
                key = Key(store, listens=False)
                threading.Event().wait(plan.uniform(0, 0.1))
                key.pull()
            key = Key(store)
            look(key, memory, sorted(memory.touched) + plan.sample(STABLE, 1))
        look(key, memory, STABLE + CHANGING)
    finally:
        key.process.kill()
        key.process.communicate()
    assert len(set(memory.counters)) == len(memory.counters), "a signature counter came twice"
    assert sqlite3.connect(store).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
