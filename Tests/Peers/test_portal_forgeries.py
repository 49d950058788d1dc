"""Answers to the portal's ceremonies that a forger makes, over HTTP: each is refused with the documented error, changes
nothing, and logs nobody in. What is unusual but right is accepted."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import requests
from aikagi_process import Workplace
from ceremonies import AT, BE, BS, ED, ES256, RS256, UP, UV, new_key
from fido2.utils import websafe_decode, websafe_encode
from portal_passkey import Client, Passkey, person
from portal_person import NEW_PASSWORD, Visitor

# The errors of /openapi.json.
EXPIRED, MALFORMED, NOT_VERIFIED, UNKNOWN = "ceremony-expired", "malformed", "not-verified", "credential-unknown"
STATUS = {
    EXPIRED: 400, MALFORMED: 400, NOT_VERIFIED: 422, UNKNOWN: 422, "too-large": 413, "already-registered": 409,
    "login-required": 401, "cross-origin": 403, "not-json": 415}


def put(name, value):
    return lambda members: members.__setitem__(name, value)


def drop(name):
    return lambda members: members.__delitem__(name)


def inside(name, value):
    """A change of the member `response`."""
    return lambda body: body["response"].__setitem__(name, value)


def deep(count):
    return lambda text: text[:-1] + ', "x": ' + "[" * count + "]" * count + "}"


def as_text(name, value):
    """A change of the text: a member of the outer object that comes once more."""
    return lambda text: text[:-1] + f', "{name}": {value}}}'


BOM = b"\xef\xbb\xbf"
LONG = bytes(1024)

# Of client data, in both ceremonies.
CLIENT_DATA = {
    "client data of no kind": (NOT_VERIFIED, dict(client_data=put("type", "webauthn.GET"))),
    "type is a list": (NOT_VERIFIED, dict(client_data=put("type", ["webauthn.get", "webauthn.create"]))),
    "type with NUL": (NOT_VERIFIED, dict(client_data=put("type", "webauthn.get\0"))),
    "cross-origin": (NOT_VERIFIED, dict(client_data=put("crossOrigin", True))),
    "cross-origin as text": (NOT_VERIFIED, dict(client_data=put("crossOrigin", "true"))),
    "cross-origin as number": (NOT_VERIFIED, dict(client_data=put("crossOrigin", 1))),
    "top origin": (NOT_VERIFIED, dict(client_data=put("topOrigin", "https://evil.example"))),
    "cross-origin, its own top": (
        NOT_VERIFIED, dict(client_data=lambda c: c.update(crossOrigin=True, topOrigin=c["origin"]))),
    "origin null": (NOT_VERIFIED, dict(client_data=put("origin", "null"))),
    "origin in capitals": (NOT_VERIFIED, dict(client_data=lambda c: put("origin", c["origin"].upper())(c))),
    "origin with a dot": (
        NOT_VERIFIED, dict(client_data=lambda c: put("origin", c["origin"].replace("localhost", "localhost."))(c))),
    "origin with a user": (
        NOT_VERIFIED, dict(client_data=lambda c: put("origin", c["origin"].replace("//", "//x@"))(c))),
    "origin by address": (
        NOT_VERIFIED, dict(client_data=lambda c: put("origin", c["origin"].replace("localhost", "127.0.0.1"))(c))),
    "origin of an app": (NOT_VERIFIED, dict(client_data=put("origin", "android:apk-key-hash:AAAA"))),
    "origin as a list": (NOT_VERIFIED, dict(client_data=lambda c: put("origin", [c["origin"]])(c))),
    "challenge nobody issued": (EXPIRED, dict(client_data=put("challenge", websafe_encode(bytes(32))))),
    "challenge of no bytes": (EXPIRED, dict(client_data=put("challenge", ""))),
    "challenge cut off": (EXPIRED, dict(client_data=lambda c: put("challenge", c["challenge"][:-3])(c))),
    "challenge twice as long": (EXPIRED, dict(client_data=lambda c: put("challenge", c["challenge"] + "AAAA")(c))),
    "challenge as number": (NOT_VERIFIED, dict(client_data=put("challenge", 7))),
    "challenge with padding": (NOT_VERIFIED, dict(client_data=lambda c: put("challenge", c["challenge"] + "=")(c))),
    "no origin": (NOT_VERIFIED, dict(client_data=drop("origin"))),
    "client data in a list": (NOT_VERIFIED, dict(client_bytes=lambda data: b"[" + data + b"]")),
    "client data twice": (NOT_VERIFIED, dict(client_bytes=lambda data: data + data)),
    "client data in UTF-16": (NOT_VERIFIED, dict(client_bytes=lambda data: data.decode().encode("utf-16"))),
    "client data with a NUL after it": (NOT_VERIFIED, dict(client_bytes=lambda data: data + b"\0")),
    "client data with a comment": (NOT_VERIFIED, dict(client_bytes=lambda data: b"/**/" + data)),
    "client data that nests": (
        NOT_VERIFIED, dict(client_bytes=lambda data: data[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}")),
    # Whichever of the two would count.
    "type twice": (NOT_VERIFIED, dict(client_bytes=lambda data: data[:-1] + b',"type":"webauthn.other"}')),
    "origin twice": (NOT_VERIFIED, dict(client_bytes=lambda data: data[:-1] + b',"origin":"https://evil.example"}')),
    "challenge twice": (NOT_VERIFIED, dict(client_bytes=lambda data: data.replace(
        b'{', b'{"challenge":"' + websafe_encode(bytes(32)).encode() + b'",', 1))),
    "type twice, once disguised": (
        NOT_VERIFIED, dict(client_bytes=lambda data: data[:-1] + b',"\\u0074ype":"webauthn.other"}')),
    "cross-origin twice": (NOT_VERIFIED, dict(client_bytes=lambda data: data[:-1] + b',"crossOrigin":true}')),
}

# Of the body, in both ceremonies.
BODIES = {
    "id is not rawId": (NOT_VERIFIED, dict(body=put("id", websafe_encode(bytes(32))))),
    "id is padded": (MALFORMED, dict(body=lambda b: put("id", b["id"] + "=")(b))),
    "rawId in the other alphabet": (MALFORMED, dict(body=put("rawId", "++//"))),
    "rawId is a number": (MALFORMED, dict(body=put("rawId", -1))),
    "type of another credential": (NOT_VERIFIED, dict(body=put("type", "password"))),
    "type is null": (MALFORMED, dict(body=put("type", None))),
    "no id": (MALFORMED, dict(body=drop("id"))),
    "no response": (MALFORMED, dict(body=drop("response"))),
    "response is null": (MALFORMED, dict(body=put("response", None))),
    "response is a list": (MALFORMED, dict(body=put("response", []))),
    "client data as it is": (MALFORMED, dict(body=inside("clientDataJSON", "{}"))),
    "client data of no bytes": (NOT_VERIFIED, dict(body=inside("clientDataJSON", ""))),
    "client data is an object": (MALFORMED, dict(body=inside("clientDataJSON", {}))),
    "extension results are a list": (MALFORMED, dict(body=put("clientExtensionResults", []))),
    "a number beyond all": (MALFORMED, dict(text=as_text("rawId", "1e999"))),
    "id twice": (MALFORMED, dict(text=as_text("id", '"AAAA"'))),
    "a byte order mark and UTF-16": (MALFORMED, dict(text=lambda text: text.encode("utf-16"))),
    "UTF-32": (MALFORMED, dict(text=lambda text: text.encode("utf-32"))),
    "not UTF-8": (MALFORMED, dict(text=lambda text: text.encode()[:-1] + b',"x":"\xff"}')),
    "a NUL": (MALFORMED, dict(text=lambda text: text + "\0")),
    "a tail": (MALFORMED, dict(text=lambda text: text + "{}")),
    "half of it": (MALFORMED, dict(text=lambda text: text[: len(text) // 2])),
    "nothing": (MALFORMED, dict(text=lambda text: "")),
    "null": (MALFORMED, dict(text=lambda text: "null")),
    "a list": (MALFORMED, dict(text=lambda text: f"[{text}]")),
    "nested deeply": (MALFORMED, dict(text=deep(20_000))),
    "a form": (MALFORMED, dict(text=lambda text: "id=1&rawId=1")),
    "too large": ("too-large", dict(body=put("x", "x" * 70_000))),
}

LOGINS = {
    **CLIENT_DATA, **BODIES,
    "client data of a registration": (NOT_VERIFIED, dict(client_data=put("type", "webauthn.create"))),
    "user not verified": (NOT_VERIFIED, dict(flags=UP)),
    "user not present": (NOT_VERIFIED, dict(flags=UV)),
    "eligible for backup all at once": (NOT_VERIFIED, dict(flags=UP | UV | BE)),
    "backed up all at once": (NOT_VERIFIED, dict(flags=UP | UV | BE | BS)),
    "backed up and not eligible": (NOT_VERIFIED, dict(flags=UP | UV | BS)),
    "a credential announced": (NOT_VERIFIED, dict(flags=UP | UV | AT)),
    "extensions announced": (NOT_VERIFIED, dict(flags=UP | UV | ED)),
    "the counter again": (NOT_VERIFIED, dict(counter=1)),
    "the counter rolled back": (NOT_VERIFIED, dict(counter=0)),
    "another RP ID": (NOT_VERIFIED, dict(rp_id="evil.example")),
    "RP ID in capitals": (NOT_VERIFIED, dict(rp_id="LOCALHOST")),
    "authenticator data with a tail": (NOT_VERIFIED, dict(data=lambda data: data + b"\0")),
    "authenticator data cut off": (NOT_VERIFIED, dict(data=lambda data: data[:-1])),
    "authenticator data of no bytes": (NOT_VERIFIED, dict(data=lambda data: b"")),
    "UV set after it was signed": (
        NOT_VERIFIED, dict(flags=UP, body=lambda b: inside("authenticatorData", websafe_encode(
            (lambda d: d[:32] + bytes([d[32] | UV]) + d[33:])(websafe_decode(b["response"]["authenticatorData"]))))(b))),
    "counter raised after it was signed": (
        NOT_VERIFIED, dict(body=lambda b: inside("authenticatorData", websafe_encode(
            websafe_decode(b["response"]["authenticatorData"])[:33] + b"\0\0\xff\xff"))(b))),
    "client data changed after it was signed": (
        NOT_VERIFIED, dict(body=lambda b: inside("clientDataJSON", websafe_encode(
            websafe_decode(b["response"]["clientDataJSON"]) + b" "))(b))),
    "another key": (NOT_VERIFIED, dict(signed_by=new_key(ES256))),
    "signature of no bytes": (NOT_VERIFIED, dict(signature=lambda data: b"")),
    "signature of zeros": (NOT_VERIFIED, dict(signature=lambda data: bytes.fromhex("3006020100020100"))),
    "signature with a tail": (NOT_VERIFIED, dict(signature=lambda data: data + b"\0")),
    "signature not as DER has it": (
        NOT_VERIFIED, dict(signature=lambda data: b"\x30\x81" + data[1:])),
    "signature is null": (MALFORMED, dict(body=inside("signature", None))),
    "a credential that nobody has": (UNKNOWN, dict(identifier=bytes(32))),
    "a credential without ID": (UNKNOWN, dict(identifier=b"")),
    "a credential ID of 1024 bytes": (UNKNOWN, dict(identifier=LONG)),
    "a user handle that nobody has": (NOT_VERIFIED, dict(user=bytes(32))),
    "a user handle of no bytes": (NOT_VERIFIED, dict(user=b"\0")),
    "no user handle": (NOT_VERIFIED, dict(body=lambda b: b["response"].__delitem__("userHandle"))),
    "user handle is null": (NOT_VERIFIED, dict(body=inside("userHandle", None))),
    "signature missing": (MALFORMED, dict(body=lambda b: b["response"].__delitem__("signature"))),
}

REGISTRATIONS = {
    **CLIENT_DATA, **BODIES,
    "client data of an authentication": (NOT_VERIFIED, dict(client_data=put("type", "webauthn.get"))),
    "user not verified": (NOT_VERIFIED, dict(flags=UP | AT)),
    "user not present": (NOT_VERIFIED, dict(flags=UV | AT)),
    "no credential announced": (NOT_VERIFIED, dict(flags=UP | UV)),
    "no credential": (NOT_VERIFIED, dict(flags=UP | UV, data=lambda data: data[:37])),
    "backed up and not eligible": (NOT_VERIFIED, dict(flags=UP | UV | AT | BS)),
    "extensions announced": (NOT_VERIFIED, dict(flags=UP | UV | AT | ED)),
    "another RP ID": (NOT_VERIFIED, dict(rp_id="evil.example")),
    "rawId of another credential": (
        NOT_VERIFIED, dict(body=lambda b: b.update(id=websafe_encode(bytes(32)), rawId=websafe_encode(bytes(32))))),
    "a credential without ID": (NOT_VERIFIED, dict(identifier=b"")),
    "a credential ID of 1024 bytes": (NOT_VERIFIED, dict(identifier=LONG)),
    "a key off the curve": (NOT_VERIFIED, dict(cose=put(-2, bytes(32)))),
    "a key of another curve": (NOT_VERIFIED, dict(cose=put(-1, 8))),
    "a key of an algorithm that was not asked for": (NOT_VERIFIED, dict(cose=put(3, -65535))),
    "a key with a private part": (NOT_VERIFIED, dict(cose=put(-4, bytes(32)))),
    "an RSA key of 512 bits": (
        NOT_VERIFIED, dict(cose=lambda key: {1: 3, 3: RS256, -1: b"\xff" * 64, -2: b"\1\0\1"})),
    "an RSA key with exponent 1": (
        NOT_VERIFIED, dict(cose=lambda key: {1: 3, 3: RS256, -1: b"\xff" * 256, -2: b"\1"})),
    "a statement of none": (NOT_VERIFIED, dict(attestation=put("attStmt", {"sig": b"1"}))),
    "self attestation by nobody": (
        NOT_VERIFIED, dict(attestation=lambda a: a.update(fmt="packed", attStmt={"alg": ES256, "sig": b"0"}))),
    "a format that nobody knows": (NOT_VERIFIED, dict(attestation=put("fmt", "evil"))),
    "an attestation with a tail": (NOT_VERIFIED, dict(attestation_bytes=lambda data: data + b"\0")),
    "an attestation that is a list": (NOT_VERIFIED, dict(attestation_bytes=lambda data: b"\x81" + data)),
    "an attestation that nests": (NOT_VERIFIED, dict(attestation_bytes=lambda data: b"\x81" * 10_000 + data)),
    "an attestation longer than memory": (
        NOT_VERIFIED, dict(attestation_bytes=lambda data: b"\x5b\x7f" + b"\xff" * 7)),
    "transports that are numbers": (MALFORMED, dict(body=inside("transports", [1]))),
    "transports without end": (NOT_VERIFIED, dict(body=inside("transports", [f"t{i}" for i in range(1000)]))),
    "a transport as long as a book": (NOT_VERIFIED, dict(body=inside("transports", ["x" * 5000]))),
}

# Unusual, and right: what is not known is ignored (§5.8.1), a byte order mark skipped (§7.2 step 8).
ACCEPTED = {
    "unknown members of client data": dict(client_data=lambda c: c.update(
        tokenBinding={"status": "supported"}, other_keys_can_be_added_here="do not compare")),
    "client data in another order": dict(client_data=lambda c: dict(reversed(c.items()))),
    "client data with white space": dict(client_bytes=lambda data: b" " + data.replace(b",", b" ,\n") + b" "),
    "client data with a byte order mark": dict(client_bytes=lambda data: BOM + data),
    "client data with escapes": dict(client_bytes=lambda data: data.replace(b"webauthn", b"\\u0077ebauthn")),
    "client data without cross-origin": dict(client_data=drop("crossOrigin")),
    "unknown members of the body": dict(body=put("unknown", {"deep": [[[]]]})),
    "extension results nobody asked for": dict(body=put("clientExtensionResults", {"appid": True, "x": [1e300, -1, None]})),
    "a counter that leaps": dict(counter=1_000),
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """A portal, and two accounts with a passkey each."""
    binary = os.environ.get("AIKAGI")
    if not binary:
        pytest.skip("AIKAGI (the path of the command-line tool) is not set")
    place = Workplace(binary, tmp_path_factory.mktemp("forgeries"))
    try:
        data = place.directory / "data"
        process = place.start("portal", "--data", str(data), "--json")
        origin = process.event("listening", timeout=60)["url"]
        people = {}
        for user, number in (("hanako", "678"), ("taro", "679")):
            visitor = person(binary, data, origin, user, number)
            client, passkey = Client(origin, visitor.session), Passkey(origin)
            answer = client.verify("registration", passkey.make(client.options("registration")))
            assert answer.status_code == 200, answer.text
            visitor.submit("/passkeys/name", {"name": user, "credential": websafe_encode(passkey.identifier)})
            people[user] = SimpleNamespace(passkey=passkey, client=client)
        yield SimpleNamespace(origin=origin, process=process, **people)
        assert process.stderr.count("internal") == 0, process.stderr
    finally:
        place.end()


def stranger(portal) -> Client:
    """Somebody who has opened the login page."""
    client = Client(portal.origin)
    client.session.get(portal.origin + "/login", timeout=60)
    return client


def assert_refused(answer: requests.Response, error: str, name: str) -> None:
    assert answer.status_code == STATUS[error], (name, answer.status_code, answer.text)
    body = answer.json()
    assert body["error"] == error and len(body["message"]) > 5, (name, answer.text)


def assert_logs_in(portal, client: Client, **changes) -> None:
    answer = client.verify("authentication", portal.hanako.passkey.use(client.options("authentication"), **changes))
    assert answer.status_code == 200 and answer.json() == {"next": "/top"}, (changes, answer.text)
    assert client.is_logged_in()


def test_forged_logins(portal):
    passkey = portal.hanako.passkey
    assert_logs_in(portal, stranger(portal))
    present = passkey.counter
    wrong = []
    for name, (error, change) in LOGINS.items():
        client = stranger(portal)
        # Counters that would do if the rest did.
        counters = {} if "counter" in change else {"counter": present + 1000}
        if change.get("counter") == 1:
            counters, change = {}, {"counter": present}
        answer = client.verify("authentication", passkey.use(client.options("authentication"), **counters, **change))
        try:
            assert_refused(answer, error, name)
            assert not client.is_logged_in(), name
        except AssertionError as failure:
            wrong.append(str(failure).splitlines()[0])
    assert wrong == [], "\n".join(wrong)
    # None of them moved the counter.
    passkey.counter = present
    assert_logs_in(portal, stranger(portal))


def test_forged_registrations(portal):
    client = portal.hanako.client
    listed = client.session.get(portal.origin + "/settings/passkeys", timeout=60).text.count('href="/settings/passkeys/')
    wrong = []
    for name, (error, change) in REGISTRATIONS.items():
        answer = client.verify("registration", Passkey(portal.origin).make(client.options("registration"), **change))
        try:
            assert_refused(answer, error, name)
        except AssertionError as failure:
            wrong.append(str(failure).splitlines()[0])
    assert wrong == [], "\n".join(wrong)
    page = client.session.get(portal.origin + "/settings/passkeys", timeout=60)
    assert page.status_code == 200 and page.text.count('href="/settings/passkeys/') == listed


@pytest.mark.parametrize("change", ACCEPTED.values(), ids=ACCEPTED)
def test_unusual_and_right(portal, change):
    if "counter" in change:
        change = {"counter": portal.hanako.passkey.counter + change["counter"]}
        portal.hanako.passkey.counter = change["counter"]
    assert_logs_in(portal, stranger(portal), **change)


def test_somebody_elses(portal):
    hanako, taro = portal.hanako.passkey, portal.taro.passkey
    forged = [
        # Her credential, his signature; his credential, her name; both named as hers, signed by his key.
        (NOT_VERIFIED, lambda o: taro.use(o, identifier=hanako.identifier, user=hanako.user, counter=9_000)),
        (NOT_VERIFIED, lambda o: taro.use(o, user=hanako.user, counter=9_000)),
        (NOT_VERIFIED, lambda o: hanako.use(o, user=taro.user, counter=9_000)),
        (NOT_VERIFIED, lambda o: hanako.use(o, identifier=taro.identifier, user=taro.user, counter=9_000)),
    ]
    for error, forge in forged:
        client = stranger(portal)
        assert_refused(client.verify("authentication", forge(client.options("authentication"))), error, "somebody else's")
        assert not client.is_logged_in()
    # After his password, her passkey does not do, though she names herself.
    visitor = Visitor(portal.origin)
    assert "x.2" in visitor.log_in("taro", NEW_PASSWORD).steps
    client = Client(portal.origin, visitor.session)
    options = client.options("authentication")
    assert [entry["id"] for entry in options["allowCredentials"]] == [websafe_encode(taro.identifier)]
    assert_refused(client.verify("authentication", hanako.use(options, counter=9_000)), NOT_VERIFIED, "hers")
    assert not client.is_logged_in()
    # Nobody registers what is registered: neither her own again, nor his under her name.
    client = portal.hanako.client
    for identifier in (hanako.identifier, taro.identifier):
        answer = client.verify(
            "registration", Passkey(portal.origin, identifier=identifier).make(client.options("registration")))
        assert_refused(answer, "already-registered", "registered")


def test_challenges(portal):
    passkey = portal.hanako.passkey
    client, other = stranger(portal), stranger(portal)
    # Two tabs of one visit: each challenge is good once, whichever is answered first.
    first, second = client.options("authentication"), client.options("authentication")
    answered = passkey.use(second)
    assert client.verify("authentication", answered).status_code == 200
    assert_refused(client.verify("authentication", answered), EXPIRED, "again")
    # The visit has another secret since the login: what was begun before it is over.
    assert_refused(client.verify("authentication", passkey.use(first)), EXPIRED, "the other tab")
    # Of another visit, and of nobody who is known.
    options = client.options("authentication")
    assert_refused(other.verify("authentication", passkey.use(options)), EXPIRED, "another visit")
    assert_refused(Client(portal.origin).verify("authentication", passkey.use(options)), EXPIRED, "no visit")
    assert client.verify("authentication", passkey.use(options)).status_code == 200
    # A refused answer has used its challenge, too.
    options = other.options("authentication")
    assert_refused(other.verify("authentication", passkey.use(options, flags=UP)), NOT_VERIFIED, "user not verified")
    assert_refused(other.verify("authentication", passkey.use(options)), EXPIRED, "after a refusal")
    # Of the other ceremony.
    client = portal.hanako.client
    made = client.options("registration")
    used = {"challenge": made["challenge"], "rpId": made["rp"]["id"]}
    assert_refused(client.verify("authentication", passkey.use(used)), NOT_VERIFIED, "of a registration")
    options = client.options("authentication")
    forged = {"challenge": options["challenge"], "rp": {"id": options["rpId"]}, "user": {"id": websafe_encode(passkey.user)}}
    answer = client.verify("registration", Passkey(portal.origin).make(forged))
    assert_refused(answer, NOT_VERIFIED, "of an authentication")


def test_one_answer_many_times_at_once(portal):
    client = stranger(portal)
    body = portal.hanako.passkey.use(client.options("authentication"))
    cookies = dict(client.session.cookies)

    def send(_) -> int:
        copy = Client(portal.origin)
        copy.session.cookies.update(cookies)
        return copy.verify("authentication", body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [200] + [400] * 7


def test_from_elsewhere(portal):
    client = stranger(portal)
    body = portal.hanako.passkey.use(client.options("authentication"), counter=9_000)
    path = "/webauthn/authentication/verification"
    for origin in ("null", "https://evil.example", portal.origin + "/", portal.origin.replace("localhost", "127.0.0.1")):
        assert_refused(client.post(path, body, Origin=origin), "cross-origin", origin)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonp"):
        assert_refused(client.post(path, body, **{"Content-Type": kind}), "not-json", kind)
    assert_refused(client.post("/webauthn/registration/options", "{}"), "login-required", "registration")
    assert client.session.get(portal.origin + path, timeout=60).status_code == 405
    for wishes in ("", "[]", "null", '{"hints": ["house"]}', '{"hints": 1}', '{"mediation": "silent"}'):
        assert_refused(client.post("/webauthn/authentication/options", wishes), MALFORMED, wishes)
    assert not client.is_logged_in()
