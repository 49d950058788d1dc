"""A small independent tunnel service, so that the Python peers can be tested without the project's own.

It prints the same "listening" event as `aikagi tunnel --json` and can stand in for it. It pings its clients often and
checks the routing id, because a client that ignores either would still pass against a more lenient service.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import http
import json
import re
import secrets
import signal
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from hybrid_peer import MAXIMUM_MESSAGE, ROUTING_HEADER, SUBPROTOCOL, domain_name

PAIRING_SECONDS = 180


def parse_path(path: str) -> tuple[str, str | None, str] | None:
    """("new", None, tunnel id) or ("connect", routing id, tunnel id), in lower case; None for any other path."""
    if match := re.fullmatch(r"/cable/new/([0-9a-fA-F]{32})", path):
        return "new", None, match[1].lower()
    if match := re.fullmatch(r"/cable/connect/([0-9a-fA-F]{6})/([0-9a-fA-F]{32})", path):
        return "connect", match[1].lower(), match[2].lower()
    return None


def issue_certificate(directory: Path, host: str) -> tuple[Path, Path, Path]:
    """A fresh CA and a server certificate for the host: the CA's, the server's certificate and the server's key files."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def builder(subject: str, issuer: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
        )

    def usage(signs_certificates: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=not signs_certificates,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=signs_certificates,
            crl_sign=signs_certificates,
            encipher_only=False,
            decipher_only=False,
        )

    authority = "Test peers' tunnel CA"
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        builder(authority, authority, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(True), critical=True)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    certificate = (
        builder(host, authority, key.public_key())
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    ca_file, certificate_file, key_file = directory / "tunnel-ca.pem", directory / "tunnel.pem", directory / "tunnel-key.pem"
    ca_file.write_bytes(ca.public_bytes(Encoding.PEM))
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ca_file, certificate_file, key_file


def _future() -> asyncio.Future:
    return asyncio.get_running_loop().create_future()


@dataclass
class Pending:
    """A tunnel opened by an authenticator that waits for its client."""

    routing_id: str
    authenticator: asyncio.Future[ServerConnection] = field(default_factory=_future)
    client: asyncio.Future[ServerConnection] = field(default_factory=_future)


class Relay:
    """The service's state and the WebSocket handlers that use it."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict
        self._pending: dict[str, Pending] = {}

    def process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        parsed = parse_path(request.path)
        if parsed is None:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "no such path\n")
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        if SUBPROTOCOL not in [name.strip() for name in offered.split(",")]:
            return connection.respond(http.HTTPStatus.BAD_REQUEST, "subprotocol missing\n")
        kind, routing_id, tunnel_id = parsed
        if kind == "new":
            if tunnel_id in self._pending:
                return connection.respond(http.HTTPStatus.CONFLICT, "tunnel exists\n")
            tunnel = self._pending[tunnel_id] = Pending(secrets.token_hex(3))
        else:
            found = self._pending.get(tunnel_id)
            if found is None or found.routing_id != routing_id:
                return connection.respond(http.HTTPStatus.NOT_FOUND, "no such tunnel\n")
            # Exactly one client per tunnel.
            tunnel = self._pending.pop(tunnel_id)
        connection.tunnel = (kind, tunnel_id, tunnel)  # type: ignore[attr-defined]
        return None

    def process_response(self, connection: ServerConnection, request: Request, response: Response) -> None:
        if response.status_code == 101:
            kind, _, tunnel = connection.tunnel  # type: ignore[attr-defined]
            if kind == "new":
                response.headers[ROUTING_HEADER] = tunnel.routing_id

    async def handle(self, connection: ServerConnection) -> None:
        kind, tunnel_id, tunnel = connection.tunnel  # type: ignore[attr-defined]
        if kind == "connect":
            tunnel.client.set_result(connection)
            await self._forward(connection, await tunnel.authenticator)
            return
        tunnel.authenticator.set_result(connection)
        try:
            gone = asyncio.ensure_future(connection.wait_closed())
            await asyncio.wait({tunnel.client, gone}, timeout=PAIRING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
        finally:
            if self._pending.get(tunnel_id) is tunnel:
                del self._pending[tunnel_id]
        if tunnel.client.done():
            await self._forward(connection, tunnel.client.result())
        else:
            await connection.close(1008, "nobody came")

    async def _forward(self, source: ServerConnection, sink: ServerConnection) -> None:
        code, reason = 1000, "remote peer cleanly disconnected"
        try:
            async for message in source:
                if self._strict and isinstance(message, str):
                    code, reason = 1003, "text frame"
                    break
                if self._strict and not message:
                    code, reason = 1002, "empty message"
                    break
                await sink.send(message)
        except ConnectionClosed:
            code, reason = 1001, "peer vanished"
        await source.close(code, reason)
        await sink.close(code, reason)


class TunnelServer:
    """The service in a thread of its own; a context manager for tests.

    One that is not strict relays text and empty messages as well: the only way to see what a peer makes of them.
    """

    def __init__(
        self, directory: Path, domain: int = 266, address: str = "127.0.0.1", port: int = 0, strict: bool = True
    ):
        self._strict = strict
        self.domain = domain
        self.address = address
        self.port = port
        self.ca, self._certificate, self._key = issue_certificate(directory, domain_name(domain) or "")
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        relay = Relay(self._strict)
        server: Server = await serve(
            relay.handle,
            self.address,
            self.port,
            ssl=context,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            process_request=relay.process_request,
            process_response=relay.process_response,
            compression=None,
            max_size=MAXIMUM_MESSAGE + 64,
            ping_interval=0.5,
            ping_timeout=20,
            close_timeout=2,
        )
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def __enter__(self) -> TunnelServer:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the tunnel service did not start")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None and self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


def main() -> None:
    parser = argparse.ArgumentParser(description="A tunnel service for tests.")
    parser.add_argument("directory", type=Path, help="where the certificates are written")
    parser.add_argument("--domain", type=int, default=266)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    # Blocked before the service's thread starts, so that only sigwait below receives them.
    ending = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    with TunnelServer(arguments.directory, arguments.domain, arguments.address, arguments.port) as server:
        event = {
            "event": "listening",
            "address": server.address,
            "port": server.port,
            "domain": domain_name(server.domain),
            "domainID": server.domain,
            "ca": str(server.ca),
        }
        print(json.dumps(event), flush=True)
        signal.sigwait(ending)


if __name__ == "__main__":
    main()
