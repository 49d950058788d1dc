"""``aikagi manual`` with a person at a terminal: says a step, sees at the portal what happened, keeps a protocol."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import shutil
import struct
import subprocess
import threading
import zlib
from pathlib import Path
from typing import Iterator

import pytest

from hybrid_peer import SoftwareAuthenticator
from portal_visitor import PortalVisitor

AIKAGI = os.environ.get("AIKAGI")
pytestmark = pytest.mark.skipif(not AIKAGI, reason="AIKAGI does not name the program to test")

#: The longest that anything is waited for, in seconds.
PATIENCE = 60
STEPS = 29
PASSWORD = "a-new-password-2026"
#: Steps that no portal sees.
PERSONS_WORD = {"1.6", "2-1.2", "2-1.3", "x.2", "x.3"}


class Walk:
    """``aikagi manual`` at a terminal of its own."""

    def __init__(self, home: Path, *arguments: str, **variables: str):
        self._terminal, program = pty.openpty()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIKAGI", "LC_", "LANG", "XDG_"))}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            kept.pop(name, None)
        self.process = subprocess.Popen(
            [AIKAGI, "manual", "--port", "0", *arguments],
            stdin=program,
            stdout=subprocess.PIPE,
            stderr=program,
            text=True,
            env=kept | {"HOME": str(home), "TMPDIR": str(home)} | variables,
            start_new_session=True,
        )
        os.close(program)
        self.said = ""
        self._at = 0
        self._change = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # the terminal's end
            while data := os.read(self._terminal, 65536):
                with self._change:
                    self.said += data.decode(errors="replace").replace("\r\n", "\n")
                    self._change.notify_all()

    def hears(self, pattern: str) -> str:
        """Waits until the tool says so, after what was heard before; the first group of the pattern."""
        with self._change:
            found = self._change.wait_for(lambda: re.compile(pattern, re.MULTILINE).search(self.said, self._at), PATIENCE)
            assert found, f"{pattern!r} was not said:\n{self.said}"
            self._at = found.end()
            return found.group(found.re.groups)

    def types(self, line: str = "") -> None:
        os.write(self._terminal, line.encode() + b"\n")

    def ends(self) -> tuple[int, str]:
        """Waits for the end; the exit status, and what was printed."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self._reader.join(5)
        os.close(self._terminal)


@contextlib.contextmanager
def walking(home: Path, *arguments: str, **variables: str) -> Iterator[Walk]:
    walk = Walk(home, *arguments, **variables)
    try:
        yield walk
    finally:
        walk.close()


@contextlib.contextmanager
def screen(home: Path) -> Iterator[str | None]:
    """A display that can be read, where Xvfb is installed."""
    if not shutil.which("Xvfb"):
        yield None
        return
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "320x240x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=home)
    try:
        yield ":" + server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(10)


def png() -> bytes:
    """A picture of one pixel, as a phone might send it."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def first_login(walk: Walk, home: Path) -> PortalVisitor:
    """Chapter 1, with a wrong password at first."""
    visitor = PortalVisitor(walk.hears(r"^1\.1  Open (http://localhost:\d+)/"))
    visitor.open("/")
    user, password = re.fullmatch(
        r"(\S+) and the password (\S+)", walk.hears(r"^1\.2  Log in with the user ID (.*)\.$")
    ).groups()
    visitor.submit("/login", userID=user, password="not the password")
    walk.hears(r"! the portal says: (.+)")
    visitor.submit("/login", userID=user, password=password)
    birth = walk.hears(r"^1\.3  Enter the date of birth, (\S+)\.$")
    (home / "photo.png").write_bytes(png())
    walk.types(f"p {home}/photo.png")
    walk.hears("picture taken")
    visitor.submit("/first-login/date-of-birth", dateOfBirth=birth)
    walk.hears(r"^1\.4 ")
    walk.types()
    walk.hears("the portal has not seen that yet")
    visitor.submit("/first-login/terms", decision="accept")
    walk.hears(r"^1\.5 ")
    visitor.submit("/first-login/mail-address", mailAddress="hanako@example.com")
    visitor.open(walk.hears(r"^1\.6 .*\(http://localhost:\d+(/mail)\)"))
    (link,) = [link for link in visitor.page.links if "/mail-confirmation/" in link]
    link = link.removeprefix(visitor.origin)
    visitor.open(link)
    visitor.submit(link)
    walk.types()
    walk.hears(r"^1\.7 ")
    visitor.open("/first-login/mail-confirmation")
    walk.hears(r"^1\.8 ")
    visitor.submit("/first-login/method", method="passkey")
    walk.hears(r"^1\.9 ")
    visitor.submit("/first-login/password", newPassword=PASSWORD, repeatedPassword=PASSWORD)
    walk.hears(r"^1\.11 ")
    visitor.submit("/logout")
    return visitor


def biometrics(walk: Walk, visitor: PortalVisitor) -> None:
    """Chapters 2-1, 2-2 and ★."""
    pc, phone = SoftwareAuthenticator(), SoftwareAuthenticator("none")

    def log_in() -> None:
        visitor.submit("/login", userID="demo", password=PASSWORD)

    walk.hears(r"^2-1\.1 ")
    log_in()
    for step in (2, 3):
        walk.hears(rf"^2-1\.{step} ")
        walk.types()
    walk.hears(r"^2-1\.4 ")
    visitor.register(pc, "platform")
    walk.hears(r"^2-1\.6 ")
    visitor.submit("/passkeys/name", name="PC")
    walk.hears(r"^2-2\.1 ")
    visitor.submit("/logout")
    log_in()
    visitor.authenticate(pc)
    walk.hears(r"^2-2\.2 ")
    visitor.open("/passkeys/new")
    walk.hears(r"^2-2\.3 ")
    visitor.register(phone, "cross-platform")
    walk.hears(r"^2-2\.4 ")
    visitor.submit("/passkeys/name", name="Phone")
    walk.hears(r"^★\.1 ")
    visitor.submit("/logout")
    log_in()
    walk.hears(r"^★\.2 ")
    walk.types()
    walk.hears(r"^★\.3 ")
    walk.types()
    walk.hears(r"^★\.4 ")
    visitor.authenticate(phone)


def test_the_whole_manual(short_directory):
    report = short_directory / "report"
    with screen(short_directory) as display:
        shown = {"DISPLAY": display} if display else {}
        with walking(short_directory, "--report", str(report), LANG="C.UTF-8", **shown) as walk:
            biometrics(walk, first_login(walk, short_directory))
            status, output = walk.ends()
    assert status == 0, walk.said
    done = re.findall(r"^  ✓ (\S+) ", output, re.MULTILINE)
    assert len(done) == len(set(done)) == STEPS and done[0] == "1.1" and done[-1] == "★.5", output
    assert output.endswith(f"\n{STEPS} done, 0 failed, 0 skipped\n{report}/index.html\n")
    manual, refused = json.loads((report / "steps.json").read_text())["journeys"]
    assert [entry["outcome"] for entry in manual["entries"]] == ["done"] * STEPS
    photo = next(entry for entry in manual["entries"] if entry["step"] == "1.3")["pictures"]["en"]
    assert (report / photo).read_bytes() == png()
    assert {entry["step"] for entry in manual["entries"] if entry["witness"] == "person"} == PERSONS_WORD
    assert [entry["step"] for entry in refused["entries"]] == ["1.2"]
    assert "not correct" in refused["entries"][0]["seen"]["en"]
    page = (report / "index.html").read_text()
    for picture in re.findall(r'<img src="([^"]+)"', page):
        assert (report / picture).is_file()
    if display:
        pictured = [entry["step"] for entry in manual["entries"] if "pictures" in entry]
        assert {"1.1", "1.9", "2-1.2", "2-2.3", "x.5"} <= set(pictured)
        assert 'width="320" height="240"' in page


def confirm_address(visitor: PortalVisitor) -> str:
    """Opens the link of the newest mail; where it leads."""
    visitor.open("/mail")
    link = next(link for link in visitor.page.links if "/mail-confirmation/" in link).removeprefix(visitor.origin)
    visitor.open(link)
    return link


def mailed_code(visitor: PortalVisitor) -> str:
    """The digits of the newest mail."""
    visitor.open("/mail")
    return re.search(r"^\s*(\d{6})\s*$", visitor.page.text, re.MULTILINE).group(1)


def test_what_goes_wrong(short_directory):
    """The mishaps of chapters 1 and c: seen at the portal, whose clock goes ahead for what expires, or asked of the person."""
    report = short_directory / "report"
    with walking(
        short_directory, "--chapter", "mishaps", "--method", "mail", "--report", str(report), LANG="C"
    ) as walk:
        visitor = PortalVisitor(walk.hears(r"^  Open (http://localhost:\d+)/ in your browser"))
        user = walk.hears(r"log in with the user ID (\S+) and a wrong password")
        visitor.open("/login")
        visitor.submit("/login", userID=user, password="not the password")
        password = walk.hears(r"right password, (\S+), and enter 1980-01-24")
        visitor.submit("/login", userID=user, password=password)
        visitor.submit("/first-login/date-of-birth", dateOfBirth="1980-01-24")
        birth = walk.hears(r"right date of birth, (\S+), and refuse")
        visitor.submit("/first-login/date-of-birth", dateOfBirth=birth)
        visitor.submit("/first-login/terms", decision="refuse")
        walk.hears(r"just hanako .*\[y/n\]$")
        visitor.open("/first-login/terms")
        visitor.submit("/first-login/terms", decision="accept")
        walk.types()
        walk.hears(r"\[y\] yes, \[n\] no")
        walk.types("y")
        walk.hears(r"refresh the page without opening")
        walk.types()
        walk.hears("the portal has not seen that yet")
        visitor.submit("/first-login/mail-address", mailAddress="hanako@example.com")
        visitor.open("/first-login/mail-confirmation?refreshed=1")
        walk.hears(r"clock is 25 hours ahead")
        walk.hears(r"Open the link in the mail")
        confirm_address(visitor)
        walk.hears(r"open the same link once more")
        visitor.open("/first-login/mail-confirmation")
        visitor.submit("/first-login/mail-confirmation")
        link = confirm_address(visitor)
        visitor.submit(link)
        visitor.open(link)
        walk.hears(r"enter abc as the new password")
        visitor.open("/first-login/method")
        visitor.submit("/first-login/method", method="mail")
        visitor.submit("/first-login/password", newPassword="abc", repeatedPassword="abc")
        walk.hears(r"log in again, and enter wrong digits")
        visitor.submit("/first-login/password", newPassword=PASSWORD, repeatedPassword=PASSWORD)
        visitor.submit("/logout")
        visitor.submit("/login", userID=user, password=PASSWORD)
        code = mailed_code(visitor)
        visitor.open("/login/mail-code")
        visitor.submit("/login/mail-code", code=f"{(int(code) + 1) % 1000000:06}")
        walk.hears(r"clock is 11 minutes ahead")
        walk.hears(r"Enter the digits of the mail")
        visitor.submit("/login/mail-code", code=code)
        walk.hears(r"enter the digits that you used")
        visitor.submit("/login/mail-code/send")
        code = mailed_code(visitor)
        visitor.open("/login/mail-code")
        visitor.submit("/login/mail-code", code=code)
        visitor.submit("/logout")
        visitor.submit("/login", userID=user, password=PASSWORD)
        visitor.submit("/login/mail-code", code=code)
        walk.hears(r"until you are asked to wait")
        visitor.submit("/logout")
        for _ in range(6):
            visitor.submit("/login", userID=user, password="not the password")
        status, output = walk.ends()
    assert status == 0, walk.said
    assert output.endswith(f"\n12 done, 0 failed, 0 skipped\n{report}/index.html\n"), output
    mishaps, refused = json.loads((report / "steps.json").read_text())["journeys"]
    assert [entry["witness"] for entry in mishaps["entries"]] == ["portal"] * 3 + ["person"] + ["portal"] * 8
    # Five wrong passwords before the wait, each of them a refusal of its own.
    assert len(refused["entries"]) == 5
    told = [entry["seen"]["en"] for entry in mishaps["entries"] if entry["witness"] == "portal"]
    for words in ("not correct", "was valid for 24 hours", "already confirmed", "too many attempts"):
        assert any(words in seen for seen in told), (words, told)
    page = (report / "index.html").read_text()
    assert "A wrong date of birth" in page and "Confirmed by the person at the screen" in page


def test_what_the_screen_did_not_show(short_directory):
    with walking(short_directory, "--chapter", "mishaps", "--json", LANG="ja_JP.UTF-8") as walk:
        for _ in range(8):
            walk.hears(r"^\S+  \S+$")
            walk.types("s")
        walk.hears(r"完了しなかったと表示されましたか。 \[y/n\]$")
        walk.types("n")
        walk.hears(r"^\S+  登録していない指を当てる$")
        walk.types("q")
        status, output = walk.ends()
    assert status == 1
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["outcome"] for line in lines[:9]] == ["skipped"] * 8 + ["failed"]
    assert {line["outcome"] for line in lines[9:]} == {"notReached"}
    assert lines[8]["failure"] == "画面に表示されなかった" and lines[8]["title"]["ja"] == "生体認証を取り消す"


def test_leaving_early_keeps_what_was_done(short_directory):
    report = short_directory / "report"
    with walking(short_directory, "--report", str(report), "--json", LANG="ja_JP.UTF-8") as walk:
        visitor = PortalVisitor(walk.hears(r"^1\.1  ブラウザで (http://localhost:\d+)/"))
        visitor.open("/")
        walk.hears(r"^1\.2  ")
        walk.types("f 画面が真っ白")
        walk.hears(r"^1\.3  ")
        walk.types("q")
        status, output = walk.ends()
    assert status == 1
    lines = [json.loads(line) for line in output.splitlines()]
    assert [line["outcome"] for line in lines] == ["done", "failed"] + ["notReached"] * (STEPS - 2)
    assert walk.said.endswith("aikagi: 1件がうまくいきませんでした\n")
    assert lines[1]["failure"] == "画面が真っ白"
    assert "画面が真っ白" in (report / "index.html").read_text()


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_leaves_the_protocol(short_directory, number, status):
    report = short_directory / "report"
    with walking(short_directory, "--report", str(report), LANG="C") as walk:
        PortalVisitor(walk.hears(r"^1\.1  Open (http://localhost:\d+)/")).open("/")
        walk.hears(r"^1\.2  ")
        walk.process.send_signal(number)
        assert walk.ends()[0] == status
    (manual,) = json.loads((report / "steps.json").read_text())["journeys"]
    assert [entry["step"] for entry in manual["entries"]] == ["1.1"]
    assert not list(short_directory.glob("aikagi-*")), "a scratch folder was left behind"


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (["--chapter", "3"], 64, "there is no chapter '3'"),
        (["--chapter", "b"], 64, "chapter b goes with --method app"),
        (["--method", "sms"], 64, "sms"),
        (["--chapter", "x"], 64, "--data must name"),
        (["--language", "fr"], 64, "fr"),
        (["--report", "/proc/none"], 1, "cannot create the report folder /proc/none"),
        (["report", "/nonexistent"], 1, "there is no folder '/nonexistent'; name the folder that `aikagi manual --report DIR`"),
        (["report", "/"], 1, "there is no steps.json in '/'; name the folder"),
        (["report", "/etc/passwd"], 1, "'/etc/passwd' is a file; name the folder"),
    ],
)
def test_refusals(arguments, status, words):
    done = subprocess.run([AIKAGI, "manual", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == status and words in done.stderr, done.stderr
    assert done.stderr.startswith("aikagi: ")


def test_help_has_all_options():
    done = subprocess.run([AIKAGI, "manual", "--help"], capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0 and not done.stderr
    assert {"--report", "--chapter", "--method", "--data", "report"} <= set(done.stdout.split())


def test_a_later_walk_goes_on_with_the_account_of_an_earlier_one(short_directory):
    data = short_directory / "data"
    with walking(short_directory, "--data", str(data), "--chapter", "1", LANG="C") as walk:
        first_login(walk, short_directory)
        assert walk.ends()[0] == 0
    with walking(short_directory, "--data", str(data), "--chapter", "2-1", LANG="C") as walk:
        walk.hears(r"^2-1\.1 ")
        walk.types("q")
        status, output = walk.ends()
    assert status == 0 and "0 done, 0 failed, 0 skipped, 8 not reached" in output


def test_nobody_at_the_terminal(short_directory):
    """Without a person the walk goes on by what the portal sees; it does not end at the input's end."""
    process = subprocess.Popen(
        [AIKAGI, "manual", "--port", "0", "--json", "--language", "en"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(short_directory)},
    )
    try:
        for line in process.stderr:
            if found := re.match(r"1\.1  Open (http://localhost:\d+)/", line):
                break
        PortalVisitor(found.group(1)).open("/")
        assert json.loads(process.stdout.readline())["step"] == "1.1"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 143
    finally:
        process.kill()
        process.communicate()
