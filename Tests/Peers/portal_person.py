"""A person at the portal without a browser: pages, forms and links, over `requests`."""

from __future__ import annotations

import html
import re
import subprocess
import time
from pathlib import Path

import requests

NEW_PASSWORD = "five green umbrellas"


class Page:
    def __init__(self, response: requests.Response):
        self.status = response.status_code
        self.path = re.sub(r"^https?://[^/]*", "", response.url)
        self.text = response.text
        self.headers = response.headers

    @property
    def steps(self) -> list[str]:
        found = re.search(r'<main [^>]*data-step="([^"]*)"', self.text)
        return found[1].split() if found else []

    def field(self, name: str) -> str:
        found = re.search(rf'<input [^>]*name="{name}" value="([^"]*)"', self.text)
        return html.unescape(found[1]) if found else ""

    @property
    def alert(self) -> str:
        found = re.search(r'role="alert" id="message">([^<]*)<', self.text)
        return html.unescape(found[1]) if found else ""


class Visitor:
    def __init__(self, origin: str, verify: str | bool = True):
        self.origin = origin
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = verify
        self.session.headers["Accept-Language"] = "en"

    def open(self, path: str) -> Page:
        return Page(self.session.get(self.origin + path, timeout=60))

    def submit(self, path: str, fields: dict[str, str], page: Page | None = None) -> Page:
        page = page or self.open(path)
        return Page(self.session.post(self.origin + path, data={"csrf": page.field("csrf"), **fields}, timeout=60))

    def log_in(self, user: str, password: str) -> Page:
        return self.submit("/login", {"userID": user, "password": password})

    def first_login(self, user: str, password: str, birth: str, method: str, links, up_to: str = "1.10") -> Page:
        """Chapter 1 up to a step; `links` yields the confirmation links that have arrived."""
        page = self.log_in(user, password)
        while up_to not in page.steps:
            step = page.steps[0]
            if step == "1.3":
                page = self.submit(page.path, {"dateOfBirth": birth}, page)
            elif step == "1.4":
                page = self.submit(page.path, {"decision": "accept"}, page)
            elif step == "1.5":
                page = self.submit(page.path, {"mailAddress": "hanako@example.jp"}, page)
            elif step == "1.6":
                link = wait_for(lambda: (links() or [None])[-1], "a mail with a link")
                assert "1.6" in self.submit(link.removeprefix(self.origin), {}).steps
                page = self.open("/")
            elif step == "1.8":
                page = self.submit(page.path, {"method": method}, page)
            elif step == "1.9":
                page = self.submit(page.path, {"newPassword": NEW_PASSWORD, "repeatedPassword": NEW_PASSWORD}, page)
            else:
                raise AssertionError(f"no way on from {page.path} ({page.steps}): {page.alert}")
        return page

    def log_out(self) -> Page:
        return self.submit("/logout", {}, self.open("/"))


def wait_for(condition, what: str, seconds: float = 60):
    """What the condition yields once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"no {what} in {seconds} s"
        time.sleep(0.05)


def maildir_messages(folder: Path) -> list[str]:
    """The messages of a Maildir, oldest first."""
    files = sorted((folder / "new").glob("*"), key=lambda file: file.stat().st_mtime_ns)
    return [file.read_bytes().decode().replace("\r\n", "\n") for file in files]


def links_in(messages: list[str]) -> list[str]:
    return [line for message in messages for line in message.splitlines() if "/mail-confirmation/" in line]


def codes_in(messages: list[str]) -> list[str]:
    return [line for message in messages for line in message.splitlines() if re.fullmatch(r"\d{6}", line)]


def totp(secret: str, seconds: int = 0) -> str:
    """What a stock app shows, now or some seconds later."""
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(time.time() + seconds))
    command = ["oathtool", "--totp", "--base32", "--now", moment, secret.replace(" ", "")]
    return subprocess.check_output(command, text=True).strip()
