"""The project's command-line tool against the independent Python peers.

Needs the environment variable AIKAGI, the path of the tool. AIKAGI_TUNNEL=python uses the Python tunnel service in place
of `aikagi tunnel`, to tell a fault of the service from one of the peers.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from typing import Iterator

import pytest
from fido2.utils import websafe_encode
from websockets.exceptions import WebSocketException

import hybrid_peer as hybrid
from aikagi_process import (
    INTERRUPT_CODES,
    PROMPT_SECONDS,
    TERMINATE_CODES,
    AikagiProcess,
    Workplace,
    assert_ends_by_signal,
)
from conftest import Task, authenticate_with_pc, register_with_pc
from hybrid_peer import PC, Phone, SoftwareAuthenticator, Surroundings
from tunnel_server import TunnelServer
from verify_report import ReportError, Verifier, credential_of

RP_ID, ORIGIN = "example.com", "https://example.com"
DOMAIN = 266
CEREMONY_SECONDS = 25
#: The protocol notes recommend 10 to 30 s before a PC gives up on a silent phone.
SILENCE_SECONDS = 40

#: Text and empty WebSocket messages, which a strict tunnel service would not pass on.
NEEDS_LENIENT_TUNNEL = ("text-msg1", "empty-msg1", "text-request", "text-msg2", "text-response")


# Surroundings


@pytest.fixture
def aikagi_tunnel(workplace) -> Surroundings:
    return workplace.start_tunnel(DOMAIN)[1]


@pytest.fixture
def lenient_tunnel(workplace) -> Iterator[Surroundings]:
    directory = workplace.directory / "python-tunnel"
    directory.mkdir()
    with TunnelServer(directory, DOMAIN, strict=False) as server:
        yield Surroundings(workplace.radio, (server.address, server.port), server.ca)


@pytest.fixture
def surroundings(request) -> Surroundings:
    """The project's own service, unless the quirk under test would not get through it."""
    quirk = getattr(getattr(request.node, "callspec", None), "params", {}).get("quirk")
    python = os.environ.get("AIKAGI_TUNNEL") == "python" or quirk in NEEDS_LENIENT_TUNNEL
    return request.getfixturevalue("lenient_tunnel" if python else "aikagi_tunnel")


def meeting_point(surroundings: Surroundings) -> list[str]:
    host, port = surroundings.tunnel
    return ["--tunnel", f"{host}:{port}", "--tunnel-ca", str(surroundings.tunnel_ca), "--radio", str(surroundings.radio)]


def scan(workplace: Workplace, surroundings: Surroundings, qr: str, *options: str) -> AikagiProcess:
    """`aikagi phone scan`: in memory and with consent, unless the options say otherwise."""
    arguments = list(options)
    if "--store" not in options:
        arguments.append("--memory")
    if "--gate" not in options:
        arguments += ["--gate", "approve"]
    domain = ["--tunnel-domain", str(DOMAIN)]
    return workplace.start("phone", "scan", qr, *meeting_point(surroundings), *domain, *arguments, "--json")


def creation_options(excluded: list[bytes] = []) -> dict:
    return {
        "rp": {"id": RP_ID, "name": "Example"},
        "user": {"id": websafe_encode(b"user-1"), "name": "user@example.com", "displayName": "User"},
        "challenge": websafe_encode(secrets.token_bytes(32)),
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "timeout": 60000,
        "excludeCredentials": [{"type": "public-key", "id": websafe_encode(identifier)} for identifier in excluded],
        "authenticatorSelection": {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"},
        "attestation": "direct",
    }


def request_options(allowed: list[bytes] = []) -> dict:
    return {
        "challenge": websafe_encode(secrets.token_bytes(32)),
        "rpId": RP_ID,
        "timeout": 60000,
        "allowCredentials": [{"type": "public-key", "id": websafe_encode(identifier)} for identifier in allowed],
        "userVerification": "required",
    }


def start_client(workplace: Workplace, surroundings: Surroundings, command: str, options: dict) -> AikagiProcess:
    """`aikagi register --hybrid` or `aikagi login --hybrid` with options from a file."""
    file = workplace.write_json(f"{command}-options.json", options)
    relying_party = ["--options", str(file), "--origin", ORIGIN]
    return workplace.start(command, "--hybrid", *relying_party, *meeting_point(surroundings), "--json")


def serve_client(workplace, surroundings, authenticator, command, options, quirk=None):
    """A client ceremony answered by the Python phone: the WebAuthn response, the process and the phone."""
    client = start_client(workplace, surroundings, command, options)
    qr = client.event("qr")["url"]
    assert hybrid.parse_qr(qr).hint == {"register": "mc", "login": "ga"}[command]
    phone = Phone(surroundings, authenticator, quirk, DOMAIN, CEREMONY_SECONDS)
    task = Task(lambda: phone.serve(qr))
    try:
        result = client.event("result", CEREMONY_SECONDS)
    except AssertionError as failure:
        task.explain(failure)
        raise
    client.assert_succeeds()
    task.result(PROMPT_SECONDS)
    client.assert_order("qr", "advert", "tunnel-open", "handshake", "request", "response", "result")
    return result["response"], client, phone


def verify(verifier: Verifier, kind: str, options: dict, response: dict) -> str:
    ceremony = {
        "kind": kind,
        "rpId": RP_ID,
        "origin": ORIGIN,
        "challenge": options["challenge"],
        "options": options,
        "response": response,
    }
    return verifier.verify(ceremony)


def assert_radio_is_empty(workplace: Workplace) -> None:
    assert not list(workplace.radio.iterdir()), "a radio socket was left behind"


# (a) The Python PC against `aikagi phone scan`


def test_phone_registers_in_memory(workplace, surroundings):
    with PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr)
        register_with_pc(pc)
        advert = pc.advert.hex()
        assert pc.info[4]["uv"] is True and pc.info[4]["rk"] is True
        assert "hybrid" in pc.info[9]
        assert "ctap" in pc.features
    phone.assert_succeeds()
    phone.assert_order(
        "scanned", "tunnel-open", "advertising", "handshake", "request", "user", "response", "closed"
    )
    events = {event["event"]: event for event in phone.events}
    assert len(bytes.fromhex(events["tunnel-open"]["routingID"])) == 3
    assert events["advertising"]["serviceUUID"] == "fff9"
    assert events["advertising"]["serviceData"] == advert
    assert len(advert) == 40
    assert events["request"]["command"] == "makeCredential"
    assert events["user"]["decision"] == "approved"
    assert events["response"]["status"] == "0x00"


def test_phone_registers_and_then_authenticates(workplace, surroundings):
    """Two processes share a store; the second ceremony names the credential, the third lets the phone find it."""
    store = str(workplace.directory / "phone.store")
    with PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr, "--store", store)
        credential = register_with_pc(pc)
    phone.assert_succeeds()
    for discoverable in (False, True):
        with PC(surroundings, "ga", timeout=CEREMONY_SECONDS) as pc:
            phone = scan(workplace, surroundings, pc.qr, "--store", store)
            authenticate_with_pc(pc, credential, discoverable=discoverable)
        phone.assert_succeeds()
        assert next(event for event in phone.events if event["event"] == "request")["command"] == "getAssertion"


def exercise_prf(request) -> None:
    """Extension `prf` as Chromium speaks it to phones; ``request`` has a command answered in a ceremony of its own."""
    from fido2.webauthn import AuthenticatorData

    salts = {"first": bytes([1]) * 32, "second": bytes([2]) * 32}

    def register(prf: dict) -> tuple[bytes, dict]:
        parameters = hybrid.make_credential_request(secrets.token_bytes(32), RP_ID, secrets.token_bytes(16))
        response = request(hybrid.MAKE_CREDENTIAL, parameters | {6: {"prf": prf}})
        return AuthenticatorData(response[2]).credential_data.credential_id, response[6]["prf"]

    def log_in(prf: dict, credential: bytes) -> dict:
        parameters = hybrid.get_assertion_request(secrets.token_bytes(32), RP_ID, [credential])
        return request(hybrid.GET_ASSERTION, parameters | {4: {"prf": prf}}).get(8, {}).get("prf")

    credential, made = register({})
    assert made == {"enabled": True}
    other, made = register({"eval": salts})
    assert made["enabled"] is True and made == {"enabled": True} | log_in({"eval": salts}, other)
    evaluated = log_in({"eval": salts}, credential)["results"]
    assert set(evaluated) == {"first", "second"} and {len(value) for value in evaluated.values()} == {32}
    assert len({*evaluated.values(), *made["results"].values()}) == 4
    assert log_in({"eval": salts}, credential)["results"] == evaluated
    # Five levels of maps, as Chromium sends it.
    own = {"eval": {"first": bytes(32)}, "evalByCredential": {credential: {"first": salts["second"]}, b"x": salts}}
    assert log_in(own, credential) == {"results": {"first": evaluated["second"]}}
    assert log_in({"evalByCredential": {b"x": salts}}, credential) is None
    with pytest.raises(hybrid.CTAPStatus) as caught:
        log_in({"eval": {"first": bytes(31)}}, credential)
    assert caught.value.status == 0x02


def test_phone_evaluates_prf(workplace, surroundings):
    store = str(workplace.directory / "phone.store")

    def request(command: int, parameters: dict) -> dict:
        with PC(surroundings, "mc" if command == hybrid.MAKE_CREDENTIAL else "ga", timeout=CEREMONY_SECONDS) as pc:
            phone = scan(workplace, surroundings, pc.qr, "--store", store)
            pc.connect()
            assert "prf" in pc.info[2] and 6 not in pc.info
            try:
                return pc.request(command, parameters)
            finally:
                pc.shutdown()
                phone.wait()

    exercise_prf(request)


def test_phone_without_the_credential(workplace, surroundings):
    with PC(surroundings, "ga", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr)
        pc.connect()
        with pytest.raises(hybrid.CTAPStatus) as caught:
            pc.request(hybrid.GET_ASSERTION, hybrid.get_assertion_request(bytes(32), RP_ID))
        assert caught.value.status == hybrid.STATUS_NO_CREDENTIALS
        pc.shutdown()
    assert phone.wait() == 1


@pytest.mark.parametrize("quirk", hybrid.PC_TOLERATED)
def test_phone_tolerates(workplace, surroundings, quirk):
    with PC(surroundings, "mc", quirk, CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr)
        register_with_pc(pc)
    phone.assert_succeeds()


# (b) The Python phone against `aikagi register` and `aikagi login`


@pytest.mark.parametrize("attestation, summary", [("packed", "packed self"), ("none", "attestation none")])
def test_client_registers_and_logs_in(workplace, surroundings, attestation, summary):
    authenticator, verifier = SoftwareAuthenticator(attestation), Verifier()
    options = creation_options()
    response, _, phone = serve_client(workplace, surroundings, authenticator, "register", options)
    assert summary in verify(verifier, "registration", options, response)
    assert "UV" in verify(verifier, "registration", options, response)
    credential = credential_of(response)
    for allowed in ([credential.credential_id], []):
        options = request_options(allowed)
        response, _, phone = serve_client(workplace, surroundings, authenticator, "login", options)
        verify(verifier, "authentication", options, response)
    make_credential = authenticator.requests[0][1]
    assert make_credential[7] == {"rk": True, "uv": True}, "phones need both to save a passkey"
    assert [entry["alg"] for entry in make_credential[4]] == [-7, -257]
    for command, parameters in authenticator.requests:
        pin_members = {8, 9} if command == hybrid.MAKE_CREDENTIAL else {6, 7}
        assert not pin_members & set(parameters), "there is no PIN protocol in hybrid"
    assert_radio_is_empty(workplace)


@pytest.mark.parametrize("quirk", hybrid.PHONE_TOLERATED)
def test_client_tolerates(workplace, surroundings, quirk):
    options, verifier = creation_options(), Verifier()
    response, _, _ = serve_client(workplace, surroundings, SoftwareAuthenticator(), "register", options, quirk)
    verify(verifier, "registration", options, response)


def test_client_reports_an_excluded_credential(workplace, surroundings):
    authenticator = SoftwareAuthenticator()
    response, _, _ = serve_client(workplace, surroundings, authenticator, "register", creation_options())
    excluded = [credential_of(response).credential_id]
    client = start_client(workplace, surroundings, "register", creation_options(excluded))
    qr = client.event("qr")["url"]
    phone = Phone(surroundings, authenticator, None, DOMAIN, CEREMONY_SECONDS)
    Task(lambda: phone.serve(qr)).result(CEREMONY_SECONDS)
    client.assert_fails()
    assert phone.answered == [hybrid.STATUS_CREDENTIAL_EXCLUDED]


def test_client_reports_a_denial(workplace, surroundings):
    client = start_client(workplace, surroundings, "register", creation_options())
    qr = client.event("qr")["url"]
    phone = Phone(surroundings, SoftwareAuthenticator(consent=lambda: False), None, DOMAIN, CEREMONY_SECONDS)
    Task(lambda: phone.serve(qr)).result(CEREMONY_SECONDS)
    client.assert_fails()
    assert phone.answered == [hybrid.STATUS_OPERATION_DENIED]


def test_each_ceremony_has_its_own_qr(workplace, surroundings):
    codes = []
    for _ in range(2):
        client = start_client(workplace, surroundings, "register", creation_options())
        codes.append(hybrid.parse_qr(client.event("qr")["url"]))
        client.end()
    assert codes[0].secret != codes[1].secret
    assert hybrid.uncompressed(codes[0].client_key) != hybrid.uncompressed(codes[1].client_key)


# (c) Misbehaviour


@pytest.mark.parametrize("quirk", hybrid.PC_FATAL)
def test_phone_gives_up(workplace, surroundings, quirk):
    with PC(surroundings, "mc", quirk, CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr)
        with pytest.raises((hybrid.ProtocolError, hybrid.DeliberateStop)):
            register_with_pc(pc)
        # The connection is still open unless the quirk closed it: the phone has to react to the violation itself.
        phone.assert_fails()


@pytest.mark.parametrize("quirk", hybrid.PHONE_FATAL)
def test_client_gives_up(workplace, surroundings, quirk):
    client = start_client(workplace, surroundings, "register", creation_options())
    qr = client.event("qr")["url"]
    phone = Phone(surroundings, SoftwareAuthenticator(), quirk, DOMAIN, SILENCE_SECONDS + 5)
    task = Task(lambda: phone.serve(qr))
    client.assert_fails(SILENCE_SECONDS if quirk == "no-post-handshake" else CEREMONY_SECONDS)
    assert not any(event["event"] == "result" for event in client.events)
    # How the phone's side ends depends on the quirk; that it ends shows that the client closed its connection.
    with contextlib.suppress(hybrid.ProtocolError, hybrid.DeliberateStop, WebSocketException):
        task.result(PROMPT_SECONDS)
    assert_radio_is_empty(workplace)


@pytest.mark.parametrize("qr", ["FIDO:/", "FIDO://", "FIDO:/999", "FIDO:/000", "http://example.com"])
def test_phone_refuses_bad_qr(workplace, surroundings, qr):
    phone = scan(workplace, surroundings, qr)
    phone.assert_fails()


def test_phone_ignores_other_scanners(workplace, surroundings):
    """A scanner with another key hears the advert and can do nothing with it; a dead socket file does no harm and is swept away."""
    stale = hybrid.Scanner(workplace.radio)
    stale._socket.close()
    with PC(surroundings, "mc", timeout=1) as bystander, PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr)
        register_with_pc(pc)
        with pytest.raises(TimeoutError):
            bystander.wait_for_advert()
    phone.assert_succeeds()
    assert not stale.path.exists(), "a socket that nobody listens at would be tried every 100 ms for ever"


@pytest.mark.parametrize("command", ["register", "phone"])
def test_tunnel_of_a_foreign_ca(workplace, surroundings, command):
    other = workplace.directory / "other"
    other.mkdir()
    foreign = Surroundings(surroundings.radio, surroundings.tunnel, TunnelServer(other, DOMAIN).ca)
    if command == "phone":
        with PC(surroundings, "mc") as pc:
            scan(workplace, foreign, pc.qr).assert_fails(CEREMONY_SECONDS)
        return
    client = start_client(workplace, foreign, "register", creation_options())
    qr = client.event("qr")["url"]
    Task(lambda: Phone(surroundings, SoftwareAuthenticator(), None, DOMAIN, 10).serve(qr))
    client.assert_fails(CEREMONY_SECONDS)


def test_phone_without_a_tunnel(workplace, surroundings):
    nowhere = Surroundings(surroundings.radio, ("127.0.0.1", 1), surroundings.tunnel_ca)
    with PC(surroundings, "mc") as pc:
        scan(workplace, nowhere, pc.qr).assert_fails(CEREMONY_SECONDS)


# (d) The gate


def test_gate_denies(workplace, surroundings):
    with PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr, "--gate", "deny")
        with pytest.raises(hybrid.CTAPStatus) as caught:
            register_with_pc(pc)
        assert caught.value.status == hybrid.STATUS_OPERATION_DENIED
        pc.shutdown()
    assert phone.wait() == 1
    responses = [event for event in phone.events if event["event"] == "response"]
    assert [event["status"] for event in responses] == ["0x27"]


def test_gate_delays(workplace, surroundings):
    with PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr, "--gate", "delay:2")
        started = time.monotonic()
        register_with_pc(pc)
        assert time.monotonic() - started >= 2
    phone.assert_succeeds()


# (e) Signals


SIGNALS = [
    pytest.param(signal.SIGINT, INTERRUPT_CODES, id="SIGINT"),
    pytest.param(signal.SIGTERM, TERMINATE_CODES, id="SIGTERM"),
]


@pytest.mark.parametrize("number, codes", SIGNALS)
@pytest.mark.parametrize("command", ["register", "login"])
def test_signal_while_the_client_waits(workplace, surroundings, command, number, codes):
    options = creation_options() if command == "register" else request_options()
    client = start_client(workplace, surroundings, command, options)
    client.event("qr")
    deadline = time.monotonic() + 5
    while not list(workplace.radio.glob("scanner-*.sock")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(workplace.radio.glob("scanner-*.sock")), "the client does not scan"
    assert_ends_by_signal(client, number, codes)
    assert_radio_is_empty(workplace)


@pytest.mark.parametrize("number, codes", SIGNALS)
def test_signal_while_the_phone_advertises(workplace, surroundings, number, codes):
    with PC(surroundings, "mc") as pc:
        phone = scan(workplace, surroundings, pc.qr)
        phone.event("advertising")
        assert_ends_by_signal(phone, number, codes)


@pytest.mark.parametrize("number, codes", SIGNALS)
def test_signal_while_the_user_is_asked(workplace, surroundings, number, codes):
    """The PC must see the connection end at once rather than wait for an answer that never comes."""
    with PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = scan(workplace, surroundings, pc.qr, "--gate", "delay:60")
        task = Task(lambda: register_with_pc(pc))
        phone.event("request")
        assert_ends_by_signal(phone, number, codes)
        with pytest.raises(hybrid.ProtocolError):
            task.result(PROMPT_SECONDS)



# Defaults


def test_commands_find_the_tunnel_by_themselves(workplace):
    """Without options the commands meet in the run directory: $XDG_RUNTIME_DIR/aikagi with tunnel.json and radio/."""
    _, listening = workplace.start_tunnel(DOMAIN)
    radio = workplace.default_run_directory / "radio"
    radio.mkdir(parents=True, exist_ok=True)
    surroundings = Surroundings(radio, listening.tunnel, listening.tunnel_ca)
    with PC(surroundings, "mc", timeout=CEREMONY_SECONDS) as pc:
        phone = workplace.start("phone", "scan", pc.qr, "--memory", "--gate", "approve", "--json")
        register_with_pc(pc)
    phone.assert_succeeds()


def test_two_commands_without_a_python_peer(workplace, surroundings):
    """The tool's own two roles; python-fido2 still judges the result."""
    options = creation_options()
    client = start_client(workplace, surroundings, "register", options)
    phone = scan(workplace, surroundings, client.event("qr")["url"])
    response = client.event("result", CEREMONY_SECONDS)["response"]
    client.assert_succeeds()
    phone.assert_succeeds()
    # The client may replace the statement by "none"; whichever it is has to verify.
    try:
        verify(Verifier(), "registration", options, response)
    except ReportError as error:
        assert "no attestation root" in str(error), error
