"""The portal as a process, before somebody who means it harm: everything at the same instant, spellings, forged headers, the clock
of the answers, a mail server that takes its time, a hard end at random moments."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import sqlite3
import statistics
import threading
import time

import pytest
import requests
from hybrid_peer import SoftwareAuthenticator
from portal_person import NEW_PASSWORD, Visitor, codes_in, links_in, maildir_messages, totp, wait_for
from portal_visitor import PortalVisitor
from test_portal import BIRTH, INITIAL, USER, accounts, add_user, run, start

AT_ONCE = 8
#: A bound for what is waited for.
PATIENCE = 60


def at_the_same_instant(calls: list) -> list:
    """What the calls return, each in a thread of its own that starts with the others."""
    gate = threading.Barrier(len(calls))
    results: list = [None] * len(calls)

    def act(index: int, call) -> None:
        gate.wait(PATIENCE)
        results[index] = call()

    threads = [threading.Thread(target=act, args=entry) for entry in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert None not in results
    return results


def twin(visitor: Visitor) -> Visitor:
    """The same visit in another connection."""
    other = Visitor(visitor.origin)
    other.session.cookies.update(visitor.session.cookies)
    return other


def complete(workplace, data, method: str, *arguments: str):
    """An account past chapter 1, and its portal."""
    add_user(workplace, data)
    process, origin = start(workplace, data, *arguments)
    visitor = Visitor(origin)
    visitor.first_login(USER, INITIAL, BIRTH, method, lambda: links_in(maildir_messages(data / "mail")))
    visitor.log_out()
    return process, origin, visitor


def test_one_link_many_times_at_once(workplace):
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data)
    person = Visitor(origin)
    person.first_login(USER, INITIAL, BIRTH, "mail", lambda: [], up_to="1.6")
    path = links_in(maildir_messages(data / "mail"))[-1].removeprefix(origin)
    visitors = [Visitor(origin) for _ in range(AT_ONCE)]
    pages = [visitor.open(path) for visitor in visitors]
    answers = at_the_same_instant([
        lambda visitor=visitor, page=page: visitor.submit(path, {}, page) for visitor, page in zip(visitors, pages)])
    assert sorted(answer.status for answer in answers) == [200] + [410] * (AT_ONCE - 1)
    assert person.open("/").steps == ["1.8"]


@pytest.mark.parametrize("method", ["mail", "totp"])
def test_one_code_many_times_at_once(workplace, method):
    data = workplace.directory / "data"
    _, origin, visitor = complete(workplace, data, method)
    page = visitor.log_in(USER, NEW_PASSWORD)
    if method == "mail":
        # The code is that of one visit: in several connections.
        path, code = "/login/mail-code", codes_in(maildir_messages(data / "mail"))[-1]
        visitors = [twin(visitor) for _ in range(AT_ONCE)]
    else:
        # The code is the account's: in several visits.
        secret = re.search(r'<dd class="code">([A-Z2-7 ]+)</dd>', page.text)[1]
        visitor.submit("/one-time-password/set-up", {"code": totp(secret)}, page)
        path, code = "/login/one-time-password", totp(secret, seconds=30)
        visitors = [Visitor(origin) for _ in range(AT_ONCE)]
        for other in visitors:
            other.log_in(USER, NEW_PASSWORD)
    pages = [other.open(path) for other in visitors]
    at_the_same_instant([
        lambda other=other, page=page: other.submit(path, {"code": code}, page) for other, page in zip(visitors, pages)])
    inside = [other for other in visitors if other.open("/top").path == "/top"]
    assert len(inside) == 1


def test_limits_are_not_evaded_nor_lock_the_person_out(workplace):
    data = workplace.directory / "data"
    _, origin, visitor = complete(workplace, data, "passkey")
    visitor.log_in(USER, NEW_PASSWORD)
    owner = PortalVisitor(origin)
    owner.open("/login")
    owner.submit("/login", userID=USER, password=NEW_PASSWORD)
    authenticator = SoftwareAuthenticator()
    owner.register(authenticator, "platform")

    attacker = Visitor(origin)
    page = attacker.open("/login")
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in USER)
    for number, spelling in enumerate((USER, USER.upper(), f"  {USER}\t", wide, wide.title())):
        for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP"):
            attacker.session.headers[header] = f"192.0.2.{number}"
        assert attacker.submit("/login", {"userID": spelling, "password": "wrong"}, page).status == 422, spelling
    # The right password, in whatever spelling and from wherever, is not looked at now.
    for spelling in (USER, USER.upper(), wide, f"\u3000{USER}"):
        attacker.session.headers["X-Forwarded-For"] = "198.51.100.1"
        slowed = attacker.submit("/login", {"userID": spelling, "password": NEW_PASSWORD}, page)
        assert slowed.status == 429 and 0 < int(slowed.headers["Retry-After"]) <= 900, spelling
    # What only looks like the user ID is nobody's: it is not the account by another name.
    for spelling in (USER + "\0", USER + "\0x", USER + "\u00ad", USER + "\u200b", "h\u0430nako01", USER + " x"):
        answer = attacker.submit("/login", {"userID": spelling, "password": NEW_PASSWORD}, page)
        assert answer.status == 422, repr(spelling)
    # Meanwhile the person goes on, and the passkey logs in.
    assert "Log out" in Visitor.open(visitor, "/login/passkey").text
    alone = PortalVisitor(origin)
    alone.open("/login")
    alone.authenticate(authenticator)
    assert alone.page.steps == ["2-1.6", "2-1.7", "2-2.4"]


def test_nobody_learns_which_accounts_exist(workplace):
    """The same answer, after the same work, whether an account exists, stands at its first login, or is nobody's."""
    data = workplace.directory / "data"
    complete(workplace, data, "totp")
    run(workplace, "add", "--data", str(data), "taro", "--name", "Taro", "--date-of-birth", BIRTH, "--symbol", "1",
        "--number", "2")
    _, origin = start(workplace, data)
    visitor = Visitor(origin)
    page = visitor.open("/login")
    times: dict[str, list[float]] = {"complete": [], "first login": [], "nobody": []}
    texts = set()
    for turn in range(4):
        for kind, user in (("complete", USER), ("first login", "taro"), ("nobody", f"nobody{turn}")):
            begun = time.perf_counter()
            answer = visitor.submit("/login", {"userID": user, "password": "wrong password"}, page)
            times[kind].append(time.perf_counter() - begun)
            assert answer.status == 422
            texts.add(answer.text.replace(user, "USER"))
    assert len(texts) == 1
    # The work takes a tenth of a second; without it, the answer would be there after a thousandth.
    fastest = {kind: min(taken) for kind, taken in times.items()}
    assert max(fastest.values()) < 4 * min(fastest.values()), times
    assert statistics.median(times["nobody"]) > 0.01
    # Who asks for a passkey's options without having logged in is told of no credential, and names no account.
    visitor.session.headers["Origin"] = origin
    for body in ("{}", f'{{"userID": "{USER}"}}', f'{{"username": "{USER}"}}'):
        answer = visitor.session.post(
            origin + "/webauthn/authentication/options", data=body, headers={"Content-Type": "application/json"},
            timeout=60)
        assert answer.status_code == 200 and answer.json()["allowCredentials"] == []


@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    {"Forwarded": "host=evil.example"}, {"Host": "localhost@evil.example"},
])
def test_links_in_mails_lead_here(workplace, headers):
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data)
    visitor = Visitor(origin)
    page = visitor.first_login(USER, INITIAL, BIRTH, "mail", lambda: [], up_to="1.5")
    # The cookie goes along, whatever the host is said to be.
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in visitor.session.cookies)
    answer = requests.post(
        origin + page.path, data={"csrf": page.field("csrf"), "mailAddress": "hanako@example.jp"},
        headers=headers | {"Cookie": cookies}, timeout=60, allow_redirects=False)
    assert answer.status_code == 303 and answer.headers["Location"] == "/first-login/mail-confirmation"
    (mail,) = maildir_messages(data / "mail")
    assert "evil" not in mail
    (link,) = links_in([mail])
    assert link.startswith(origin + "/mail-confirmation/")


class SlowMailServer:
    """A mail server that takes a message, and says so only when it is told to."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.messages: list[str] = []
        self.holds = False
        self.release = threading.Event()
        self.has_message = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            def say(text: str) -> None:
                stream.write(text.encode() + b"\r\n")
                stream.flush()

            say("220 slow")
            for line in stream:
                command = line.split()[0].upper() if line.split() else b""
                if command == b"EHLO":
                    say("250-slow\r\n250 8BITMIME")
                elif command == b"DATA":
                    say("354 go on")
                    lines = iter(stream.readline, b".\r\n")
                    self.messages.append(b"".join(lines).decode().replace("\r\n", "\n"))
                    self.has_message.set()
                    if self.holds:
                        self.release.wait(PATIENCE)
                    say("250 taken")
                elif command == b"QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 fine")


def test_logged_out_while_a_mail_is_on_its_way(workplace):
    """A visit that ends while its mail is being sent changes no mail address any more."""
    server = SlowMailServer()
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data, "--smtp", f"127.0.0.1:{server.port}")
    visitor = Visitor(origin)
    visitor.first_login(USER, INITIAL, BIRTH, "mail", lambda: links_in(server.messages))
    visitor.log_out()
    page = visitor.log_in(USER, NEW_PASSWORD)
    visitor.submit("/login/mail-code", {"code": codes_in(server.messages)[-1]}, page)
    page = visitor.open("/settings/mail-address")
    other = twin(visitor)
    settings = other.open("/settings")

    server.has_message.clear()
    server.holds = True
    answers = []
    sending = threading.Thread(
        target=lambda: answers.append(visitor.submit(page.path, {"mailAddress": "evil@example.com"}, page)))
    sending.start()
    assert server.has_message.wait(PATIENCE)
    assert other.submit("/settings/log-out-everywhere", {}, settings).path.startswith("/login")
    server.holds = False
    server.release.set()
    sending.join(PATIENCE)
    assert answers[0].status == 403
    link = links_in(server.messages)[-1]
    assert "To: evil@example.com\n" in server.messages[-1]
    assert Visitor(origin).open(link.removeprefix(origin)).status == 404
    server.listener.close()


def test_hard_ends_at_random_moments(workplace):
    """SIGKILL while a step is under way: afterwards it is done, or it is not; what was confirmed before stays, and never half."""
    seed = int(os.environ.get("AIKAGI_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"AIKAGI_SEED={seed}")
    plan = random.Random(seed)
    data = workplace.directory / "data"
    add_user(workplace, data)
    order = ["1.3", "1.4", "1.5", "1.6", "1.8", "1.9", "1.10"]
    forms = {
        "1.3": ("/first-login/date-of-birth", {"dateOfBirth": BIRTH}),
        "1.4": ("/first-login/terms", {"decision": "accept"}),
        "1.5": ("/first-login/mail-address", {"mailAddress": "hanako@example.jp"}),
        "1.8": ("/first-login/method", {"method": "mail"}),
        "1.9": ("/first-login/password", {"newPassword": NEW_PASSWORD, "repeatedPassword": NEW_PASSWORD}),
    }
    process, origin = start(workplace, data)
    port = origin.rsplit(":", 1)[1]
    visitor = Visitor(origin)
    page = visitor.log_in(USER, INITIAL)
    # How long a step takes is the machine's: the moments spread wider until one is late enough.
    kills, latest = 0, 0.01
    while "1.10" not in page.steps:
        assert latest < PATIENCE, f"{page.steps} is never done"
        step = page.steps[0]
        if step == "1.6":
            path, fields = links_in(maildir_messages(data / "mail"))[-1].removeprefix(origin), {}
        else:
            path, fields = forms[step]
        form = visitor.open(path)
        answers = []

        def act() -> None:
            try:
                answers.append(visitor.submit(path, fields, form))
            except requests.RequestException:
                pass  # the portal is gone

        acting = threading.Thread(target=act)
        acting.start()
        threading.Event().wait(plan.uniform(0, latest))
        process.signal(signal.SIGKILL)
        process.wait(PATIENCE)
        acting.join(PATIENCE)
        kills += 1
        # Each mail counts, also when the end came before its link was stored: after five of them it would be an hour's wait.
        with contextlib.closing(sqlite3.connect(data / "portal.sqlite")) as database, database:
            database.execute("DELETE FROM attempt")
        process, origin = start(workplace, data, "--port", port)
        later = visitor.open("/")
        if later.path.startswith("/login"):
            # The new password ends every visit but the one whose cookie was on its way.
            assert step == "1.9", step
            later = visitor.log_in(USER, NEW_PASSWORD)
            assert later.steps == ["c.1"]
            break
        now, before = order.index(later.steps[0]), order.index(step)
        assert now in (before, before + 1), f"from {step} to {later.steps}"
        if answers and answers[0].status == 200 and step != "1.6":
            assert now == before + 1, f"{step} was confirmed, and is due again"
        latest = 0.01 if now > before else latest * 1.5
        page = later
    assert accounts(workplace, data)[USER]["step"] == "complete"
    assert Visitor(origin).log_in(USER, INITIAL).status == 422
    assert wait_for(lambda: Visitor(origin).log_in(USER, NEW_PASSWORD).steps == ["c.1"], "the login with the new password")
    process.signal(signal.SIGKILL)
    process.wait(PATIENCE)
    assert sqlite3.connect(data / "portal.sqlite").execute("PRAGMA integrity_check").fetchall() == [("ok",)]
