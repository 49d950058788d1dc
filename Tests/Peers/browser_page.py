"""A web page in a real browser, led from here: which ceremony it starts with which options, and what became of it.

The page asks for its next instruction and reports each outcome; python-fido2 is the relying party that makes the
options and judges the responses. So a test is a row of options.
"""

from __future__ import annotations

import itertools
import json
import queue
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity

#: How long an instruction is waited for by the page before it asks anew, in seconds.
POLL_SECONDS = 20

PAGE = b"""<!doctype html><meta charset=utf-8><title>Aikagi test</title><h1>Test</h1><script>
const post = (report) => fetch('/report', {method: 'POST', body: JSON.stringify(report)});
const now = () => performance.timeOrigin + performance.now();
const running = new Map();
async function ceremony(order) {
  const controller = new AbortController();
  running.set(order.id, controller);
  const report = {id: order.id, began: now()};
  try {
    const parse = order.kind === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON';
    const options = {publicKey: PublicKeyCredential[parse](order.options), signal: controller.signal};
    const credential = await navigator.credentials[order.kind](options);
    report.ended = now();
    report.credential = credential.toJSON();
  } catch (error) {
    report.ended = now();
    report.error = error.name;
    report.message = error.message;
  }
  running.delete(order.id);
  await post(report);
}
(async () => {
  while (!document.hasFocus()) await new Promise((done) => setTimeout(done, 20));
  let capabilities = null;
  try { capabilities = await PublicKeyCredential.getClientCapabilities(); } catch (error) {}
  await post({loaded: navigator.userAgent, capabilities});
  while (true) {
    const order = await (await fetch('/next', {cache: 'no-store'})).json();
    if (order.kind === 'abort') running.get(order.id)?.abort();
    else if (order.kind) ceremony(order);
  }
})();
</script>"""


@dataclass
class Outcome:
    """What the page says about a ceremony: epoch milliseconds, and ``arrived`` by our monotonic clock."""

    kind: str
    began: float
    ended: float
    arrived: float
    credential: dict | None = None
    error: str | None = None
    message: str = ""

    @property
    def milliseconds(self) -> float:
        return self.ended - self.began

    def extension(self, name: str) -> Any:
        return (self.credential or {}).get("clientExtensionResults", {}).get(name)


@dataclass
class Pending:
    """A ceremony that the page has been told to start."""

    page: "Page"
    id: int
    kind: str
    state: dict
    #: Whether the options named credentials that must not be there.
    excluded: bool = False
    report: queue.Queue = field(default_factory=lambda: queue.Queue(1))

    def result(self, timeout: float) -> Outcome:
        """The outcome; successes are verified. Fails when there is none in time."""
        try:
            report = self.report.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"the page's {self.kind} is still pending after {timeout} s") from None
        outcome = Outcome(
            self.kind,
            report["began"],
            report["ended"],
            report["arrived"],
            report.get("credential"),
            report.get("error"),
            report.get("message", ""),
        )
        if outcome.credential:
            self.page.verify(self, outcome.credential)
        return outcome

    def is_pending(self, seconds: float) -> bool:
        """Whether there is no outcome within so many seconds, which this waits for; the outcome is kept."""
        try:
            self.report.put(self.report.get(timeout=seconds))
        except queue.Empty:
            return True
        return False

    def abort(self) -> None:
        """Lets the page's own AbortController end it."""
        self.page.orders.put({"kind": "abort", "id": self.id})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that ends resets its connections."""


class Page:
    """The page's server, and the relying party behind it; one browser at a time."""

    def __init__(self) -> None:
        self.orders: queue.Queue[dict] = queue.Queue()
        self.loaded: queue.Queue[dict] = queue.Queue()
        self.credentials: list = []
        self._pending: dict[int, Pending] = {}
        self._numbers = itertools.count(1)
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.origin = f"http://localhost:{self._server.server_port}"
        self.url = self.origin + "/"
        self._relying_party = Fido2Server(
            PublicKeyCredentialRpEntity(name="Test", id="localhost"), verify_origin=lambda origin: origin == self.origin
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_until_loaded(self, timeout: float) -> dict:
        try:
            return self.loaded.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"the browser has not shown the page within {timeout} s") from None

    # Ceremonies

    def create(self, *, name: str = "user", excluded: list | None = None, **changes: Any) -> Pending:
        """Starts ``navigator.credentials.create()``; fields of the options, and of the selection, by their names."""
        number = next(self._numbers)
        user = PublicKeyCredentialUserEntity(name=name, id=number.to_bytes(8, "big"), display_name=name.title())
        options, state = self._relying_party.register_begin(
            user, excluded, user_verification=changes.pop("userVerification", "preferred")
        )
        options = dict(options["publicKey"])
        selection = dict(options.get("authenticatorSelection") or {})
        selection |= {key: changes.pop(key) for key in ("residentKey", "authenticatorAttachment") if key in changes}
        selection["requireResidentKey"] = selection.get("residentKey") == "required"
        options["authenticatorSelection"] = selection
        pending = self._start("create", number, options | changes, state)
        pending.excluded = bool(excluded)
        return pending

    def get(self, *, allowed: list | None = None, **changes: Any) -> Pending:
        """Starts ``navigator.credentials.get()``."""
        options, state = self._relying_party.authenticate_begin(
            allowed, user_verification=changes.pop("userVerification", "preferred")
        )
        return self._start("get", next(self._numbers), dict(options["publicKey"]) | changes, state)

    def _start(self, kind: str, number: int, options: dict, state: dict) -> Pending:
        pending = self._pending[number] = Pending(self, number, kind, state)
        self.orders.put({"kind": kind, "id": number, "options": options})
        return pending

    def verify(self, pending: Pending, credential: dict) -> None:
        """The steps of the relying party, by python-fido2; a new passkey is kept in ``credentials``."""
        if pending.kind == "create":
            data = self._relying_party.register_complete(pending.state, credential)
            self.credentials.append(data.credential_data)
        else:
            self._relying_party.authenticate_complete(pending.state, self.credentials, credential)

    # The server

    def _report(self, report: dict) -> None:
        report["arrived"] = time.monotonic()
        if "loaded" in report:
            self.loaded.put(report)
        elif (pending := self._pending.pop(report["id"], None)) is not None:
            pending.report.put(report)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        page = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self, body: bytes, kind: str = "application/json", status: int = 200) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if self.path == "/":
                    self._answer(PAGE, "text/html")
                elif self.path == "/next":
                    try:
                        order = page.orders.get(timeout=POLL_SECONDS)
                    except queue.Empty:
                        order = {}
                    try:
                        self._answer(json.dumps(order).encode())
                    except OSError:
                        page.orders.put(order)
                else:
                    self._answer(b"", status=404)

            def do_POST(self) -> None:
                page._report(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self._answer(b"{}")

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
