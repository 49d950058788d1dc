"""Runs ``aikagi browser`` and ``aikagi with`` for a test: events stamped on arrival, a home of its own, what is left.

Events come through a named pipe, so that each is seen when it is written.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any, Callable, Iterator

from browser_page import Page
from test_key_node import processes_below, status_of, survivors
from test_key_node import reason_to_skip as reason_for_keys

#: How long a browser may take until it shows the page, a ceremony, and the end of everything, in seconds.
START_SECONDS, CEREMONY_SECONDS, END_SECONDS = 40, 25, 10
#: How long traces of a session may stay when it has ended.
TRACE_SECONDS = 5

PHONE_PROGRAMS = ("Xvfb", "dbus-daemon", "certutil", "unshare", "bwrap")


def reason_to_skip(*programs: str, keys: bool = False) -> str | None:
    """Why a test with these programs cannot be run here."""
    if not os.environ.get("AIKAGI"):
        return "AIKAGI (the path of the command-line tool) is not set"
    for program in programs:
        if not shutil.which(program):
            return f"{program} is not installed"
    return reason_for_keys() if keys else None


def is_root() -> bool:
    return os.geteuid() == 0


def wait_until(condition: Callable[[], Any], timeout: float = TRACE_SECONDS) -> None:
    """Asserts that a condition becomes true in time."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"not so within {timeout} s"
        time.sleep(0.02)


class Place:
    """A home, a runtime folder and a temporary folder of a test's own, and what they were like at first."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="ab-", dir="/tmp"))
        self.home, self.runtime = self.path / "home", self.path / "run"
        # Firefox makes the folder for downloads itself, where it is missing.
        for folder in (self.home, self.runtime, self.home / "Downloads"):
            folder.mkdir(mode=0o700)
        self.mark = "AIKAGI_TEST_MARK=" + uuid.uuid4().hex
        name, value = self.mark.split("=")
        kept = {
            key: text
            for key, text in os.environ.items()
            if not key.startswith(("AIKAGI", "XDG_", "DBUS_"))
            and key not in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY")
        }
        self.environment = kept | {"HOME": str(self.home), "XDG_RUNTIME_DIR": str(self.runtime), name: value}
        self._before = self._outside()

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    @staticmethod
    def _outside() -> dict[str, set[str]]:
        """What a session might leave beside its own folders: X sockets and locks of this user, mounts."""

        def owned(folder: str) -> set[str]:
            names = set()
            # Others may start X servers meanwhile, and remove what they have made.
            for entry in os.scandir(folder) if os.path.isdir(folder) else []:
                with contextlib.suppress(FileNotFoundError):
                    if os.lstat(entry.path).st_uid == os.geteuid():
                        names.add(entry.name)
            return names

        temporary = {name for name in owned("/tmp") if name.startswith(".X")}
        sockets = owned("/tmp/.X11-unix")
        mounts = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
        return {"/tmp": temporary - {".X11-unix"}, "/tmp/.X11-unix": sockets, "mounts": mounts}

    def marked_processes(self) -> list[tuple[int, str]]:
        """All processes whose environment has this test's mark, zombies not."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            with contextlib.suppress(OSError):
                if self.mark.encode() in Path(f"/proc/{entry}/environ").read_bytes():
                    if (fields := status_of(int(entry))) and fields[0] not in "ZX":
                        found.append((int(entry), Path(f"/proc/{entry}/cmdline").read_bytes().decode(errors="replace")))
        return found

    def traces(self, processes: list[tuple[int, str]] = (), home: bool = True) -> list[str]:
        """What is there that was not there before; with processes that were seen alive."""
        traces = [f"process {number}: {command}" for number, command in self.marked_processes()]
        traces += [f"process {number} of the tree" for number in survivors(list(processes))]
        after = self._outside()
        traces += [f"{name} {place}" for place in after for name in after[place] - self._before[place]]
        traces += [f"run directory: {entry}" for entry in self.runtime.glob("aikagi/*")]
        if home:
            traces += [f"home: {entry}" for entry in self.home.rglob("*") if entry.name != "Downloads"]
        return traces

    def assert_no_trace(self, processes: list[tuple[int, str]] = (), home: bool = True) -> None:
        deadline = time.monotonic() + TRACE_SECONDS
        while (traces := self.traces(processes, home)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not traces, traces


def run_below_keys(place: Place, options: list[str], program: str, *exercise: str) -> subprocess.CompletedProcess[str]:
    """A program of Python, usually the test's own file, run by ``aikagi with`` and these options."""
    return subprocess.run(
        [os.environ["AIKAGI"], "with", *options, "--", sys.executable, program, *exercise],
        env=place.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Events:
    """Reads JSON Lines from a pipe; each line gets ``arrived``, our monotonic clock."""

    def __init__(self, path: Path):
        self.path = path
        os.mkfifo(path, 0o600)
        self.all: list[dict] = []
        self.has_ended = False
        self._change = threading.Condition()
        # Open for writing as well, so that opening does not wait and a tool that never writes is no hang.
        self._reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._reader, True)
        self._keeper = os.open(path, os.O_WRONLY)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with os.fdopen(self._reader, "rb", buffering=0) as pipe:
            rest = b""
            while data := pipe.read(65536):
                arrived = time.monotonic()
                *lines, rest = (rest + data).split(b"\n")
                with self._change:
                    self.all += [json.loads(line) | {"arrived": arrived} for line in lines]
                    self._change.notify_all()
        with self._change:
            self.has_ended = True
            self._change.notify_all()

    def close(self) -> None:
        if self._keeper >= 0:
            os.close(self._keeper)
            self._keeper = -1

    def wait_for(self, name: str, after: int = 0, timeout: float = CEREMONY_SECONDS, **fields: str) -> dict:
        """The first event of this name (and fields) that is not among the first ``after`` ones."""

        def find() -> dict | None:
            for event in self.all[after:]:
                if event["event"] == name and fields.items() <= event.items():
                    return event
            return None

        with self._change:
            self._change.wait_for(lambda: find() is not None or self.has_ended, timeout)
            if (event := find()) is not None:
                return event
            raise AssertionError(f"no event {name!r} {fields or ''} within {timeout} s; there were {self.names(after)}")

    def names(self, after: int = 0) -> list[str]:
        return [event["event"] for event in self.all[after:]]

    def count(self, name: str) -> int:
        return self.names().count(name)


class Tool:
    """One run of the tool, in a session of its own, so that signals reach only whom we name."""

    def __init__(self, place: Place, *arguments: str, environment: dict | None = None, **options):
        self.place = place
        self.arguments = arguments
        self._errors = tempfile.TemporaryFile(dir=place.path)
        self.process = subprocess.Popen(
            [os.environ["AIKAGI"], *arguments],
            env=place.environment | (environment or {}),
            stdin=subprocess.DEVNULL,
            stderr=self._errors,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "text": True} | options,
        )
        self.tree: list[tuple[int, str]] = []

    @property
    def stderr(self) -> str:
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode(errors="replace")

    @property
    def sentences(self) -> list[str]:
        """What the tool itself says on standard error, which it shares with the browser."""
        return [line for line in self.stderr.splitlines() if line.startswith("aikagi: ")]

    def see_tree(self) -> list[tuple[int, str]]:
        """Notes the processes that there are now below the tool."""
        self.tree = processes_below(self.process.pid)
        return self.tree

    def run(self, timeout: float) -> tuple[int, str, str]:
        output, _ = self.process.communicate(timeout=timeout)
        return self.process.returncode, output, self.stderr

    def end(self, number: int = signal.SIGTERM) -> int:
        """Sends a signal and waits for the end; the exit status."""
        if self.process.poll() is None:
            self.see_tree()
            self.process.send_signal(number)
        return self.wait()

    def wait(self, timeout: float = END_SECONDS) -> int:
        try:
            self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s\n{self.description}") from None
        return self.process.returncode

    def kill(self) -> None:
        """The hard end of a test: whatever of it still runs."""
        if self.process.poll() is None:
            self.see_tree()
            self.process.kill()
            self.process.communicate()
        for number in survivors(self.tree):
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)

    @property
    def description(self) -> str:
        # Without the complaints of a browser that finds no session bus.
        lines = [line for line in self.stderr.splitlines() if "ERROR:dbus/" not in line]
        return "\n".join(
            [f"aikagi {' '.join(self.arguments)}", f"status: {self.process.poll()}", "stderr:", *lines[-40:]]
        )


class Browser:
    """A browser that shows a test page, with devices beside it."""

    def __init__(self, place: Place, page: Page, tool: Tool, events: Events):
        self.place, self.page, self.tool, self.events = place, page, tool, events

    def create(self, *, timeout: float = CEREMONY_SECONDS, **options):
        """A ceremony from its start to its outcome."""
        return self.page.create(**options).result(timeout)

    def get(self, *, timeout: float = CEREMONY_SECONDS, **options):
        return self.page.get(**options).result(timeout)

    def plug(self, name: str, command: str = "plug") -> None:
        run = subprocess.run(
            [os.environ["AIKAGI"], command, name],
            env=self.place.environment,
            capture_output=True,
            text=True,
            timeout=END_SECONDS,
            check=False,
        )
        assert run.returncode == 0, run.stderr

    def unplug(self, name: str) -> None:
        self.plug(name, "unplug")

    @property
    def description(self) -> str:
        lines = [json.dumps(event) for event in self.events.all[-40:]]
        return "\n".join([self.tool.description, "events:", *lines, *self._keep_screens()])

    def _keep_screens(self) -> list[str]:
        """Keeps the screens (X window dumps) in the folder that AIKAGI_EVIDENCE names, if it does."""
        if not (folder := os.environ.get("AIKAGI_EVIDENCE")):
            return []
        kept = []
        for screen in self.place.runtime.glob("aikagi/session-*/**/Xvfb_screen0"):
            kept.append(shutil.copy(screen, f"{folder}/{self.place.path.name}-{len(kept)}.xwd"))
        return kept


def headless(place: Place) -> list[str]:
    """The command line of a Chromium without a window, for tests of keys."""
    return ["chromium", "--headless", "--no-first-run", f"--user-data-dir={place.path}/profile"] + root_flags()


def root_flags() -> list[str]:
    """Chromium's sandbox does not work for root."""
    return ["--no-sandbox"] if is_root() else []


@contextlib.contextmanager
def browsing(
    *devices: str, browser: str = "chromium", command: Callable[[Place], list[str]] | None = None
) -> Iterator[Browser]:
    """A browser among these devices, once its page is there; nothing is left of it afterwards.

    By ``aikagi browser``, or by ``aikagi with`` if there is a command, to which the page's address is appended.
    """
    place, page = Place(), Page()
    events = Events(place.path / "events")
    options = [*devices, "--events", str(events.path)]
    if command:
        # What a browser keeps beside its profile is its own affair and not looked at here.
        own = {"XDG_CONFIG_HOME": f"{place.path}/config", "XDG_CACHE_HOME": f"{place.path}/cache"}
        arguments = ["with", *options, "--", *command(place), page.url]
    else:
        own, arguments = {}, ["browser", "--browser", browser, *options, page.url]
    tool = Tool(place, *arguments, environment=own, stdout=subprocess.DEVNULL)
    session = Browser(place, page, tool, events)
    try:
        page.wait_until_loaded(START_SECONDS)
        yield session
        assert tool.process.poll() is None, "the tool did not survive"
        tool.end()
        place.assert_no_trace(tool.tree)
    except BaseException as error:
        error.add_note(session.description)
        raise
    finally:
        tool.kill()
        events.close()
        page.close()
        place.close()
