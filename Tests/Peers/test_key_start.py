"""How ``aikagi key`` starts, and what it keeps from one run to the next."""

from __future__ import annotations

import os
import signal
import socket
import time

import pytest
from aikagi_process import TERMINATE_CODES, assert_ends_by_signal
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from key_doors import INIT, PATIENCE, Door, device


def test_ready_at_once(workplace):
    """Generous: the debug build on a busy machine takes a tenth of it."""
    began = time.monotonic()
    process = workplace.start("key", "--udp", "0", "--json")
    process.event("listening")
    assert time.monotonic() - began < 2
    assert_ends_by_signal(process, signal.SIGTERM, TERMINATE_CODES)


@pytest.mark.parametrize("arguments", [[], ["--tcp", "x"], ["--udp-reply", "7112", "--tcp"], ["--pty", "--gate", "x"],
                                       ["--pty", "--memory", "--store", "s"]])
def test_wrong_usage(workplace, arguments):
    assert workplace.start("key", *arguments).wait() == 64


def test_reply_port(workplace):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(PATIENCE)
        reply_port = listener.getsockname()[1]
        process = workplace.start("key", "--udp", "0", "--udp-reply", str(reply_port), "--json")
        client = Door(process.event("listening"))
        client.send(0xFFFFFFFF, INIT, b"12345678")
        assert listener.recv(100)[7:15] == b"12345678"
        assert client.is_silent(0.1)
    assert_ends_by_signal(process, signal.SIGTERM, TERMINATE_CODES)


def test_store(workplace):
    """What a key keeps in a file is there when it comes back."""
    store = str(workplace.directory / "key.sqlite")
    digest = os.urandom(32)
    for is_first in [True, False]:
        process = workplace.start("key", "--tcp", "0", "--store", store, "--json")
        ctap2 = Ctap2(device(process.event("listening")))
        if is_first:
            ctap2.make_credential(
                digest, {"id": "example.com", "name": "Example"}, {"id": b"1", "name": "user"},
                [{"type": "public-key", "alg": -7}], options={"rk": True})
        else:
            assert ctap2.get_assertion("example.com", digest).user["id"] == b"1"
            with pytest.raises(CtapError, match="NO_CREDENTIALS"):
                ctap2.get_assertion("other.example", digest)
        assert_ends_by_signal(process, signal.SIGTERM, TERMINATE_CODES)


def test_large_blob_extension(workplace):
    """CTAP 2.3's largeBlob: the blob lies beside its credential, and survives a restart."""
    store = str(workplace.directory / "key.sqlite")
    digest, blob = os.urandom(32), os.urandom(1000)

    def run(body):
        process = workplace.start("key", "--tcp", "0", "--store", store, "--large-blob", "extension", "--json")
        ctap2 = Ctap2(device(process.event("listening")), strict_cbor=True)
        assert "largeBlob" in ctap2.info.extensions and "largeBlobKey" not in ctap2.info.extensions
        assert "largeBlobs" not in ctap2.info.options and not ctap2.info.max_large_blob
        body(ctap2)
        assert_ends_by_signal(process, signal.SIGTERM, TERMINATE_CODES)

    def output(ctap2, allowed, **operation):
        # python-fido2 does not show member 8 of an assertion, the outputs that are not signed.
        parameters = {1: "example.com", 2: digest, 3: allowed, 4: {"largeBlob": operation}}
        found = ctap2.send_cbor(
            Ctap2.CMD.GET_ASSERTION, {key: value for key, value in parameters.items() if value is not None})
        return found.get(8, {}).get("largeBlob")

    def write(ctap2):
        made = ctap2.make_credential(
            digest, {"id": "example.com", "name": "Example"}, {"id": b"1", "name": "user"},
            [{"type": "public-key", "alg": -7}], extensions={"largeBlob": {"support": "required"}}, options={"rk": True})
        assert made.unsigned_extension_outputs == {"largeBlob": {"supported": True}}
        allowed = [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}]
        assert output(ctap2, allowed, read=True) is None
        assert output(ctap2, allowed, write=blob, originalSize=5000) == {"written": True}
        with pytest.raises(CtapError, match="INVALID_CBOR"):
            output(ctap2, allowed, write=blob)

    run(write)
    run(lambda ctap2: output(ctap2, None, read=True) == {"blob": blob, "originalSize": 5000} or pytest.fail("no blob"))
