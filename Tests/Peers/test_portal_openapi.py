"""The portal's /openapi.json before an independent validator: the document itself, and what the portal really answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from hybrid_peer import SoftwareAuthenticator
from portal_person import NEW_PASSWORD, Visitor, links_in, maildir_messages
from portal_visitor import PortalVisitor
from test_portal import BIRTH, INITIAL, USER, add_user, start

pytest.importorskip("openapi_spec_validator")
from openapi_schema_validator import OAS31Validator  # noqa: E402
from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: E402
from referencing import Registry, Resource  # noqa: E402
from referencing.jsonschema import DRAFT202012  # noqa: E402

DOCUMENT = "urn:portal"


class Judge:
    """What the document says about a request's body and its answer."""

    def __init__(self, document: dict):
        self.document = document
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        self.registry = Registry().with_resource(DOCUMENT, resource)
        self.seen: set[tuple[str, str, int]] = set()

    def faults(self, pointer: str, value) -> list[str]:
        validator = OAS31Validator({"$ref": f"{DOCUMENT}#{pointer}"}, registry=self.registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def pointer(self, *names: str) -> str:
        return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)

    def accepts_body(self, path: str, body: bytes) -> bool:
        schema = self.pointer("paths", path, "post", "requestBody", "content", "application/json", "schema")
        return not self.faults(schema, json.loads(body))

    def check(self, method: str, path: str, status: int, kind: str, body: bytes) -> None:
        described = self.document["paths"][path][method]["responses"]
        assert str(status) in described, f"{method} {path} answered {status}: {body[:200]!r}"
        self.seen.add((method, path, status))
        content = described[str(status)].get("content")
        if content is None:
            return
        assert list(content) == [kind], f"{path} {status}: {kind}"
        schema = self.pointer("paths", path, method, "responses", str(status), "content", kind, "schema")
        faults = self.faults(schema, json.loads(body))
        assert not faults, f"{method} {path} {status}: {faults}\n{body[:400]!r}"


class WatchedVisitor(PortalVisitor):
    """A visitor whose JSON exchanges are judged."""

    def __init__(self, origin: str, judge: Judge):
        super().__init__(origin)
        self.judge = judge
        #: What was sent to an endpoint last.
        self.last: tuple[str, bytes] = ("", b"")

    def _request(self, path: str, body: bytes | None, kind: str) -> bytes:
        if not path.startswith("/webauthn/"):
            return super()._request(path, body, kind)
        assert self.judge.accepts_body(path, body or b""), f"{path}: {body!r}"
        self.last = (path, body or b"")
        return self.send(*self.last, {"Content-Type": kind})[1]

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Sends something to an endpoint, whatever the document says about it; the answer is judged."""
        request = urllib.request.Request(self.origin + path, body, headers, method="POST")
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        content = answer.read()
        self.judge.check("post", path, answer.status, answer.headers["Content-Type"], content)
        return answer.status, content


def test_document_and_answers(workplace):
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data, "--related-origin", "https://other.example")
    person = Visitor(origin)
    document = json.loads(person.open("/openapi.json").text)
    OpenAPIV31SpecValidator(document).validate()
    # The judge itself finds what is wrong.
    broken = json.loads(json.dumps(document))
    del broken["paths"]["/webauthn/registration/options"]["post"]["responses"]
    broken["info"].pop("title")
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())

    judge = Judge(document)
    assert judge.faults("/components/schemas/Failure", {"error": "unheard-of", "message": ""})
    assert judge.faults("/components/schemas/Outcome", {})

    # What is told to whoever asks, here and where no origins are related.
    _, plain = start(workplace, workplace.directory / "plain")
    for place in (origin, plain):
        for path in (path for path, item in document["paths"].items() if "get" in item):
            answer = person.session.get(place + path, timeout=60, allow_redirects=False)
            judge.check("get", path, answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

    # The walk: a passkey is made, and logs in after the password and alone.
    person.first_login(USER, INITIAL, BIRTH, "passkey", lambda: links_in(maildir_messages(data / "mail")))
    visitor = WatchedVisitor(origin, judge)
    visitor.open("/login")
    visitor.submit("/login", userID=USER, password=NEW_PASSWORD)
    authenticator = SoftwareAuthenticator()
    visitor.register(authenticator, "platform")
    visitor.submit("/passkeys/name", name="PC")
    again = WatchedVisitor(origin, judge)
    again.open("/login")
    again.submit("/login", userID=USER, password=NEW_PASSWORD)
    again.authenticate(authenticator)
    alone = WatchedVisitor(origin, judge)
    alone.open("/login")
    alone.authenticate(authenticator)

    # What is refused, each with a status that is described.
    kind = {"Content-Type": "application/json"}
    registration, authentication = "/webauthn/registration/options", "/webauthn/authentication/options"
    stranger = WatchedVisitor(origin, judge)
    assert stranger.send(authentication, b"{}", kind)[0] == 401
    stranger.open("/login")
    for path in (registration, "/webauthn/registration/verification"):
        assert stranger.send(path, b"{}", kind)[0] == 401
    for path, body in (
        (registration, {"authenticatorAttachment": "by post"}), (registration, {"hints": ["sms"]}),
        (registration, {"hints": ["hybrid"] * 4}), (authentication, {"mediation": "silent"}),
        ("/webauthn/registration/verification", {}), ("/webauthn/authentication/verification", {"id": "x"}),
    ):
        encoded = json.dumps(body).encode()
        assert not judge.accepts_body(path, encoded)
        assert again.send(path, encoded, kind)[0] == 400, path
    for path in (path for path, item in document["paths"].items() if "post" in item):
        assert again.send(path, b"{}", kind | {"Origin": "https://evil.example"})[0] == 403
        assert again.send(path, b"{}", {"Content-Type": "text/plain"})[0] == 415
        assert again.send(path, b" " * 70_000, kind)[0] == 413
        assert again.send(path, b"{", kind)[0] == 400
    # A response whose challenge is used.
    assert alone.send(*alone.last, kind)[0] == 400
    # Ceremonies are limited before a login.
    crowd = WatchedVisitor(origin, judge)
    crowd.open("/login")
    statuses = {crowd.send(authentication, b"{}", kind)[0] for _ in range(310)}
    assert statuses == {200, 429}

    # Every endpoint was seen to succeed, and nearly every refusal was seen.
    described = {
        (method, path, int(status))
        for path, item in document["paths"].items()
        for method in ("get", "post") if method in item
        for status in item[method]["responses"]}
    missing = {entry for entry in described - judge.seen if entry[2] not in (409, 422, 429, 500, 503)}
    assert not missing, missing
