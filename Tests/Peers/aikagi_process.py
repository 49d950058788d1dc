"""Runs the project's command-line tool for a test: events from stdout, a hard end by process id, nothing left behind.

Everything the tests assume about the command line is in this file and in the argument lists of test_hybrid_aikagi.py.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from hybrid_peer import Surroundings, domain_name

#: How long the tool may take to end once it has been told to, or once its ceremony is over.
PROMPT_SECONDS = 5

#: Exit statuses for an interrupt and for a termination; negative numbers are Python's for "ended by that signal".
INTERRUPT_CODES = (130, -signal.SIGINT)
TERMINATE_CODES = (143, -signal.SIGTERM)

CRASH_MARKS = ("Fatal error", "Stack dump", "Backtrace", "Assertion failed", "ThreadSanitizer", "AddressSanitizer")


class AikagiProcess:
    """One run of the tool, in a process group of its own so that anything it leaves running can be seen."""

    def __init__(self, binary: str, arguments: list[str], home: Path):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIKAGI", "XDG_"))}
        runtime = home / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        environment |= {"HOME": str(home), "XDG_RUNTIME_DIR": str(runtime)}
        self._process = subprocess.Popen(
            [binary, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
        )
        self.arguments = arguments
        self.events: list[dict] = []
        self.junk: list[str] = []
        self._stderr: list[str] = []
        self._queue: queue.Queue[dict | None] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read_events, daemon=True),
            threading.Thread(target=lambda: self._stderr.extend(self._process.stderr), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                event = json.loads(line)
                event["event"]
            except (ValueError, KeyError, TypeError):
                self.junk.append(line)
            else:
                self.events.append(event)
                self._queue.put(event)
        self._queue.put(None)

    @property
    def stderr(self) -> str:
        return "".join(self._stderr)

    def _description(self) -> str:
        return (
            f"aikagi {' '.join(self.arguments)}\nexit status: {self._process.poll()}\n"
            f"events: {self.events}\nother output: {self.junk}\nstderr: {self.stderr}"
        )

    def event(self, name: str, timeout: float = 20) -> dict:
        """The next event of this name; those before it are passed over."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                event = self._queue.get(timeout=max(deadline - time.monotonic(), 0.001))
            except queue.Empty:
                raise AssertionError(f"no event {name!r} in {timeout} s\n{self._description()}") from None
            if event is None:
                self._queue.put(None)
                raise AssertionError(f"ended without an event {name!r}\n{self._description()}")
            if event["event"] == name:
                return event

    def signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def wait(self, timeout: float = PROMPT_SECONDS) -> int:
        """The exit status; fails when the tool is still running by then or something it started still is."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {timeout} s\n{self._description()}") from None
        for reader in self._readers:
            reader.join(2)
        assert not self._group_lives(), f"left a process running\n{self._description()}"
        assert not self.junk, f"stdout holds more than JSON Lines\n{self._description()}"
        return code

    def _group_lives(self) -> bool:
        """Whether the process group still has members, allowing init a moment to collect orphans."""
        for _ in range(20):
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.05)
        return True

    def assert_succeeds(self, timeout: float = PROMPT_SECONDS) -> None:
        code = self.wait(timeout)
        assert code == 0, self._description()

    def assert_fails(self, timeout: float = PROMPT_SECONDS) -> None:
        """Ended by itself with a failure status, explained in one sentence."""
        code = self.wait(timeout)
        assert code > 0, f"expected a failure\n{self._description()}"
        self.assert_one_sentence()

    def assert_one_sentence(self) -> None:
        lines = [line for line in self.stderr.splitlines() if line.strip()]
        assert len(lines) == 1, f"expected one sentence on stderr\n{self._description()}"
        assert not any(mark in lines[0] for mark in CRASH_MARKS), self._description()

    def assert_order(self, *names: str) -> None:
        """The named events occurred in this order, whatever came between them."""
        seen = iter(event["event"] for event in self.events)
        assert all(name in seen for name in names), f"expected {names}\n{self._description()}"

    def end(self) -> None:
        """Ends this process, and only this one."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)


def assert_ends_by_signal(process: AikagiProcess, number: int, codes: tuple[int, ...]) -> None:
    """Ends promptly, with one of the statuses, and says at most one sentence about it."""
    process.signal(number)
    code = process.wait(PROMPT_SECONDS)
    assert code in codes, f"exit status {code}, stderr: {process.stderr}"
    assert len(process.stderr.splitlines()) <= 1, process.stderr


class Workplace:
    """The directories of one test and the processes it started."""

    def __init__(self, binary: str, directory: Path):
        self.binary = binary
        self.directory = directory
        self.radio = directory / "radio"
        self.radio.mkdir()
        self._processes: list[AikagiProcess] = []

    @property
    def default_run_directory(self) -> Path:
        return self.directory / "run" / "aikagi"

    def start(self, *arguments: str) -> AikagiProcess:
        process = AikagiProcess(self.binary, list(arguments), self.directory)
        self._processes.append(process)
        return process

    def start_tunnel(self, domain: int) -> tuple[AikagiProcess, Surroundings]:
        """`aikagi tunnel` on a free port, and where to meet through it."""
        process = self.start("tunnel", "--address", "127.0.0.1", "--port", "0", "--domain", str(domain), "--json")
        listening = process.event("listening")
        assert listening["domain"] == domain_name(domain) and listening["domainID"] == domain
        return process, Surroundings(self.radio, (listening["address"], listening["port"]), Path(listening["ca"]))

    def write_json(self, name: str, value: Any) -> Path:
        file = self.directory / name
        file.write_text(json.dumps(value))
        return file

    def end(self) -> None:
        for process in reversed(self._processes):
            process.end()
