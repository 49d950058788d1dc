"""The portal and the devices of one journey, and the people behind the devices, who do as a test tells them."""

from __future__ import annotations

import contextlib
import email
import email.policy
import json
import os
import re
import sqlite3
import subprocess
import time
import uuid
from pathlib import Path
from typing import Callable, Iterator

from browser_run import END_SECONDS, Events, Place, Tool
from screen import Screen

#: The longest that anything is waited for, in seconds: a machine that does much else is slow.
PATIENCE = 60

#: What a person can answer, as the exit status of a gate.
APPROVES, DENIES, FAILS, IGNORES = "0", "1", "2", "3"

#: The person behind a device: asked by aikagi, answers what the file of that name says, and thinks while it says "hold".
GATE = """#!/bin/sh
folder={folder}
question=$(cat)
device=$(printf %s "$question" | sed 's/.*"device":"\\([^"]*\\)".*/\\1/')
echo "$question" >> "$folder/$device.asked"
while answer=$(cat "$folder/$device" 2>/dev/null || echo 0); [ "$answer" = hold ]; do sleep 0.05; done
exit "$answer"
"""

#: Letters as in a printed manual, for both languages.
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
{aliases}</fontconfig>"""
ALIAS = "<alias binding='strong'><family>{}</family><prefer><family>Noto Sans CJK JP</family></prefer></alias>\n"


def wait_for(condition: Callable[[], object], what: str, timeout: float = PATIENCE):
    """What the condition returns as soon as that is something."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.05)
    return result


class Portal:
    """A portal of its own: its accounts, its mail, and its clock, to let time pass."""

    def __init__(self, place: Place):
        self.data = place.path / "portal"
        password_file = place.path / "password"
        self._clock = place.path / "clock"
        self._clock.write_text("0\n")
        self.tool = Tool(
            *(place, "portal", "--demo", "--manual", "--json", "--data", str(self.data)),
            *("--password-file", str(password_file), "--clock-offset-file", str(self._clock)),
        )
        self.accounts: dict[str, dict] = {}
        self.url = ""
        for line in self.tool.process.stdout:
            event = json.loads(line)
            if event["event"] == "account":
                self.accounts[event["userID"]] = event
            elif event["event"] == "listening":
                self.url = event["url"]
                break
        assert self.url, self.tool.description
        self.password = password_file.read_text().strip()
        # How --demo itself has got its account ready is no mail of this person's.
        for file in (self.data / "mail/new").iterdir():
            file.unlink()

    def mails(self) -> list[email.message.EmailMessage]:
        """All mails, the newest last."""
        files = sorted((self.data / "mail/new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def newest_mail(self, after: int) -> str:
        """The text of the newest mail, as soon as there are more than so many."""
        wait_for(lambda: len(self.mails()) > after, "no mail arrives")
        return self.mails()[-1].get_content()

    def link(self, text: str) -> str:
        """The link that a mail asks to follow."""
        found = re.search(re.escape(self.url) + r"/mail-confirmation/\S+", text)
        assert found, text
        return found.group()

    @contextlib.contextmanager
    def later(self, minutes: int) -> Iterator[None]:
        """What is done as if so much time had passed."""
        self._clock.write_text(f"{60 * minutes}\n")
        try:
            yield
        finally:
            self._clock.write_text("0\n")

    def ask(self, question: str) -> list[tuple]:
        """What the portal's database says."""
        path = f"file:{self.data}/portal.sqlite?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True, timeout=PATIENCE)) as database:
            return database.execute(question).fetchall()


class Stage:
    """A portal, and a session with a key and phones, in a home of their own."""

    def __init__(self, place: Place, portal: Portal, *devices: str):
        self.place, self.portal = place, portal
        self.events = Events(place.path / f"events-{uuid.uuid4().hex}")
        self.tool = Tool(
            place, "with", "--serve", "--json", "--virtual-screen", "--events", str(self.events.path), *devices
        )
        line = self.tool.process.stdout.readline()
        assert line, self.tool.description
        self.ready = json.loads(line)
        self.screen = Screen(Path(self.ready["session"]))
        self._hand = place.path / f"hand-{uuid.uuid4().hex}"
        os.mkfifo(self._hand, 0o600)

    def answer(self, device: str, answer: str) -> None:
        """What the person at a device answers from now on; ``hold`` lets them think."""
        file = self.place.path / "gates" / device
        temporary = file.with_suffix(".new")
        temporary.write_text(answer)
        temporary.replace(file)

    def asked(self, device: str) -> int:
        """How often the person at a device has been asked."""
        file = self.place.path / "gates" / f"{device}.asked"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @contextlib.contextmanager
    def question(self, device: str, answer: str = APPROVES) -> Iterator[Callable[[], None]]:
        """Lets a person think at the next question; yields what waits for it, and answers at the end."""
        before = self.asked(device)
        self.answer(device, "hold")
        try:
            yield lambda: wait_for(lambda: self.asked(device) > before, f"{device} is not asked")
        finally:
            self.answer(device, answer)

    def plug(self, device: str, command: str = "plug") -> None:
        """Plugs a key in, takes a phone in hand."""
        run = subprocess.run(
            [os.environ["AIKAGI"], command, device],
            env=self.place.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert run.returncode == 0, run.stderr

    def unplug(self, device: str) -> None:
        """Takes a key out, puts a phone away."""
        self.plug(device, "unplug")

    def browser(self, program: str) -> str:
        """A program that is this browser in this session, with a hand beside it that can reach the browser's own dialogs."""
        wrapper = self.place.path / program
        script = f'(while read -r line; do eval "$line"; done <> {self._hand}) & exec {program} "$@"'
        wrapper.write_text(f"#!/bin/sh\nexec {self.ready['wrapper']} sh -c '{script}' sh \"$@\"\n")
        wrapper.chmod(0o700)
        return str(wrapper)

    def press(self, *keys: str) -> None:
        """Presses keys where the focus is, which may be in a dialog of the browser."""
        self._hand.write_text(f"xdotool key {' '.join(keys)}\n")

    def put_pointer_aside(self) -> None:
        """Moves the mouse's pointer out of the pictures."""
        self._hand.write_text("xdotool mousemove 1279 1023\n")


def make_place() -> Place:
    """A home with the letters of the pictures, and the person at the gates."""
    place = Place()
    gates = place.path / "gates"
    gates.mkdir()
    gate = place.path / "gate"
    gate.write_text(GATE.format(folder=gates))
    gate.chmod(0o700)
    fonts = place.home / ".config/fontconfig"
    fonts.mkdir(parents=True)
    aliases = "".join(ALIAS.format(name) for name in ("system-ui", "sans-serif", "DejaVu Sans"))
    (fonts / "fonts.conf").write_text(FONTS.format(aliases=aliases))
    place.environment["XDG_CONFIG_HOME"] = str(place.home / ".config")
    return place


@contextlib.contextmanager
def serving() -> Iterator[tuple[Place, Portal]]:
    """A portal in a home of its own."""
    place = make_place()
    portal: Portal | None = None
    try:
        portal = Portal(place)
        yield place, portal
        portal.tool.end()
    except BaseException as error:
        if portal:
            error.add_note(portal.tool.description)
        raise
    finally:
        if portal:
            portal.tool.kill()
        place.close()


@contextlib.contextmanager
def staging(place: Place, portal: Portal, *devices: str) -> Iterator[Stage]:
    """Devices beside a portal; ``PLACE`` in their descriptions is their folder."""
    stage = Stage(place, portal, *[part.replace("PLACE", str(place.path)) for part in devices])
    try:
        yield stage
        stage.tool.end()
    except BaseException as error:
        error.add_note(stage.tool.description)
        error.add_note("\n".join(json.dumps(event) for event in stage.events.all[-20:]))
        raise
    finally:
        stage.tool.kill()
        stage.events.close()
