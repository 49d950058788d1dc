"""A virtual security key in a namespace, met by independent programs: python-fido2 as the client, and plain system calls.

The tool runs as ``aikagi with --key -- COMMAND``; this file runs itself as COMMAND, so what is below ``if __name__`` happens
inside the namespace, without pytest.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
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
