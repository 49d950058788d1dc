"""The same checks of a tunnel service for the Python one and, when AIKAGI is set, for `aikagi tunnel`."""

from __future__ import annotations

import secrets
import signal
import socket

import pytest
from websockets.exceptions import InvalidStatus

import hybrid_peer as hybrid
from aikagi_process import INTERRUPT_CODES, PROMPT_SECONDS, TERMINATE_CODES, assert_ends_by_signal
from conftest import Task, register_with_pc
from hybrid_peer import PC, Phone, SoftwareAuthenticator, Surroundings, Tunnel
from tunnel_server import TunnelServer

DOMAIN = 266


@pytest.fixture(params=["python", "aikagi"])
def service(request, short_directory):
    if request.param == "aikagi":
        yield request.getfixturevalue("workplace").start_tunnel(DOMAIN)[1]
        return
    radio = short_directory / "radio"
    radio.mkdir()
    with TunnelServer(short_directory, DOMAIN) as server:
        yield Surroundings(radio, (server.address, server.port), server.ca)


def open_new(service: Surroundings) -> tuple[Tunnel, str]:
    """An authenticator's tunnel and the path on which a client joins it."""
    identifier = secrets.token_hex(16)
    phone = Tunnel(service, DOMAIN, f"/cable/new/{identifier}")
    return phone, f"/cable/connect/{phone.routing_id.hex()}/{identifier}"


def refusal(service: Surroundings, path: str, **options) -> int:
    """The HTTP status with which a connection is refused."""
    with pytest.raises(InvalidStatus) as caught:
        Tunnel(service, DOMAIN, path, **options)
    return caught.value.response.status_code


def test_carries_the_python_peers(service):
    with PC(service, "mc") as pc:
        phone = Phone(service, SoftwareAuthenticator(), domain=DOMAIN)
        task = Task(lambda: phone.serve(pc.qr))
        register_with_pc(pc)
        task.result(PROMPT_SECONDS)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/cable/new/",
        "/cable/new/C0FFEE",
        "/cable/new/not_hex_digits_here_but_32_chars",
        "/cable/connect/C0/68656C6C6F2C20776562617574686E21",
        "/cable/connect/C0FFEE/68656C6C6F2C20776562617574686E21/",
        "/cable/connect/C0FFEE/68656C6C6F2C20776562617574686E21/1234",
        "/../cable/new/68656C6C6F2C20776562617574686E21",
    ],
)
def test_refuses_paths(service, path):
    assert refusal(service, path) in (400, 404)


def test_refuses_an_unknown_tunnel(service):
    assert refusal(service, "/cable/connect/C0FFEE/68656C6C6F2C20776562617574686E21") == 404


@pytest.mark.parametrize("subprotocol", [None, "fido.other"])
def test_requires_the_subprotocol(service, subprotocol):
    assert refusal(service, f"/cable/new/{secrets.token_hex(16)}", subprotocol=subprotocol) == 400


def test_refuses_a_second_authenticator(service):
    phone, path = open_new(service)
    assert refusal(service, f"/cable/new/{path[-32:].upper()}") == 409
    phone.close()


def test_admits_one_client(service):
    phone, path = open_new(service)
    client = Tunnel(service, DOMAIN, "/cable/connect/" + path.removeprefix("/cable/connect/").upper())
    assert refusal(service, path) == 404
    for size in (1, 125, 126, 65535, 65536, hybrid.MAXIMUM_MESSAGE):
        message = secrets.token_bytes(size)
        client.send(message, fragmented=size > 20)
        assert phone.receive(10) == message
        phone.send(message)
        assert client.receive(10) == message
    client.close()
    phone.close()


@pytest.mark.parametrize("first", ["client", "phone"])
def test_closes_with_either_side(service, first):
    phone, path = open_new(service)
    client = Tunnel(service, DOMAIN, path)
    leaving, staying = (client, phone) if first == "client" else (phone, client)
    leaving.close()
    with pytest.raises(hybrid.PeerClosed):
        staying.receive(PROMPT_SECONDS)


def test_forgets_an_authenticator_that_left(service):
    phone, path = open_new(service)
    phone.close()
    assert refusal(service, path) == 404


@pytest.mark.parametrize("violation", ["text", "empty"])
def test_refuses_messages(service, violation):
    phone, path = open_new(service)
    client = Tunnel(service, DOMAIN, path)
    if violation == "text":
        client.send_text("text")
    else:
        client.send(b"")
    for end in (client, phone):
        with pytest.raises(hybrid.PeerClosed):
            end.receive(PROMPT_SECONDS)


def test_survives_a_connection_that_says_nothing(service):
    with socket.create_connection(service.tunnel, timeout=5):
        phone, _ = open_new(service)
        phone.close()


@pytest.mark.parametrize(
    "number, codes",
    [
        pytest.param(signal.SIGINT, INTERRUPT_CODES, id="SIGINT"),
        pytest.param(signal.SIGTERM, TERMINATE_CODES, id="SIGTERM"),
    ],
)
def test_aikagi_tunnel_ends_by_signal(workplace, number, codes):
    """A service stopped by a signal may call that success. Its connections end and the next command cannot find it."""
    process, service = workplace.start_tunnel(DOMAIN)
    held, _ = open_new(service)
    assert_ends_by_signal(process, number, (0, *codes))
    with pytest.raises(hybrid.PeerClosed):
        held.receive(PROMPT_SECONDS)
    assert not (workplace.default_run_directory / "tunnel.json").exists()
