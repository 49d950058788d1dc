#!/usr/bin/python3
"""Debian's aiosmtpd as a mail server that writes what it takes into a folder, one file a message.

Runs with the system's Python, which has the package: smtp_server.py FOLDER [CERTIFICATE KEY NAME PASSWORD]. With a
certificate it insists on STARTTLS and a login. Prints the port.
"""

import pathlib
import ssl
import sys
import threading

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Folder:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.count = 0

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        header = f"From {envelope.mail_from} for {' '.join(envelope.rcpt_tos)} {'TLS' if session.ssl else 'plain'}\n"
        temporary = self.path / "incoming"
        temporary.write_bytes(header.encode() + envelope.original_content)
        temporary.rename(self.path / f"{self.count:03}.mail")
        return "250 taken"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return f"550 no such user {address}"
        envelope.rcpt_tos.append(address)
        return "250 fine"


def main() -> None:
    folder, *secure = sys.argv[1:]
    settings = {}
    if secure:
        certificate, key, name, password = secure
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)

        def authenticate(server, session, envelope, mechanism, data):
            # Not "handled": the server itself answers a refusal.
            is_right = (data.login, data.password) == (name.encode(), password.encode())
            return AuthResult(success=is_right, handled=False)

        settings = {
            "tls_context": context, "require_starttls": True, "authenticator": authenticate, "auth_required": True}
    controller = Controller(Folder(folder), hostname="127.0.0.1", port=0, **settings)
    # The controller connects to its own port when it starts: it has to know it.
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    print(controller.port, flush=True)
    threading.Event().wait()


main()
