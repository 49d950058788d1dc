"""The portal as a process: accounts from the command line, a stock TOTP app, a stock mail server, TLS, a hard end."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from portal_person import NEW_PASSWORD, Visitor, codes_in, links_in, maildir_messages, totp, wait_for

USER, BIRTH, INITIAL = "hanako01", "1990-01-31", "1234567819900131"


def run(workplace, *arguments: str, status: int = 0) -> subprocess.CompletedProcess:
    result = subprocess.run(
        [workplace.binary, "portal", "users", *arguments], capture_output=True, text=True, timeout=120,
        stdin=subprocess.DEVNULL)
    assert result.returncode == status, result
    return result


def add_user(workplace, data: Path) -> None:
    run(workplace, "add", "--data", str(data), USER, "--name", "山田 花子", "--date-of-birth", BIRTH,
        "--symbol", "12345", "--number", "678")


def start(workplace, data: Path, *arguments: str):
    process = workplace.start("portal", "--data", str(data), "--json", *arguments)
    return process, process.event("listening", timeout=60)["url"]


def accounts(workplace, data: Path) -> dict[str, dict]:
    lines = run(workplace, "list", "--data", str(data), "--json").stdout.splitlines()
    return {account["userID"]: account for account in map(json.loads, lines)}


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost and 127.0.0.1 that is its own authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    folder.mkdir(exist_ok=True)
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return chain, private


def test_accounts(workplace):
    data = workplace.directory / "data"
    assert "no portal" in run(workplace, "list", "--data", str(data), status=1).stderr
    add_user(workplace, data)
    assert "another account" in run(
        workplace, "add", "--data", str(data), USER, "--name", "x", "--date-of-birth", BIRTH, "--symbol", "1",
        "--number", "2", status=1).stderr
    run(workplace, "add", "--data", str(data), "x", "--name", "x", "--date-of-birth", "1990-02-30", "--symbol", "1",
        "--number", "2", status=64)
    table = workplace.directory / "accounts.csv"
    table.write_text("number,symbol,name,userID,dateOfBirth\n1,2,\"Sato, Taro\",taro,19800229\n3,,x,y z,tomorrow\n")
    refused = run(workplace, "import", "--data", str(data), str(table), status=1).stderr
    assert "line 3" in refused and "1 line of" in refused and "nothing was added" in refused
    assert list(accounts(workplace, data)) == [USER]
    table.write_text("\ufeffnumber,symbol,name,userID,dateOfBirth\r\n1,2,\"Sato, Taro\",taro,19800229\r\n")
    assert run(workplace, "import", "--data", str(data), str(table)).stdout == "added 1 account\n"
    assert "taro" in run(workplace, "import", "--data", str(data), str(table), status=1).stderr
    listed = accounts(workplace, data)
    assert listed["taro"]["name"] == "Sato, Taro" and listed["taro"]["step"] == "dateOfBirth"
    assert "no account" in run(
        workplace, "reset", "--data", str(data), "nobody", "--symbol", "1", "--number", "2", status=1).stderr


def test_list_of_many_faults(workplace):
    """Every line that is refused is named at once, and a list without lines is no list; nothing is made of either."""
    data = workplace.directory / "data"
    table = workplace.directory / "accounts.csv"
    table.write_text("userID,name,dateOfBirth,symbol,number\n")
    assert "no accounts in it" in run(workplace, "import", "--data", str(data), str(table), status=1).stderr
    assert not data.exists()
    add_user(workplace, data)
    table.write_text(
        "userID,name,dateOfBirth,symbol,number\na,A,1990-01-31,1\n"
        f"{USER},B,1990-01-31,1,2\nc,C,2999-01-01,1,2\nd,D,1990-01-31,1,2\n")
    refused = run(workplace, "import", "--data", str(data), str(table), status=1).stderr
    assert re.findall(r"line (\d+):", refused) == ["2", "3", "4"], refused
    assert "3 lines of" in refused and "in the future" in refused
    table.write_text("userID,name,dateOfBirth,symbol,number\na,A,1990-01-31,1,2\nb,B,1990-01-31,1,2\n")
    assert run(workplace, "import", "--data", str(data), str(table)).stdout == "added 2 accounts\n"
    (data / "portal.sqlite").write_bytes(b"no database" * 500)
    for name in ("-wal", "-shm"):
        (data / f"portal.sqlite{name}").unlink(missing_ok=True)
    damaged = run(workplace, "list", "--data", str(data), status=1).stderr
    assert "portal.sqlite is damaged" in damaged and "SQL" not in damaged.replace("sqlite", ""), damaged


def test_private_certificate(workplace):
    """Who logs in at a portal with a certificate of its own is told how to trust it, and can."""
    data = workplace.directory / "data"
    add_user(workplace, data)
    chain, key = certificate(workplace.directory / "tls")
    missing = subprocess.run(
        [workplace.binary, "portal", "--data", str(data), "--certificate", "nosuch.pem", "--private-key", str(key)],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert missing.returncode == 1 and "'nosuch.pem': No such file" in missing.stderr, missing
    _, origin = start(workplace, data, "--certificate", str(chain), "--private-key", str(key))
    password = workplace.directory / "pw"
    password.write_text("wrong\n")
    for trusted, words in ((), "give its authority with --portal-ca"), (
            ("--portal-ca", str(chain)), "aikagi: The user ID or the password is not correct. Please enter them again.\n"):
        login = subprocess.run(
            [workplace.binary, "login", "--hybrid", origin, "--user", USER, "--password-file", str(password), *trusted],
            capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        assert login.returncode == 1 and words in login.stderr and ".swift" not in login.stderr, login


def test_usage(workplace):
    """What is missing is said with the usage of the very command, which shows what it needs."""
    data = ("--data", str(workplace.directory / "data"))
    birth = ("--name", "x", "--date-of-birth", BIRTH)
    for command, *arguments in (
        ("add", "x", *birth, "--symbol", "1", "--number", "2"), ("add", *data, "x", *birth, "--symbol", "1"),
        ("add", *data, "x", *birth), ("add", *data), ("import", "accounts.csv"), ("import", *data), ("list",),
        ("list", "--json"), ("reset", "x", "--symbol", "1", "--number", "2"), ("reset", *data, "x"),
    ):
        errors = run(workplace, command, *arguments, status=64).stderr
        assert f"Usage: aikagi portal users {command} --data <dir>" in errors, errors
        assert f"See 'aikagi portal users {command} --help'" in errors, errors
    help_text = run(workplace, "add", "--help").stdout
    assert "(--symbol <symbol> --number <number> | --password-file <file>)" in help_text
    assert max(map(len, help_text.splitlines())) <= 80


def test_stock_app_and_reset(workplace):
    data = workplace.directory / "data"
    add_user(workplace, data)
    process, origin = start(workplace, data)
    visitor = Visitor(origin)
    complete = visitor.first_login(
        USER, INITIAL, BIRTH, "totp", lambda: links_in(maildir_messages(data / "mail")))
    assert complete.steps == ["1.10", "1.11"]
    visitor.log_out()
    page = visitor.log_in(USER, NEW_PASSWORD)
    assert page.steps == ["b.1", "b.2"]
    secret = re.search(r'<dd class="code">([A-Z2-7 ]+)</dd>', page.text)[1]
    page = visitor.submit("/one-time-password/set-up", {"code": totp(secret)}, page)
    assert page.path.startswith("/top"), page.alert
    visitor.log_out()
    page = visitor.log_in(USER, NEW_PASSWORD)
    for wrong in (totp(secret), totp(secret, seconds=-90), totp(secret, seconds=90)):
        assert visitor.submit("/login/one-time-password", {"code": wrong}, page).status == 422
    # The next step's code is within the window.
    code = totp(secret, seconds=30)
    assert visitor.submit("/login/one-time-password", {"code": code}, page).path == "/top"
    assert accounts(workplace, data)[USER]["method"] == "totp"

    # The help desk puts the account back while the portal runs: the visit ends, the app and the password are forgotten.
    run(workplace, "reset", "--data", str(data), USER, "--symbol", "12345", "--number", "678")
    assert visitor.open("/top").path.startswith("/login")
    assert visitor.log_in(USER, NEW_PASSWORD).status == 422
    assert visitor.log_in(USER, INITIAL).steps == ["1.3"]
    process.signal(signal.SIGTERM)
    process.wait()
    everything = b"".join(file.read_bytes() for file in data.iterdir() if file.is_file())
    assert secret.replace(" ", "").encode() not in everything


def test_mail_page(workplace):
    data = workplace.directory / "data"
    add_user(workplace, data)
    process, origin = start(workplace, data)
    visitor = Visitor(origin)
    visitor.first_login(USER, INITIAL, BIRTH, "mail", lambda: re.findall(
        r'<a href="(http[^"]*/mail-confirmation/[^"]*)"', visitor.open("/mail").text))
    visitor.log_out()
    page = visitor.log_in(USER, NEW_PASSWORD)
    assert page.steps == ["c.1"] and 'href="/mail"' in page.text
    code = re.findall(r"\b(\d{6})\b", re.sub(r"<[^>]*>", "", visitor.open("/mail").text))[0]
    assert codes_in(maildir_messages(data / "mail")) == [code]
    assert visitor.submit("/login/mail-code", {"code": code}, page).path == "/top"
    # A page of another site that has its own name lead here sees nothing.
    forged = visitor.session.get(origin + "/mail", headers={"Host": "evil.example"}, timeout=60)
    assert forged.status_code == 404
    process.signal(signal.SIGTERM)
    process.wait()
    process, origin = start(workplace, data, "--no-mail-page")
    assert Visitor(origin).open("/mail").status == 404


@pytest.fixture
def mail_server(workplace):
    """Starts Debian's aiosmtpd; the folder it writes to, and its port."""
    started = []

    def start_server(*secure: str) -> tuple[Path, str]:
        folder = workplace.directory / f"mailbox{len(started)}"
        folder.mkdir()
        script = Path(__file__).parent / "smtp_server.py"
        process = subprocess.Popen(
            ["/usr/bin/python3", str(script), str(folder), *secure], stdout=subprocess.PIPE, text=True)
        started.append(process)
        return folder, process.stdout.readline().strip()

    yield start_server
    for process in started:
        process.terminate()
        process.wait(10)


def delivered(folder: Path) -> list[str]:
    return [file.read_bytes().decode().replace("\r\n", "\n") for file in sorted(folder.glob("*.mail"))]


def test_stock_mail_server(workplace, mail_server):
    folder, port = mail_server()
    data = workplace.directory / "data"
    add_user(workplace, data)
    process, origin = start(workplace, data, "--smtp", f"127.0.0.1:{port}")
    visitor = Visitor(origin)
    page = visitor.first_login(USER, INITIAL, BIRTH, "mail", lambda: [], up_to="1.5")
    refused = visitor.submit(page.path, {"mailAddress": "nobody@example.jp"}, page)
    assert refused.status == 503 and "could not be sent" in refused.alert
    visitor.first_login(USER, INITIAL, BIRTH, "mail", lambda: links_in(delivered(folder)))
    mail = delivered(folder)[0]
    assert mail.startswith("From no-reply@localhost for hanako@example.jp plain\n")
    assert "\nTo: hanako@example.jp\n" in mail and "\nMIME-Version: 1.0\n" in mail
    assert visitor.open("/mail").status == 404
    visitor.log_out()
    page = visitor.log_in(USER, NEW_PASSWORD)
    assert visitor.submit("/login/mail-code", {"code": codes_in(delivered(folder))[-1]}, page).path == "/top"
    process.signal(signal.SIGTERM)
    process.wait()
    assert "answered RCPT with 550" in process.stderr
    assert "example.jp" not in process.stderr and USER not in process.stderr


def test_mail_server_with_login(workplace, mail_server):
    chain, key = certificate(workplace.directory / "authority")
    folder, port = mail_server(str(chain), str(key), "portal", "open sesame")
    data = workplace.directory / "data"
    add_user(workplace, data)
    login = workplace.directory / "login"
    for host, trust, password, reason in (
        ("localhost", chain, "wrong", "answered AUTH with 535"),
        ("localhost", "/etc/ssl/certs/ca-certificates.crt", "open sesame", "TLS failed"),
        ("localhost", chain, "open sesame", None),
        ("127.0.0.1", chain, "open sesame", None),
    ):
        login.write_text(f"portal\n{password}\n")
        process, origin = start(
            workplace, data, "--smtp", f"{host}:{port}", "--smtp-login-file", str(login), "--smtp-ca", str(trust))
        visitor = Visitor(origin)
        page = visitor.first_login(USER, INITIAL, BIRTH, "mail", lambda: [], up_to="1.5") if reason else None
        if page:
            sent = visitor.submit(page.path, {"mailAddress": "hanako@example.jp"}, page)
            assert sent.status == 503, sent.path
        else:
            visitor.log_in(USER, INITIAL)
            page = visitor.submit("/first-login/mail-address", {"mailAddress": "hanako@example.jp"})
            assert page.steps == ["1.6", "1.7"], page.alert
            assert delivered(folder)[-1].startswith("From no-reply@localhost for hanako@example.jp TLS\n")
        process.signal(signal.SIGTERM)
        process.wait()
        assert (reason or "") in process.stderr and "sesame" not in process.stderr, process.stderr


def test_tls(workplace):
    chain, key = certificate(workplace.directory / "authority")
    data = workplace.directory / "data"
    add_user(workplace, data)
    process, origin = start(workplace, data, "--certificate", str(chain), "--private-key", str(key))
    assert origin.startswith("https://localhost:")
    visitor = Visitor(origin, verify=str(chain))
    page = visitor.open("/login")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal-session=") and "Secure" in cookie and "HttpOnly" in cookie
    assert visitor.log_in(USER, INITIAL).steps == ["1.3"]
    process.signal(signal.SIGTERM)
    process.wait()
    other, _ = certificate(workplace.directory / "other")
    process = workplace.start("portal", "--data", str(data), "--json", "--certificate", str(other), "--private-key", str(key))
    process.assert_fails(60)
    assert "not that of the certificate" in process.stderr


def test_hard_end(workplace):
    """After SIGKILL at each step, the next start finds the step that was confirmed last, and the visit goes on."""
    data = workplace.directory / "data"
    add_user(workplace, data)
    port = "0"
    visitor = None
    for step, path, fields in (
        ("1.3", "/login", {"userID": USER, "password": INITIAL}),
        ("1.4", "/first-login/date-of-birth", {"dateOfBirth": BIRTH}),
        ("1.5", "/first-login/terms", {"decision": "accept"}),
        ("1.6", "/first-login/mail-address", {"mailAddress": "hanako@example.jp"}),
        ("1.8", None, {}),
        ("1.9", "/first-login/method", {"method": "mail"}),
        ("1.10", "/first-login/password", {"newPassword": NEW_PASSWORD, "repeatedPassword": NEW_PASSWORD}),
        ("c.1", "/logout", {}),
    ):
        process, origin = start(workplace, data, "--port", port)
        port = origin.rsplit(":", 1)[1]
        visitor = visitor or Visitor(origin)
        if path:
            page = visitor.submit(path, fields, visitor.open("/"))
        else:
            link = links_in(maildir_messages(data / "mail"))[-1]
            visitor.submit(link.removeprefix(origin), {})
            page = visitor.open("/")
        if path == "/logout":
            page = visitor.log_in(USER, NEW_PASSWORD)
        assert step in page.steps, page.alert
        process.signal(signal.SIGKILL)
        process.wait(60)
    process, origin = start(workplace, data, "--port", port)
    page = visitor.open("/")
    assert page.steps == ["c.1"]
    code = codes_in(maildir_messages(data / "mail"))[-1]
    assert visitor.submit("/login/mail-code", {"code": code}, page).path == "/top"
