"""`aikagi store` as a person and a script meet it; python-fido2 says what is in a store, Python's own scrypt and AES-GCM open an export."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pty
import select
import subprocess
import time
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from key_doors import device

AIKAGI = os.environ.get("AIKAGI")
pytestmark = pytest.mark.skipif(not AIKAGI, reason="AIKAGI does not name the program to test")

PATIENCE = 60
RP = {"id": "example.com", "name": "Example"}


@pytest.fixture
def place(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"the passphrase {name}\n")
    return tmp_path


def aikagi(place, *arguments):
    return subprocess.run(
        [AIKAGI, *arguments], cwd=place, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
        start_new_session=True)


def succeed(place, *arguments) -> str:
    done = aikagi(place, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fail(place, words: str, *arguments) -> None:
    done = aikagi(place, *arguments)
    assert done.returncode == 1 and words in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""


@contextmanager
def key(place, store: str, *arguments):
    """python-fido2's client of a key with a store, or with the options that say where else."""
    where = [store] if store.startswith("--") else ["--store", store]
    process = subprocess.Popen(
        [AIKAGI, "key", "--tcp", "0", "--json", *where, *arguments], cwd=place, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        yield Ctap2(device(json.loads(line)))
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def register(ctap: Ctap2, user: bytes, discoverable: bool = True):
    response = ctap.make_credential(
        os.urandom(32), RP, {"id": user, "name": user.decode()}, [{"type": "public-key", "alg": -7}],
        options={"rk": discoverable})
    return response.auth_data


def log_in(ctap: Ctap2, made) -> int:
    digest = os.urandom(32)
    allowed = [{"type": "public-key", "id": made.credential_data.credential_id}]
    response = ctap.get_assertion(RP["id"], digest, allowed)
    response.verify(digest, made.credential_data.public_key)
    return response.auth_data.counter


def open_export(file, passphrase: str) -> dict:
    """An export, opened by its documented form."""
    data = file.read_bytes()
    assert data[:6] == b"AKPB\x01\x02" and tuple(data[6:9]) == (15, 8, 3)
    sealing = hashlib.scrypt(
        passphrase.encode(), salt=data[9:25], n=1 << data[6], r=data[7], p=data[8], dklen=32, maxmem=1 << 26)
    return json.loads(AESGCM(sealing).decrypt(data[25:37], data[37:], data[:37]))


def test_credentials_move(place):
    with key(place, "a.sqlite") as ctap:
        ann, bob = register(ctap, b"ann"), register(ctap, b"bob")
        hidden = register(ctap, b"hidden", discoverable=False)
        counter = max(log_in(ctap, made) for made in (ann, bob, hidden))
        # In use: a list is made meanwhile.
        lines = [json.loads(line) for line in succeed(place, "store", "list", "a.sqlite", "--json").splitlines()]
    assert [line["userName"] for line in lines] == ["ann", "bob"]
    assert all(line["rpId"] == "example.com" and line["algorithm"] == -7 for line in lines)
    assert not any("rivate" in member or "ecret" in member for line in lines for member in line)
    assert succeed(place, "store", "list", "a.sqlite").count("\n") == 2
    assert succeed(place, "store", "list", "a.sqlite", "--rp-id", "other.example") == ""

    succeed(place, "store", "export", "a.sqlite", "backup", "--export-passphrase-file", "one")
    assert (place / "backup").stat().st_mode & 0o777 == 0o600
    document = open_export(place / "backup", "the passphrase one")
    assert [entry["secrets"]["userName"] for entry in document["credentials"]] == ["ann", "bob"]
    assert document["signatureCounter"] >= counter
    raw = document["credentials"][0]["secrets"]["privateKey"]
    assert len(base64.urlsafe_b64decode(raw + "=")) == 32
    before = (place / "backup").read_bytes()
    fail(place, "is not overwritten", "store", "export", "a.sqlite", "backup", "--export-passphrase-file", "one")
    assert (place / "backup").read_bytes() == before

    fail(place, "the passphrase is wrong", "store", "import", "b.sqlite", "backup", "--export-passphrase-file", "two")
    assert not (place / "b.sqlite").exists()
    succeed(place, "store", "import", "b.sqlite", "backup", "--export-passphrase-file", "one")
    with key(place, "b.sqlite") as ctap:
        assert min(log_in(ctap, made) for made in (ann, bob, hidden)) > counter

    # What is in the way is named, and nothing is imported; without it the rest is.
    with key(place, "c.sqlite") as ctap:
        own = register(ctap, b"ann")
    fail(place, "the account 'ann' at example.com", "store", "import", "c.sqlite", "backup",
         "--export-passphrase-file", "one")
    with key(place, "c.sqlite") as ctap:
        log_in(ctap, own)
        with pytest.raises(CtapError):
            log_in(ctap, bob)


@pytest.mark.parametrize("store", ["a.sqlite", "--memory"])
def test_a_key_is_full(place, store):
    with key(place, store, "--capacity", "2") as ctap:
        assert ctap.get_info().remaining_disc_creds == 2
        register(ctap, b"ann")
        register(ctap, b"bob")
        assert ctap.get_info().remaining_disc_creds == 0
        with pytest.raises(CtapError) as refusal:
            register(ctap, b"cid")
        assert refusal.value.code == CtapError.ERR.KEY_STORE_FULL
        # In the place of the account's earlier one there is room.
        register(ctap, b"bob")
    for count in ["-1", "0", "1000001"]:
        refusal = aikagi(place, "key", "--tcp", "0", f"--capacity={count}")
        assert refusal.returncode == 64 and "from 1 to 1000000" in refusal.stderr


def test_one_credential_is_singular(place):
    with key(place, "a.sqlite") as ctap:
        register(ctap, b"ann")
    done = aikagi(place, "store", "export", "a.sqlite", "backup", "--export-passphrase-file", "one")
    assert done.stderr == "1 credential exported to backup\n"


def test_a_passphrase_comes_changes_and_goes(place):
    with key(place, "a.sqlite") as ctap:
        made = register(ctap, b"ann")
    assert (place / "a.sqlite.key").stat().st_size == 32
    fail(place, "is not sealed", "store", "list", "a.sqlite", "--passphrase-file", "one")
    succeed(place, "store", "passphrase", "a.sqlite", "--new-passphrase-file", "one")
    fail(place, "give --passphrase-file", "store", "list", "a.sqlite")
    fail(place, "the passphrase is wrong", "store", "list", "a.sqlite", "--passphrase-file", "two")
    with key(place, "a.sqlite", "--passphrase-file", "one") as ctap:
        # The key stays the same, so that what is open goes on.
        succeed(place, "store", "passphrase", "a.sqlite", "--passphrase-file", "one", "--new-passphrase-file", "two")
        log_in(ctap, made)
    fail(place, "the passphrase is wrong", "store", "list", "a.sqlite", "--passphrase-file", "one")
    succeed(place, "store", "passphrase", "a.sqlite", "--passphrase-file", "two", "--remove")
    assert (place / "a.sqlite.key").stat().st_size == 32
    with key(place, "a.sqlite") as ctap:
        log_in(ctap, made)


@pytest.mark.parametrize("text", ["", "\n", "two\nlines\n"])
def test_what_is_no_passphrase(place, text):
    (place / "odd").write_text(text)
    fail(place, "'odd' ", "key", "--tcp", "0", "--store", "a.sqlite", "--passphrase-file", "odd")
    assert not list(place.glob("a.sqlite*"))


class Typist:
    """A person at the terminal of a program."""

    def __init__(self, place, *arguments):
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.chdir(place)
            os.execv(AIKAGI, [AIKAGI, *arguments])
        self.shown = ""

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in self.shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"no {words!r} in {self.shown!r}"
            self._read()

    def _read(self) -> bool:
        try:
            data = os.read(self.terminal, 1000)
        except OSError:
            return False  # the other end is closed
        self.shown += data.decode()
        return bool(data)

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def end(self) -> int:
        while self._read():
            pass
        _, status = os.waitpid(self.process, 0)
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


def test_a_passphrase_is_typed_and_not_shown(place):
    with key(place, "a.sqlite") as ctap:
        register(ctap, b"ann")
    person = Typist(place, "store", "passphrase", "a.sqlite")
    person.wait_for("New passphrase of a.sqlite.key: ")
    person.type("the passphrase one\n")
    person.wait_for("once more: ")
    person.type("the passphrase one\n")
    assert person.end() == 0, person.shown
    assert "the passphrase one" not in person.shown
    assert "ann" in succeed(place, "store", "list", "a.sqlite", "--passphrase-file", "one")

    person = Typist(place, "store", "list", "a.sqlite")
    person.wait_for("Passphrase of a.sqlite.key: ")
    person.type("the passphrase one\n")
    assert person.end() == 0 and "ann" in person.shown and "the passphrase one" not in person.shown

    person = Typist(place, "store", "passphrase", "a.sqlite", "--passphrase-file", "one")
    person.wait_for("New passphrase of a.sqlite.key: ")
    person.type("three\n")
    person.wait_for("once more: ")
    person.type("tree\n")
    assert person.end() == 1 and "not the same" in person.shown

    person = Typist(place, "store", "list", "a.sqlite")
    person.wait_for("Passphrase of a.sqlite.key: ")
    person.type("\x03")  # Ctrl-C
    assert person.end() == 130
