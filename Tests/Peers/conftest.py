"""Shared pieces of the peer tests: a short temporary directory, threads that keep their result, ceremony helpers."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

# Under nohup, or in the background of a shell without job control, these signals are ignored, and so they would be by
# every program that the tests start.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A temporary directory with a short path: a Unix socket's path may not exceed 107 bytes."""
    directory = Path(tempfile.mkdtemp(prefix="peers-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def workplace(short_directory):
    """Where a test runs the project's tool, the path of which is in AIKAGI; its processes end with the test."""
    from aikagi_process import Workplace

    binary = os.environ.get("AIKAGI")
    if not binary:
        pytest.skip("AIKAGI (the path of the command-line tool) is not set")
    place = Workplace(binary, short_directory)
    yield place
    place.end()


class Task:
    """A call in a thread of its own; ``result`` returns its value or raises its exception."""

    def __init__(self, call: Callable[[], Any]):
        self._value: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(call,), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            self._value = call()
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error

    def explain(self, failure: BaseException) -> None:
        """Adds what became of this task to another failure that may be its consequence."""
        state = "is still busy" if self._thread.is_alive() else f"ended with {self._error!r}"
        failure.add_note(f"the Python peer {state}")

    def result(self, timeout: float) -> Any:
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise TimeoutError("the peer is still busy")
        if self._error is not None:
            raise self._error
        return self._value


def verify_registration(response: dict, client_data_hash: bytes, rp_id: str):
    """Checks a makeCredential response with python-fido2 and returns its attested credential data."""
    from fido2.attestation import NoneAttestation, PackedAttestation
    from fido2.webauthn import AuthenticatorData

    data = AuthenticatorData(response[2])
    assert data.rp_id_hash == hashlib.sha256(rp_id.encode()).digest()
    assert data.is_user_present() and data.is_user_verified() and data.is_attested()
    verifier = {"packed": PackedAttestation, "none": NoneAttestation}[response[1]]()
    verifier.verify(response[3], data, client_data_hash)
    return data.credential_data


def verify_assertion(response: dict, client_data_hash: bytes, rp_id: str, credential) -> None:
    """Checks a getAssertion response with python-fido2 against a registered credential."""
    from fido2.webauthn import AuthenticatorData

    data = AuthenticatorData(response[2])
    assert data.rp_id_hash == hashlib.sha256(rp_id.encode()).digest()
    assert data.is_user_present() and data.is_user_verified() and not data.is_attested()
    assert response[1]["id"] == credential.credential_id
    credential.public_key.verify(response[2] + client_data_hash, response[3])


def register_with_pc(pc, rp_id: str = "example.com"):
    """A makeCredential ceremony of the Python PC, verified; the attested credential data."""
    from hybrid_peer import MAKE_CREDENTIAL, make_credential_request

    digest = secrets.token_bytes(32)
    pc.connect()
    response = pc.request(MAKE_CREDENTIAL, make_credential_request(digest, rp_id, secrets.token_bytes(16)))
    pc.shutdown()
    return verify_registration(response, digest, rp_id)


def authenticate_with_pc(pc, credential, rp_id: str = "example.com", discoverable: bool = False) -> None:
    """A getAssertion ceremony of the Python PC, verified against the credential."""
    from hybrid_peer import GET_ASSERTION, get_assertion_request

    digest = secrets.token_bytes(32)
    pc.connect()
    allowed = None if discoverable else [credential.credential_id]
    response = pc.request(GET_ASSERTION, get_assertion_request(digest, rp_id, allowed))
    pc.shutdown()
    verify_assertion(response, digest, rp_id, credential)
