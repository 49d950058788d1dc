"""The command line as a person or a script meets it: pipes, refusals, interruptions, and that nothing is left behind."""

import glob
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time

import pytest

AIKAGI = os.environ.get("AIKAGI")
pytestmark = pytest.mark.skipif(not AIKAGI, reason="AIKAGI does not name the program to test")

STEPS = 29


@pytest.fixture
def scratch():
    """A folder for the program's own temporary files, which must be empty again at the end."""
    with tempfile.TemporaryDirectory(prefix="aikagi-cli-") as folder:
        yield pathlib.Path(folder)
        assert glob.glob(folder + "/aikagi-*") == [], "a scratch folder was left behind"


def run(scratch, *arguments, **options):
    environment = {**os.environ, "TMPDIR": str(scratch), "XDG_RUNTIME_DIR": str(scratch)}
    return subprocess.run(
        [AIKAGI, *arguments], env=environment, capture_output=True, text=True, timeout=60, **options)


def test_demo_as_json_lines(scratch):
    done = run(scratch, "demo", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == STEPS + 1
    assert all({"step", "title", "ok", "ms"} <= line.keys() and line["ok"] for line in lines[:-1])
    assert lines[-1]["summary"] and lines[-1]["ok"] and lines[-1]["steps"] == STEPS
    assert done.stderr == ""


@pytest.mark.parametrize("gate, step", [("--pc-gate", "2-1.3"), ("--phone-gate", "2-2.3")])
def test_demo_that_is_refused(scratch, gate, step):
    done = run(scratch, "demo", "--json", gate, "deny")
    assert done.returncode == 1
    *steps, summary = [json.loads(line) for line in done.stdout.splitlines()]
    assert (steps[-1]["step"], steps[-1]["ok"], steps[-1]["leg"]) == (step, False, "user verification")
    assert summary["summary"] and not summary["ok"]
    assert done.stderr.startswith(f"aikagi: the demo failed at {step} ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_that_is_interrupted(scratch, number):
    environment = {**os.environ, "TMPDIR": str(scratch)}
    process = subprocess.Popen(
        [AIKAGI, "demo", "--json", "--phone-gate", "delay:30"], env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if json.loads(line)["step"] == "2-2.2":
                break
        process.send_signal(number)
        rest, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 128 + number
    assert "summary" not in rest, "an interrupted demo is not done"


def test_output_that_cannot_be_written(scratch):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [AIKAGI, "demo"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            env={**os.environ, "TMPDIR": str(scratch)})
    assert done.returncode == 1
    assert done.stderr == "aikagi: cannot write to standard output: No space left on device\n"


REFUSALS = [
    (["phone", "scan", "rubbish", "--memory"], "", "cannot read 'rubbish': No such file or directory"),
    (["phone", "scan", "/", "--memory"], "", "cannot read '/': Is a directory"),
    (["phone", "scan", "-", "--memory"], "not an image", "neither a PNG nor a JPEG"),
    (["phone", "scan", "-", "--memory"], "FIDO:/123\n", ""),
    (["login", "--hybrid", "http://localhost:9"], "", "cannot reach the portal at http://localhost:9: Connection refused"),
    (["login", "--hybrid", "--options", "-", "--origin", "https://a.example"], "{}", "'challenge' is missing"),
    (["login", "--hybrid", "--options", "-", "--origin", "https://a.example"], "{", "they are not JSON"),
    (["tunnel", "--port", "1", "--address", "192.0.2.1"], "", "192.0.2.1"),
    (["portal", "--data", "/proc/none"], "", "cannot create the folder /proc/none"),
]


@pytest.mark.parametrize("arguments, standard_input, words", REFUSALS, ids=lambda value: str(value)[:40])
def test_refusals_are_one_sentence(scratch, arguments, standard_input, words):
    done = run(scratch, *arguments, input=standard_input)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("aikagi: ") and words in last
    assert "Error Domain" not in done.stderr and "errno" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["login", "--hybrid", "http://127.0.0.1:8080"], ["login", "--hybrid", "ftp://a.example"], ["nonsense"]])
def test_wrong_usage(scratch, arguments):
    done = run(scratch, *arguments)
    assert done.returncode == 64 and done.stderr.startswith("aikagi: ") and "Error:" not in done.stderr


def test_two_tunnels_in_one_run_directory(scratch):
    """The second one neither takes over nor takes away what the first one announced."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(scratch)}
    announced = scratch / "aikagi" / "tunnel.json"
    started = []
    try:
        for _ in range(2):
            process = subprocess.Popen(
                [AIKAGI, "tunnel", "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True)
            started.append(process)
            json.loads(process.stdout.readline())
        first = announced.read_text()
        assert json.loads(first)["process"] == started[0].pid
        started[1].terminate()
        assert started[1].wait(10) == 128 + signal.SIGTERM
        assert announced.read_text() == first
        started[0].terminate()
        assert started[0].wait(10) == 128 + signal.SIGTERM
        assert not announced.exists()
        assert glob.glob(str(scratch / "aikagi" / "*.pem")) == []
    finally:
        for process in started:
            process.kill()


def test_portal_ends_quietly(scratch):
    environment = {**os.environ, "TMPDIR": str(scratch)}
    password = scratch / "pw"
    process = subprocess.Popen(
        [AIKAGI, "portal", "--demo", "--password-file", str(password), "--json"], env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        events = [json.loads(process.stdout.readline()) for _ in range(3)]
        assert [event["event"] for event in events] == ["account", "account", "listening"]
        assert password.read_text().strip() == events[1]["password"]
        assert password.stat().st_mode & 0o777 == 0o600
        began = time.monotonic()
        process.terminate()
        _, errors = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM and time.monotonic() - began < 5
    assert errors == "", "a clean end has nothing to complain about"
