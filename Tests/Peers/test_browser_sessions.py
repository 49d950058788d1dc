"""Sessions around programs: several in one, what is left when any process dies, BlueZ's own client, what is missing."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from browser_page import Page
from browser_run import (
    CEREMONY_SECONDS,
    END_SECONDS,
    PHONE_PROGRAMS,
    START_SECONDS,
    Browser,
    Events,
    Place,
    Tool,
    browsing,
    reason_to_skip,
    root_flags,
    wait_until,
)
from test_key_node import status_of

PHONE_REASON = reason_to_skip(*PHONE_PROGRAMS)
pytestmark = pytest.mark.skipif(PHONE_REASON is not None, reason=PHONE_REASON or "")


def needs(*programs: str, keys: bool = False):
    reason = reason_to_skip(*programs, keys=keys)
    return pytest.mark.skipif(reason is not None, reason=reason or "")


@pytest.fixture
def place():
    place = Place()
    yield place
    place.close()


@contextlib.contextmanager
def running(place: Place, *arguments: str, **options):
    tool = Tool(place, *arguments, **options)
    try:
        yield tool
    finally:
        tool.kill()


# Programs


PHONE = ["with", "--phone", "--"]


@pytest.mark.parametrize(
    "script, status", [("exit 7", 7), ("kill -TERM $$", 143), ("kill -SEGV $$", 139), ("/no/such/program", 127)]
)
def test_the_status_is_the_programs(place, script, status):
    with running(place, *PHONE, "sh", "-c", script) as tool:
        assert tool.run(START_SECONDS)[0] == status
        place.assert_no_trace()


def test_the_working_directory_and_the_environment(place):
    script = 'pwd; id -u; echo "$DISPLAY" "$DBUS_SYSTEM_BUS_ADDRESS" "$https_proxy"; cat'
    with running(place, *PHONE, "sh", "-c", script, cwd=place.path) as tool:
        status, output, errors = tool.run(START_SECONDS)
    assert status == 0, errors
    folder, user, surroundings = output.splitlines()
    display, bus, proxy = surroundings.split()
    assert (folder, user) == (str(place.path), str(os.getuid()))
    assert display.startswith(":") and bus.startswith("unix:") and proxy.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("name, status", [("TERM", 143), ("INT", 130), ("HUP", 129), ("USR1", 138), ("QUIT", 131)])
def test_signals_reach_the_program(place, name, status):
    script = "trap 'exit 9' TERM INT HUP USR1 QUIT; echo ready; while :; do sleep 0.05; done"
    for command, expected in [(script, 9), ("echo ready; exec sleep 1000", status)]:
        with running(place, *PHONE, "sh", "-c", command) as tool:
            assert tool.process.stdout.readline() == "ready\n", tool.description
            assert tool.end(getattr(signal, "SIG" + name)) == expected, tool.description
            place.assert_no_trace(tool.tree)


@needs("bluetoothctl")
def test_bluetoothctl_sees_the_adapter(place):
    script = "bluetoothctl list; bluetoothctl show; bluetoothctl --timeout 1 scan le"
    with running(place, *PHONE, "sh", "-c", script) as tool:
        _, output, errors = tool.run(START_SECONDS)
    assert "Controller " in output and "[default]" in output, output + errors
    assert "Powered: yes" in output, output
    assert "Discovering: yes" in output or "Discovery started" in output, output


#: Options, the program that is missing, and what is said to install.
MISSING = [
    (["--phone"], "dbus-daemon", "dbus-daemon"),
    (["--phone"], "certutil", "libnss3-tools"),
    (["--phone", "--virtual-screen"], "Xvfb", "xvfb"),
    (["--phone"], "bwrap", "bubblewrap"),
    (["--phone"], "unshare", "util-linux"),
]


@pytest.mark.parametrize("options, program, package", MISSING, ids=[row[1] for row in MISSING])
def test_a_missing_program_is_named_with_its_package(place, options, program, package):
    # What is bound over it cannot be executed, and PATH leads to no other.
    hide = f'mount --bind /dev/null /usr/bin/{program} && exec "$@"'
    command = ["unshare", "-r", "-m", "sh", "-c", hide, "sh", os.environ["AIKAGI"], "with", *options, "--", "true"]
    environment = place.environment | {"PATH": "/usr/bin:/bin"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert run.returncode == 1, run.stderr
    first, *others = run.stderr.splitlines()
    assert program in first and f"apt-get install {package}" in first, run.stderr
    assert all(line.startswith("hint: ") for line in others), run.stderr
    place.assert_no_trace()


# Nothing is left behind


ROLES = {
    "aikagi": lambda command: command[1:2] == ["browser"],
    "inside": lambda command: command[1:2] == ["inside"],
    "bwrap": lambda command: command[0].endswith("bwrap"),
    "dbus-daemon": lambda command: command[0].endswith("dbus-daemon"),
    "Xvfb": lambda command: command[0].endswith("Xvfb"),
    "browser": lambda command: (
        command[0].endswith("/chromium") and not any(part.startswith("--type=") for part in command)
    ),
    "sweeper": lambda command: command[0] == "/bin/sh" and "aikagi-sweeper" in command,
}


def command_of(number: int) -> list[str]:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]


@needs("chromium", keys=True)
@pytest.mark.parametrize("role", ROLES)
def test_whoever_is_killed_nothing_is_left(place, role):
    page = Page()
    arguments = ["browser", "--phone", "--key", "--browser", "chromium", page.url]
    with running(place, *arguments, stdout=subprocess.DEVNULL) as tool:
        try:
            page.wait_until_loaded(START_SECONDS)
            tree = tool.see_tree()
            victims = [number for number, _ in tree if ROLES[role](command_of(number))]
            assert victims, [command_of(number)[:2] for number, _ in tree]
            os.kill(victims[0], signal.SIGKILL)
            if role == "sweeper":
                # The session goes on; its end is as tidy without it.
                wait_until(lambda: status_of(victims[0]) is None or status_of(victims[0])[0] == "Z")
                assert tool.process.poll() is None, tool.description
                tool.end()
            status = tool.wait()
            # Chromium ends with status 0 when its screen is gone, and at SIGTERM.
            assert (status == 0) == (role in ("sweeper", "Xvfb")), (status, tool.description)
            place.assert_no_trace(tree)
        finally:
            page.close()


@needs("chromium", keys=True)
@pytest.mark.parametrize("name", ["TERM", "INT", "HUP"])
@pytest.mark.parametrize("devices", [["--phone"], ["--key"]], ids=["phone", "key"])
def test_a_signal_in_the_middle_of_a_ceremony(devices, name):
    devices = [devices[0], "gate=ignore"]
    with browsing(*devices) as browser:
        browser.page.create()
        browser.events.wait_for("asked")
        tree = browser.tool.see_tree()
        status = browser.tool.end(getattr(signal, "SIG" + name))
        assert status in (0, 128 + getattr(signal, "SIG" + name)), browser.description
        browser.place.assert_no_trace(tree)
        browser.tool.process.poll = lambda: None  # it has ended, as it should


def test_nothing_is_left_of_a_session_that_could_not_start(place):
    no_gate = ["with", "--phone", "gate=exec:/no/such", "--", "true"]
    for arguments in (["browser", "--browser", "/no/such/browser"], no_gate):
        with running(place, *arguments) as tool:
            status, _, errors = tool.run(START_SECONDS)
            assert status != 0 and len(errors.splitlines()) <= 2, errors
            place.assert_no_trace()


# Several programs in one session


class Served:
    """A session that programs join."""

    def __init__(self, place: Place, *devices: str):
        self.place = place
        self.events = Events(place.path / "events")
        self.tool = Tool(place, "with", "--serve", "--json", *devices, "--events", str(self.events.path))
        self.ready = json.loads(self.tool.process.stdout.readline())
        self.joined: list[subprocess.Popen] = []
        self.pages: list[Page] = []

    def join(self, name: str, *flags: str) -> Browser:
        page = Page()
        self.pages.append(page)
        profile = f"--user-data-dir={self.place.path}/profile-{len(self.joined)}"
        command = [self.ready["browsers"]["chromium"], "--no-first-run", profile, *root_flags(), *flags, page.url]
        own = {"XDG_CONFIG_HOME": f"{self.place.path}/config", "XDG_CACHE_HOME": f"{self.place.path}/cache"}
        process = subprocess.Popen(
            command, env=self.place.environment | own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.joined.append(process)
        page.wait_until_loaded(START_SECONDS)
        return Browser(self.place, page, self.tool, self.events)

    def close(self) -> None:
        self.tool.kill()
        for process in self.joined:
            if process.poll() is None:
                process.kill()
            process.wait(END_SECONDS)
        self.events.close()
        for page in self.pages:
            page.close()


@contextlib.contextmanager
def serving(place: Place, *devices: str):
    served = Served(place, *devices)
    try:
        yield served
    except BaseException as error:
        error.add_note(served.tool.description)
        error.add_note("\n".join(json.dumps(event) for event in served.events.all[-40:]))
        raise
    finally:
        served.close()


@needs("chromium", keys=True)
def test_two_programs_share_a_session(place):
    with serving(place, "--phone", "--key", "name=mine,unplugged") as served:
        assert served.ready["event"] == "ready" and os.path.isdir(served.ready["session"])
        windowed, headless = served.join("windowed"), served.join("headless", "--headless")
        # A phone for the one, a key that comes and goes for both.
        assert windowed.create(residentKey="required", hints=["hybrid"]).error is None
        assert windowed.get(hints=["hybrid"]).error is None
        for browser in (windowed, headless):
            pending = browser.page.create(authenticatorAttachment="cross-platform", residentKey="discouraged")
            if browser is headless:
                browser.plug("mine")
            else:
                windowed.events.wait_for("scanned", timeout=CEREMONY_SECONDS)
            assert pending.result(CEREMONY_SECONDS).error is None
        assert headless.get(allowed=headless.page.credentials).error is None
        headless.unplug("mine")
        pending = headless.page.get(allowed=headless.page.credentials)
        assert pending.is_pending(0.7), pending.result(1)
        headless.plug("mine")
        assert pending.result(CEREMONY_SECONDS).error is None
        tree = served.tool.see_tree()
        assert served.tool.end() == 143, served.tool.description
        for process in served.joined:
            assert process.wait(END_SECONDS) != 0
        place.assert_no_trace(tree)


@needs("chromium", keys=True)
def test_a_program_leaves_and_the_other_goes_on(place):
    with serving(place, "--key") as served:
        first, second = served.join("first", "--headless"), served.join("second", "--headless")
        for browser in (first, second):
            assert browser.create(residentKey="discouraged").error is None
        served.joined[0].terminate()
        served.joined[0].wait(END_SECONDS)
        assert second.create(residentKey="discouraged").error is None
        third = served.join("third", "--headless")
        assert third.create(residentKey="discouraged").error is None
        assert served.tool.end() == 143, served.tool.description
        place.assert_no_trace(served.tool.tree)
