"""A virtual security key in a namespace, met by independent programs: python-fido2 as the client, and plain system calls.

The tool runs as ``aikagi with --key -- COMMAND``; this file runs itself as COMMAND, so what is below ``if __name__`` happens
inside the namespace, without pytest.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from ctypes.util import find_library
from pathlib import Path

#: How long anything here may take, in seconds; it needs a fraction of one.
PATIENCE = 20


def inside_ceremonies(rounds: int) -> None:
    """Registers and logs in, again and again, with one key."""
    from fido2.ctap2 import Ctap2
    from fido2.hid import CtapHidDevice

    devices = list(CtapHidDevice.list_devices())
    assert len(devices) == 1, devices
    device = devices[0]
    assert device.ping(b"x" * 7609) == b"x" * 7609, "the longest message"
    for number in range(rounds):
        ctap = Ctap2(device)
        credential = ctap.make_credential(
            os.urandom(32),
            {"id": "example.com", "name": "Example"},
            {"id": number.to_bytes(4, "big"), "name": "user"},
            [{"type": "public-key", "alg": -7}],
        )
        data = credential.auth_data.credential_data
        client_data_hash = os.urandom(32)
        assertion = ctap.get_assertion(
            "example.com", client_data_hash, [{"type": "public-key", "id": data.credential_id}]
        )
        assertion.verify(client_data_hash, data.public_key)
    print(json.dumps({"rounds": rounds, "path": device.descriptor.path, "name": device.descriptor.product_name}))


def exercise_prf(device, verification: str) -> dict[str, str]:
    """WebAuthn's prf and CTAP's hmac-secret through python-fido2's client; the values that must be the same every time."""
    from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
    from fido2.ctap2 import Ctap2
    from fido2.ctap2.extensions import HmacSecretExtension
    from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
    from fido2.utils import sha256, websafe_encode
    from fido2.webauthn import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialCreationOptions,
        PublicKeyCredentialDescriptor,
        PublicKeyCredentialParameters,
        PublicKeyCredentialRequestOptions,
        PublicKeyCredentialRpEntity,
        PublicKeyCredentialUserEntity,
    )

    class Consent(UserInteraction):
        def request_uv(self, permissions, rp_id):
            return True

    client = Fido2Client(
        device,
        DefaultClientDataCollector("https://example.com"),
        user_interaction=Consent(),
        extensions=[HmacSecretExtension(allow_hmac_secret=True)],
    )
    assert list(client.info.pin_uv_protocols) == [2, 1]
    assert "hmac-secret" in client.info.extensions
    assert client.info.options["clientPin"] is False

    def register(extensions: dict, discoverable: str):
        return client.make_credential(
            PublicKeyCredentialCreationOptions(
                rp=PublicKeyCredentialRpEntity(id="example.com", name="Example"),
                user=PublicKeyCredentialUserEntity(id=os.urandom(8), name="user", display_name="User"),
                challenge=os.urandom(32),
                pub_key_cred_params=[PublicKeyCredentialParameters(type="public-key", alg=-7)],
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=discoverable, user_verification=verification
                ),
                extensions=extensions,
            )
        )

    def log_in(extensions: dict, allowed: list, key):
        selection = client.get_assertion(
            PublicKeyCredentialRequestOptions(
                challenge=os.urandom(32),
                rp_id="example.com",
                allow_credentials=[PublicKeyCredentialDescriptor(type="public-key", id=one) for one in allowed],
                user_verification=verification,
                extensions=extensions,
            )
        )
        response = selection.get_response(0)
        signed = response.response
        key.verify(signed.authenticator_data + signed.client_data.hash, signed.signature)
        assert signed.authenticator_data.is_user_verified() == (verification == "required")
        return response.client_extension_results

    plain = register({}, "discouraged")
    assert not plain.response.attestation_object.auth_data.extensions
    registration = register({"prf": {}}, "discouraged")
    assert registration.client_extension_results.prf.enabled is True
    other = register({"hmacCreateSecret": True}, "discouraged")
    assert other.client_extension_results.hmac_create_secret is True
    credential = registration.response.attestation_object.auth_data.credential_data
    stranger = other.response.attestation_object.auth_data.credential_data
    # A credential that was not asked to have the function has it as well; its results are its own.
    late = plain.response.attestation_object.auth_data.credential_data

    first, second = b"first input", b"a second input, somewhat longer than thirty-two bytes"
    both = {"prf": {"eval": {"first": first, "second": second}}}
    results = log_in(both, [credential.credential_id], credential.public_key).prf.results
    assert len(results.first) == len(results.second) == 32 and results.first != results.second
    again = log_in(both, [os.urandom(32), credential.credential_id], credential.public_key).prf.results
    assert (again.first, again.second) == (results.first, results.second)
    swapped = log_in(
        {"prf": {"eval": {"first": second, "second": first}}}, [credential.credential_id], credential.public_key
    ).prf.results
    assert (swapped.first, swapped.second) == (results.second, results.first)
    alone = log_in({"prf": {"eval": {"first": second}}}, [credential.credential_id], credential.public_key).prf.results
    assert alone.first == results.second and not alone.second
    for foreign in (stranger, late):
        values = log_in(both, [foreign.credential_id], foreign.public_key).prf.results
        assert not {values.first, values.second} & {results.first, results.second}
    by_credential = log_in(
        {
            "prf": {
                "eval": {"first": first},
                "evalByCredential": {websafe_encode(credential.credential_id): {"first": second}},
            }
        },
        [credential.credential_id],
        credential.public_key,
    ).prf.results
    assert by_credential.first == results.second

    # The extension below it, by hand and with either protocol: the salts are the hashed inputs.
    salts = [sha256(b"WebAuthn PRF\0" + value) for value in (first, second)]
    raw = log_in(
        {"hmacGetSecret": {"salt1": salts[0], "salt2": salts[1]}}, [credential.credential_id], credential.public_key
    ).hmac_get_secret
    assert (raw.output1, raw.output2) == (results.first, results.second)
    ctap = Ctap2(device)
    for protocol in (PinProtocolV1(), PinProtocolV2()):
        key_agreement, secret = ClientPin(ctap, protocol)._get_shared_secret()
        encrypted = protocol.encrypt(secret, b"".join(salts))
        assertion = ctap.get_assertion(
            "example.com",
            os.urandom(32),
            [{"type": "public-key", "id": credential.credential_id}],
            {
                "hmac-secret": {
                    1: key_agreement,
                    2: encrypted,
                    3: protocol.authenticate(secret, encrypted),
                    4: protocol.VERSION,
                }
            },
            {"uv": True} if verification == "required" else {},
        )
        output = protocol.decrypt(secret, assertion.auth_data.extensions["hmac-secret"])
        assert output == results.first + results.second, protocol
    return {"credential": websafe_encode(credential.credential_id), "first": results.first.hex()}


def libfido2_hmac_secret(path: str, verification: str, salts: bytes) -> tuple[bytes, bytes]:
    """A new credential's ID and what its pseudo-random function makes of salts, with libfido2 as the client."""
    from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_size_t, c_ubyte, c_void_p
    from ctypes import memmove, string_at

    library = CDLL(find_library("fido2"))

    # libfido2's own functions insist on a character device, which a file in FUSE is not.
    node = os.open(path, os.O_RDWR)

    def read(handle, buffer, length, milliseconds):
        if not select.select([node], [], [], None if milliseconds < 0 else milliseconds / 1000)[0]:
            return -1
        report = os.read(node, length)
        memmove(buffer, report, len(report))
        return len(report)

    class Functions(Structure):
        """``fido_dev_io_t``."""

        _fields_ = [
            ("open", CFUNCTYPE(c_void_p, c_char_p)),
            ("close", CFUNCTYPE(None, c_void_p)),
            ("read", CFUNCTYPE(c_int, c_void_p, POINTER(c_ubyte), c_size_t, c_int)),
            ("write", CFUNCTYPE(c_int, c_void_p, POINTER(c_ubyte), c_size_t)),
        ]

    types = dict(Functions._fields_)
    functions = Functions(
        types["open"](lambda path: 1),
        types["close"](lambda handle: None),
        types["read"](read),
        types["write"](lambda handle, buffer, length: os.write(node, string_at(buffer, length))),
    )
    hmac_secret, es256, uv = 0x01, -7, 2 if verification == "required" else 0

    def call(name: str, *arguments) -> None:
        status = getattr(library, name)(*arguments)
        assert status == 0, f"{name}: {status}"

    def new(name: str) -> c_void_p:
        function = getattr(library, name)
        function.restype = c_void_p
        return c_void_p(function())

    def data(kind: str, member: str, *arguments) -> bytes:
        pointer, length = getattr(library, f"fido_{kind}_{member}_ptr"), getattr(library, f"fido_{kind}_{member}_len")
        pointer.restype, length.restype = c_void_p, c_size_t
        return string_at(pointer(*arguments), length(*arguments))

    library.fido_init(c_int(0))
    device, credential, assertion = new("fido_dev_new"), new("fido_cred_new"), new("fido_assert_new")
    call("fido_dev_set_io_functions", device, byref(functions))
    call("fido_dev_open", device, c_char_p(path.encode()))
    call("fido_cred_set_type", credential, c_int(es256))
    call("fido_cred_set_clientdata_hash", credential, os.urandom(32), c_size_t(32))
    call("fido_cred_set_rp", credential, c_char_p(b"example.com"), c_char_p(b"Example"))
    call("fido_cred_set_user", credential, b"user", c_size_t(4), c_char_p(b"user"), None, None)
    call("fido_cred_set_extensions", credential, c_int(hmac_secret))
    call("fido_cred_set_uv", credential, c_int(uv))
    call("fido_dev_make_cred", device, credential, None)
    call("fido_cred_verify_self", credential)
    identifier = data("cred", "id", credential)
    call("fido_assert_set_clientdata_hash", assertion, os.urandom(32), c_size_t(32))
    call("fido_assert_set_rp", assertion, c_char_p(b"example.com"))
    call("fido_assert_allow_cred", assertion, identifier, c_size_t(len(identifier)))
    call("fido_assert_set_extensions", assertion, c_int(hmac_secret))
    call("fido_assert_set_hmac_salt", assertion, salts, c_size_t(len(salts)))
    call("fido_assert_set_uv", assertion, c_int(uv))
    call("fido_dev_get_assert", device, assertion, None)
    secret = data("assert", "hmac_secret", assertion, c_size_t(0))
    call("fido_dev_close", device)
    os.close(node)
    return identifier, secret


def inside_libfido2(verification: str) -> None:
    """The same function, evaluated by libfido2 and by python-fido2."""
    from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
    from fido2.ctap2.extensions import HmacSecretExtension
    from fido2.hid import CtapHidDevice
    from fido2.webauthn import PublicKeyCredentialDescriptor, PublicKeyCredentialRequestOptions

    class Consent(UserInteraction):
        def request_uv(self, permissions, rp_id):
            return True

    salts = os.urandom(64)
    identifier, secret = libfido2_hmac_secret("/dev/hidraw0", verification, salts)
    # Only now: python-fido2 gives up when it reads reports for other channels.
    (device,) = CtapHidDevice.list_devices()
    client = Fido2Client(
        device,
        DefaultClientDataCollector("https://example.com"),
        user_interaction=Consent(),
        extensions=[HmacSecretExtension(allow_hmac_secret=True)],
    )
    results = (
        client.get_assertion(
            PublicKeyCredentialRequestOptions(
                challenge=os.urandom(32),
                rp_id="example.com",
                allow_credentials=[PublicKeyCredentialDescriptor(type="public-key", id=identifier)],
                user_verification=verification,
                extensions={"hmacGetSecret": {"salt1": salts[:32], "salt2": salts[32:]}},
            )
        )
        .get_response(0)
        .client_extension_results.hmac_get_secret
    )
    assert results.output1 + results.output2 == secret
    print(json.dumps({"secret": secret.hex()}))


def inside_prf(verification: str) -> None:
    """The pseudo-random function of the one key there is."""
    from fido2.hid import CtapHidDevice

    (device,) = CtapHidDevice.list_devices()
    print(json.dumps(exercise_prf(device, verification)))


def inside_devices() -> None:
    """Tells which keys there are, to python-fido2 and in sysfs, and who we are."""
    from fido2.hid import CtapHidDevice

    names = {device.descriptor.path: device.descriptor.product_name for device in CtapHidDevice.list_devices()}
    print(
        json.dumps(
            {
                "devices": names,
                "sysfs": sorted(os.listdir("/sys/class/hidraw")),
                "user": [os.getuid(), os.getgid()],
                "folder": os.getcwd(),
                "dev": sorted(os.listdir("/dev")),
            }
        )
    )


def inside_tree() -> None:
    """Starts descendants that would survive, tells that it is ready, and waits to be ended."""
    subprocess.Popen(["sleep", "1000"], start_new_session=True)
    subprocess.Popen(["sleep", "1000"])
    print("ready", flush=True)
    time.sleep(1000)


def inside_signal(name: str) -> None:
    """Ends with status 9 at a signal."""
    signal.signal(getattr(signal, name), lambda *_: os._exit(9))
    print("ready", flush=True)
    time.sleep(1000)


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    {
        "ceremonies": lambda: inside_ceremonies(int(arguments[0])),
        "prf": lambda: inside_prf(arguments[0]),
        "libfido2": lambda: inside_libfido2(arguments[0]),
        "devices": inside_devices,
        "tree": inside_tree,
        "signal": lambda: inside_signal(arguments[0]),
    }[command]()
    sys.exit(0)


import pytest  # noqa: E402  (the part above runs where pytest is not needed)


def reason_to_skip() -> str | None:
    """Why virtual keys cannot be had on this host."""
    if not os.environ.get("AIKAGI"):
        return "AIKAGI (the path of the command-line tool) is not set"
    for program in ("unshare", "bwrap"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse is missing or not accessible"
    if not os.path.isdir("/sys/class/hidraw"):
        return "/sys/class/hidraw is missing"
    trial = ["unshare", "-U", "-m", "--map-root-user", "--", "mount", "-t", "tmpfs", "none", "/sys/class/hidraw"]
    if subprocess.run(trial, capture_output=True, check=False).returncode:
        return "user namespaces are forbidden here"
    return None


REASON = reason_to_skip()
pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")

KEY = ["--key"]


def start(keys: int, *command: str, **options) -> subprocess.Popen:
    """Runs a command with so many keys; in a session of its own, so that signals reach only whom we name."""
    return subprocess.Popen(
        [os.environ["AIKAGI"], "with", *(KEY * keys), "--", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def run_key(key: str, *command: str, **options) -> tuple[int, str, str]:
    """Runs a command with one key of some kind to its end: status, standard output, standard error."""
    finished = subprocess.run(
        [os.environ["AIKAGI"], "with", "--key", key, "--", *command],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        **options,
    )
    return finished.returncode, finished.stdout, finished.stderr


def run(keys: int, *command: str, **options) -> tuple[int, str, str]:
    """Runs a command to its end: status, standard output, standard error."""
    process = start(keys, *command, **options)
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def this_file(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).resolve()), *arguments]


def processes_below(root: int) -> list[tuple[int, str]]:
    """A process and all its descendants, with their start times so that a number's next owner is not mistaken."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := status_of(int(entry))):
            parents.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        number = todo.pop()
        if fields := status_of(number):
            found.append((number, fields[19]))
        todo += parents.get(number, [])
    return found


def status_of(number: int) -> list[str] | None:
    """The fields of /proc/N/stat after the name: state, parent, …; None when there is no such process."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def survivors(processes: list[tuple[int, str]]) -> list[int]:
    """Those that still run; what only waits to be reaped by the machine's first process does not count."""
    alive = []
    for number, start_time in processes:
        fields = status_of(number)
        if fields and fields[19] == start_time and fields[0] not in "ZX":
            alive.append(number)
    return alive


def wait_until_gone(processes: list[tuple[int, str]]) -> None:
    deadline = time.monotonic() + PATIENCE
    while (left := survivors(processes)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left


def test_twenty_registrations_and_logins():
    status, output, errors = run(1, *this_file("ceremonies", "20"))
    assert status == 0, errors
    assert json.loads(output)["rounds"] == 20
    assert json.loads(output)["path"] == "/dev/hidraw0"


KEYS = pytest.mark.parametrize("key, verification", [("security-key", "discouraged"), ("platform", "required")])


@KEYS
def test_the_pseudo_random_function(key, verification, short_directory):
    status, output, errors = run_key(key, *this_file("prf", verification), cwd=short_directory)
    assert status == 0, errors
    assert len(json.loads(output)["first"]) == 64


@KEYS
@pytest.mark.skipif(find_library("fido2") is None, reason="libfido2 is not installed")
def test_the_pseudo_random_function_with_libfido2(key, verification, short_directory):
    status, output, errors = run_key(key, *this_file("libfido2", verification), cwd=short_directory)
    assert status == 0, errors
    assert len(json.loads(output)["secret"]) == 128


def test_several_keys_and_everything_else_as_outside(short_directory):
    status, output, errors = run(3, *this_file("devices"), cwd=short_directory)
    assert status == 0, errors
    seen = json.loads(output)
    assert sorted(seen["devices"]) == ["/dev/hidraw0", "/dev/hidraw1", "/dev/hidraw2"]
    assert [name for name in seen["sysfs"] if not name.startswith(".")] == ["hidraw0", "hidraw1", "hidraw2"]
    assert seen["user"] == [os.getuid(), os.getgid()]
    assert seen["folder"] == str(short_directory)
    here = {name for name in os.listdir("/dev") if not name.startswith("hidraw")}
    assert here <= set(seen["dev"])


def test_nothing_of_it_shows_outside():
    process = start(1, *this_file("tree"))
    assert process.stdout.readline() == "ready\n"
    try:
        assert not os.path.exists("/dev/hidraw0") or os.path.exists("/sys/class/hidraw/hidraw0")
        assert "aikagi" not in Path("/proc/self/mounts").read_text()
    finally:
        processes = processes_below(process.pid)
        process.kill()
        process.communicate()
    wait_until_gone(processes)


@pytest.mark.parametrize("script, status", [("exit 7", 7), ("kill -TERM $$", 143), ("kill -SEGV $$", 139)])
def test_the_status_is_the_programs(script, status):
    assert run(1, "sh", "-c", script)[0] == status


def test_a_command_that_does_not_exist():
    status, _, errors = run(1, "no-such-command-here", env={**os.environ, "PATH": "/usr/bin:/bin"})
    assert status == 127
    assert "no-such-command-here" in errors


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1"])
def test_signals_reach_the_program(name):
    process = start(1, *this_file("signal", name))
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 9


@pytest.mark.parametrize("victim", range(5), ids=["outside", "inside", "bwrap", "init", "program"])
def test_whoever_is_killed_nothing_is_left(victim):
    process = start(1, *this_file("tree"))
    assert process.stdout.readline() == "ready\n"
    processes = processes_below(process.pid)
    assert len(processes) >= 7
    os.kill(processes[victim][0], signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    wait_until_gone(processes)
    assert "aikagi" not in Path("/proc/self/mounts").read_text()
