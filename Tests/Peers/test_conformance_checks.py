"""Checks of docs/conformance.md that are one request each: its numbers, what is asked, and the status of the answer.

The descriptions are ours. Where a check asks for "an error", the status is the one that CTAP 2.3 has for what is wrong
(§6.1.2, §6.2.2, §8.2); where it has none, any but success will do.
"""

from __future__ import annotations

import pytest
from conformance_key import (
    ABSENT, EXCLUDED, INVALID_CBOR, INVALID_OPTION, INVALID_PARAMETER, MISSING, OK, REFUSED, RP_ID, RUN,
    UNEXPECTED_TYPE, UNSUPPORTED_ALGORITHM, allow, get, make, numbers, running,
)

ES256 = {"type": "public-key", "alg": -7}
USER = {"id": b"1", "name": "mina", "displayName": "Mina"}
EP_RP = {"id": "enterprisetest.certinfra.fidoalliance.org", "name": "Test"}


def with_secret(value):
    """A registration with the extension hmac-secret-mc."""
    return make(_6={"hmac-secret": True, "hmac-secret-mc": value})


#: Requests to a key without options. Where one needs a credential that is there, it is a function of that one's ID.
PLAIN = [
    ("43", "registration: as usual", make(), OK),
    ("44", "registration: no hash", make(_1=ABSENT), MISSING),
    ("45", "registration: the hash is text", make(_1="x"), UNEXPECTED_TYPE),
    ("45", "registration: the hash is a number", make(_1=5), UNEXPECTED_TYPE),
    ("46", "registration: no site", make(_2=ABSENT), MISSING),
    ("47", "registration: the site is a list", make(_2=[]), UNEXPECTED_TYPE),
    ("48", "registration: no user", make(_3=ABSENT), MISSING),
    ("49", "registration: the user is text", make(_3="x"), UNEXPECTED_TYPE),
    ("50", "registration: no algorithms", make(_4=ABSENT), MISSING),
    ("51", "registration: the algorithms are a map", make(_4={}), UNEXPECTED_TYPE),
    ("52", "registration: the list of excluded ones is a map", make(_5={}), UNEXPECTED_TYPE),
    ("53", "registration: the extensions are a list", make(_6=[]), UNEXPECTED_TYPE),
    ("54", "registration: the options are a list", make(_7=[]), UNEXPECTED_TYPE),
    ("55", "registration: the site's ID is a number", make(_2={"id": 5, "name": "n"}), UNEXPECTED_TYPE),
    ("55", "registration: the site's ID is bytes", make(_2={"id": b"x", "name": "n"}), UNEXPECTED_TYPE),
    ("56", "registration: the site's name is a number", make(_2={"id": "a", "name": 5}), UNEXPECTED_TYPE),
    ("57", "registration: the user's ID is text", make(_3=USER | {"id": "x"}), UNEXPECTED_TYPE),
    ("58", "registration: the user's name is a number", make(_3=USER | {"name": 5}), UNEXPECTED_TYPE),
    ("59", "registration: the user's display name is a number", make(_3=USER | {"displayName": 5}), UNEXPECTED_TYPE),
    ("60", "registration: text among the algorithms", make(_4=["x"]), UNEXPECTED_TYPE),
    ("61", "registration: an algorithm without type", make(_4=[{"alg": -7}]), INVALID_CBOR),
    ("62", "registration: an algorithm's type is a number", make(_4=[{"alg": -7, "type": 5}]), UNEXPECTED_TYPE),
    ("63", "registration: an algorithm without number", make(_4=[{"type": "public-key"}]), INVALID_CBOR),
    ("64", "registration: an algorithm's number is text", make(_4=[ES256 | {"alg": "x"}]), UNEXPECTED_TYPE),
    ("65", "registration: an unknown algorithm", make(_4=[ES256 | {"alg": -9999}]), UNSUPPORTED_ALGORITHM),
    ("66", "registration: an algorithm of an unknown type", make(_4=[ES256 | {"type": "x"}]), UNSUPPORTED_ALGORITHM),
    ("67", "registration: one of an unknown type excluded", make(_5=[{"type": "x", "id": b"x"}]), OK),
    ("68", "registration: a format is preferred", make(_11=["packed"]), OK),
    ("68", "registration: an unknown format is preferred", make(_11=["x", "packed"]), OK),
    ("69", "registration: no attestation is preferred", make(_11=["none"]), OK),
    # Here the key differs from what the check wants, success: §8.2 has a status for a wrong type.
    ("70", "registration: a number among the preferred formats", make(_11=[5]), UNEXPECTED_TYPE),
    ("70", "registration: text in place of preferred formats", make(_11="x"), UNEXPECTED_TYPE),
    ("71", "registration: text among those excluded", make(_5=["x"]), UNEXPECTED_TYPE),
    ("72", "registration: one without type excluded", make(_5=[{"id": b"x"}]), REFUSED),
    ("73", "registration: the type of one excluded is a number", make(_5=[{"id": b"x", "type": 5}]), UNEXPECTED_TYPE),
    ("74", "registration: one without ID excluded", make(_5=[{"type": "public-key"}]), REFUSED),
    ("75", "registration: the ID of one excluded is text", make(_5=allow("x")), UNEXPECTED_TYPE),
    ("76", "registration: an existing one excluded", lambda id: make(_5=allow(id)), EXCLUDED),
    ("76", "registration: a foreign one excluded", make(_5=allow(bytes(64))), OK),
    ("77", "registration: an unknown option", make(_7={"x": True}), OK),
    ("79", "registration: presence wanted", make(_7={"up": True}), OK),
    ("80", "registration: presence not wanted", make(_7={"up": False}), INVALID_OPTION),
    ("87", "login: as usual", lambda id: get(_3=allow(id)), OK),
    ("88", "login: no site", lambda id: get(_1=ABSENT, _3=allow(id)), MISSING),
    ("89", "login: the site is a number", lambda id: get(_1=5, _3=allow(id)), UNEXPECTED_TYPE),
    ("90", "login: no hash", lambda id: get(_2=ABSENT, _3=allow(id)), MISSING),
    ("91", "login: the hash is a number", lambda id: get(_2=5, _3=allow(id)), UNEXPECTED_TYPE),
    ("91", "login: the hash is text", lambda id: get(_2="x", _3=allow(id)), UNEXPECTED_TYPE),
    ("92", "login: the list is a map", get(_3={}), UNEXPECTED_TYPE),
    ("93", "login: text in the list", get(_3=["x"]), UNEXPECTED_TYPE),
    ("94", "login: an unknown option", lambda id: get(_3=allow(id), _5={"x": True}), OK),
    ("95", "login: presence wanted", lambda id: get(_3=allow(id), _5={"up": True}), OK),
    ("97", "login: one of an unknown type before it", lambda id: get(_3=[{"type": "x", "id": b"1"}] + allow(id)), OK),
    ("98", "login: a number before it in the list", lambda id: get(_3=[5] + allow(id)), UNEXPECTED_TYPE),
    ("99", "login: no type in the list", lambda id: get(_3=[{"id": id}]), REFUSED),
    ("100", "login: a type in the list is a number", lambda id: get(_3=[{"id": id, "type": 5}]), UNEXPECTED_TYPE),
    ("101", "login: no ID in the list", get(_3=[{"type": "public-key"}]), REFUSED),
    ("102", "login: an ID in the list is text", get(_3=allow("x")), UNEXPECTED_TYPE),
    ("120", "enterprise attestation by the vendor, of a key without", make(_2=EP_RP, _10=1), INVALID_PARAMETER),
    ("121", "enterprise attestation by the platform, of a key without", make(_2=EP_RP, _10=2), INVALID_PARAMETER),
    ("128, 134, 140, 146", "hmac-secret: text", make(_6={"hmac-secret": "x"}), UNEXPECTED_TYPE),
    ("128, 134, 140, 146", "hmac-secret: a number", make(_6={"hmac-secret": 5}), UNEXPECTED_TYPE),
    ("128, 134, 140, 146", "hmac-secret: a map", make(_6={"hmac-secret": {}}), UNEXPECTED_TYPE),
    ("153, 160, 167, 174", "hmac-secret-mc: text", with_secret("x"), UNEXPECTED_TYPE),
    ("153, 160, 167, 174", "hmac-secret-mc: a list", with_secret([]), UNEXPECTED_TYPE),
    ("198", "largeBlobKey: false, at registration", make(_6={"largeBlobKey": False}, _7={"rk": True}), INVALID_OPTION),
    ("199", "largeBlobKey: text, at registration", make(_6={"largeBlobKey": "x"}, _7={"rk": True}), UNEXPECTED_TYPE),
    ("200", "largeBlobKey: false, at login", lambda id: get(_3=allow(id), _4={"largeBlobKey": False}), INVALID_OPTION),
    ("201", "largeBlobKey: a number, at login", lambda id: get(_3=allow(id), _4={"largeBlobKey": 5}), UNEXPECTED_TYPE),
]


def blob(value):
    """A login with the extension largeBlob."""
    return lambda id: get(_3=allow(id), _4={"largeBlob": value})


#: Requests to a key with the extension largeBlob.
LARGE_BLOB = [
    ("191", "largeBlob: text, at registration", make(_6={"largeBlob": "x"}), INVALID_CBOR),
    ("191", "largeBlob: a list, at registration", make(_6={"largeBlob": []}), INVALID_CBOR),
    ("191", "largeBlob: nothing in it, at registration", make(_6={"largeBlob": {}}), INVALID_CBOR),
    ("191", "largeBlob: the support is a number", make(_6={"largeBlob": {"support": 5}}), INVALID_CBOR),
    ("192", "largeBlob: text, at login", blob("x"), INVALID_CBOR),
    ("192", "largeBlob: a list, at login", blob([]), INVALID_CBOR),
    ("192", "largeBlob: nothing in it, at login", blob({}), INVALID_CBOR),
    ("193", "largeBlob: to be read and written", blob({"read": True, "write": b"x", "originalSize": 1}), INVALID_CBOR),
    ("194", "largeBlob: what says read is text", blob({"read": "x"}), INVALID_CBOR),
    ("195", "largeBlob: what is written is a number", blob({"write": 5, "originalSize": 1}), INVALID_CBOR),
    ("195", "largeBlob: the size is text", blob({"write": b"x", "originalSize": "x"}), INVALID_CBOR),
]

#: Requests to a key with enterprise attestation that is switched on.
ENTERPRISE = [
    ("118", "enterprise attestation by the platform", make(_2=EP_RP, _10=2), OK),
    ("122", "enterprise attestation: text", make(_2=EP_RP, _10="x"), UNEXPECTED_TYPE),
    ("123", "enterprise attestation: neither of the two", make(_2=EP_RP, _10=3), INVALID_OPTION),
]

TABLES = {
    "plain": ([], PLAIN), "large-blob": (["--large-blob", "extension"], LARGE_BLOB),
    "enterprise": (["--enterprise", EP_RP["id"]], ENTERPRISE),
}
ROWS = [(name, *row) for name, (_, rows) in TABLES.items() for row in rows]
for _, row_numbers, *_ in ROWS:
    RUN.update(numbers(row_numbers))


@pytest.fixture(scope="module")
def keys():
    """The key of each table, and a credential that it has made, once asked for."""
    opened, contexts = {}, []

    def key_of(name: str):
        if name not in opened:
            contexts.append(running(*TABLES[name][0]))
            key = contexts[-1].__enter__()
            if name == "enterprise":
                assert key.configure(1) == OK
            extensions = {"largeBlob": {"support": "required"}} if name == "large-blob" else ABSENT
            opened[name] = key, key.made(_2={"id": RP_ID}, _6=extensions, _7={"rk": True})[0]
        return opened[name]

    yield key_of
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("table", "check", "text", "request_or_builder", "expected"), ROWS, ids=[f"{row[1]} {row[2]}" for row in ROWS])
def test_request(keys, table, check, text, request_or_builder, expected):
    key, credential = keys(table)
    request = request_or_builder(credential) if callable(request_or_builder) else request_or_builder
    status = key.status(request)
    assert status != OK if expected is REFUSED else status == expected, f"{text}: {status:#04x}"
