"""python-fido2 manages the key that ``aikagi with --key`` shows: PIN, tokens, credentials, fingers, large blobs, settings.

The part that runs beside the key is this file again, with the name of what to exercise.
"""

from __future__ import annotations

import os
import sys

import pytest
from browser_run import Place, reason_to_skip, run_below_keys
from managed_key import NEW_PIN, PIN, RP, Key, refused


def exercise_pin(number: str) -> None:
    key = Key()
    key.protocol(int(number))
    assert key.info.options["clientPin"] is False
    assert key.pin.get_pin_retries()[0] == 8
    refused("PIN_NOT_SET", key.pin.get_pin_token, PIN)
    key.pin.set_pin(PIN)
    assert key.info.options["clientPin"] is True
    refused("PIN_AUTH_INVALID", key.pin.set_pin, PIN)
    refused("PIN_INVALID", key.pin.get_pin_token, "4321")
    refused("PIN_INVALID", key.pin.change_pin, "4321", NEW_PIN)
    assert key.pin.get_pin_retries()[0] == 6
    key.pin.change_pin(PIN, NEW_PIN)
    assert key.pin.get_pin_retries() == (8, None)
    for _ in range(2):
        refused("PIN_INVALID", key.pin.get_pin_token, PIN)
    refused("PIN_AUTH_BLOCKED", key.pin.get_pin_token, PIN)
    assert key.pin.get_pin_retries() == (5, True)
    refused("PIN_AUTH_BLOCKED", key.pin.get_pin_token, NEW_PIN)
    refused("PUAT_REQUIRED", key.make)


def exercise_tokens(number: str) -> None:
    key = Key()
    key.protocol(int(number))
    Permission = key.Permission
    key.pin.set_pin(PIN)
    refused("PUAT_REQUIRED", key.make)
    token = key.token(Permission.MAKE_CREDENTIAL)
    made = key.make(token)
    assert made.auth_data.is_user_verified() and made.auth_data.is_user_present()
    refused("PIN_AUTH_INVALID", key.make, token)
    refused("PIN_AUTH_INVALID", key.log_in, key.token(Permission.MAKE_CREDENTIAL))
    refused("PIN_AUTH_INVALID", key.make, key.token(Permission.GET_ASSERTION))
    assert key.log_in(key.token(Permission.GET_ASSERTION))[0].auth_data.is_user_verified()
    assert not key.log_in()[0].auth_data.is_user_verified()
    # Only the newest token is good for anything, and one of CTAP 2.0 for both commands.
    old = key.token(Permission.GET_ASSERTION)
    new = key.pin.get_pin_token(PIN)
    refused("PIN_AUTH_INVALID", key.log_in, old)
    assert key.log_in(new, options={"up": False})[0].auth_data.is_user_verified()
    key.make(new, b"other")
    refused("PIN_AUTH_INVALID", key.log_in, new)
    refused("UNAUTHORIZED_PERMISSION", key.token, Permission.PERSISTENT_CREDENTIAL_MGMT | Permission.CREDENTIAL_MGMT)


def exercise_verification() -> None:
    key = Key()
    Permission = key.Permission
    assert key.pin.get_uv_retries() == 5
    token = key.pin.get_uv_token(Permission.MAKE_CREDENTIAL, RP["id"])
    made = key.make(token, extensions={"uvm": True})
    assert made.auth_data.is_user_verified()
    assert made.auth_data.extensions["uvm"] == [[2, 1, 1]]
    token = key.pin.get_uv_token(Permission.GET_ASSERTION, RP["id"])
    assert key.log_in(token)[0].user["name"] == "user"
    # Without a token, but by the option of CTAP 2.0.
    assert key.log_in(options={"uv": True})[0].auth_data.is_user_verified()


def exercise_extensions() -> None:
    from fido2.ctap2.extensions import CredProtectExtension

    key = Key()
    Permission = key.Permission
    levels = [level.value for level in CredProtectExtension.POLICY]
    key.pin.set_pin(PIN)
    made = {}
    for level, text in zip((1, 2, 3), levels):
        made[level] = key.make(
            key.token(Permission.MAKE_CREDENTIAL),
            b"user %d" % level,
            extensions={"credProtect": level, "hmac-secret": True, "credBlob": b"blob %d" % level, "largeBlobKey": True},
        )
        assert made[level].auth_data.extensions == {"credProtect": level, "hmac-secret": True, "credBlob": True}, text
        assert len(made[level].large_blob_key) == 32
    refused("INVALID_PARAMETER", key.make, key.token(Permission.MAKE_CREDENTIAL), extensions={"credProtect": 4})
    refused("INVALID_OPTION", key.make, key.token(Permission.MAKE_CREDENTIAL), extensions={"largeBlobKey": False})
    # Who is not verified finds the first alone, and by its ID the second; the third never.
    assert [found.credential["id"] for found in key.log_in()] == [made[1].auth_data.credential_data.credential_id]
    for level, is_found in ((1, True), (2, True), (3, False)):
        allowed = [{"type": "public-key", "id": made[level].auth_data.credential_data.credential_id}]
        if is_found:
            assert key.log_in(allow_list=allowed)[0].credential["id"] == allowed[0]["id"]
        else:
            refused("NO_CREDENTIALS", key.log_in, allow_list=allowed)
    found = key.log_in(
        key.token(Permission.GET_ASSERTION), extensions={"credBlob": True, "largeBlobKey": True, "thirdPartyPayment": True}
    )
    assert [one.auth_data.extensions["credBlob"] for one in found] == [b"blob 3", b"blob 2", b"blob 1"]
    assert [one.large_blob_key for one in found] == [made[level].large_blob_key for level in (3, 2, 1)]
    assert not found[0].auth_data.extensions["thirdPartyPayment"]
    paying = key.make(
        key.token(Permission.MAKE_CREDENTIAL), discoverable=False, extensions={"thirdPartyPayment": True, "credBlob": b"x"}
    )
    # What is not discoverable keeps no blob.
    assert paying.auth_data.extensions == {"credBlob": False}
    allowed = [{"type": "public-key", "id": paying.auth_data.credential_data.credential_id}]
    assert key.log_in(allow_list=allowed, extensions={"thirdPartyPayment": True})[0].auth_data.extensions == {
        "thirdPartyPayment": True
    }
    for algorithm in (-8, -35, -36):
        key.make(key.token(Permission.MAKE_CREDENTIAL), b"alg", algorithm=algorithm)
    refused("UNSUPPORTED_ALGORITHM", key.make, key.token(Permission.MAKE_CREDENTIAL), algorithm=-37)


def exercise_credentials() -> None:
    from fido2.ctap2 import CredentialManagement

    key = Key()
    Permission = key.Permission
    key.pin.set_pin(PIN)

    def manager(permission=Permission.CREDENTIAL_MGMT):
        return CredentialManagement(key.ctap, key.pin.protocol, key.token(permission))

    assert manager().get_metadata()[1] == 0
    assert manager().enumerate_rps() == []
    made = [key.make(key.token(Permission.MAKE_CREDENTIAL), b"user %d" % number) for number in range(3)]
    RP["id"] = "other.example"
    made += [key.make(key.token(Permission.MAKE_CREDENTIAL), b"else")]
    RP["id"] = "example.com"
    metadata = manager().get_metadata()
    assert (metadata[1], metadata[2]) == (4, 996)
    assert key.info.remaining_disc_creds == 996
    parties = manager().enumerate_rps()
    assert [party[3]["id"] for party in parties] == ["example.com", "other.example"]
    credentials = manager().enumerate_creds(parties[0][4])
    assert [one[6]["name"] for one in credentials] == ["user 2", "user 1", "user 0"]
    assert credentials[0][8] == dict(made[2].auth_data.credential_data.public_key)
    management = manager()
    management.update_user_info(credentials[1][7], {"id": b"user 1", "name": "renamed"})
    refused("INVALID_PARAMETER", management.update_user_info, credentials[1][7], {"id": b"foreign", "name": "x"})
    assert manager().enumerate_creds(parties[0][4])[1][6] == {"id": b"user 1", "name": "renamed"}
    management = manager()
    management.delete_cred(credentials[0][7])
    refused("NO_CREDENTIALS", management.delete_cred, credentials[0][7])
    assert len(manager().enumerate_creds(parties[0][4])) == 2
    # Reading alone, by a token that lasts.
    token = key.token(Permission.PERSISTENT_CREDENTIAL_MGMT)
    assert key.token(Permission.PERSISTENT_CREDENTIAL_MGMT) == token
    reader = CredentialManagement(key.ctap, key.pin.protocol, token)
    assert reader.get_metadata()[1] == 3
    refused("PIN_AUTH_INVALID", reader.delete_cred, credentials[1][7])
    info = key.info
    identifier, state = info.get_identifier(token), info.get_cred_store_state(token)
    assert key.info.get_identifier(token) == identifier and key.info.get_cred_store_state(token) == state
    assert key.info.enc_identifier != info.enc_identifier
    manager().delete_cred(credentials[1][7])
    assert key.info.get_identifier(token) == identifier and key.info.get_cred_store_state(token) != state
    key.pin.change_pin(PIN, PIN + "5")
    refused("PIN_AUTH_INVALID", reader.get_metadata)


def exercise_fingers() -> None:
    from fido2.ctap2.bio import FPBioEnrollment

    key = Key()
    assert key.info.options["bioEnroll"] is True
    key.ctap.reset()
    assert key.info.options["bioEnroll"] is False and key.info.options["uv"] is False
    key.pin.set_pin(PIN)
    refused("NOT_ALLOWED", key.pin.get_uv_token, key.Permission.MAKE_CREDENTIAL, RP["id"])

    def sensor():
        return FPBioEnrollment(key.ctap, key.pin.protocol, key.token(key.Permission.BIO_ENROLL))

    assert sensor().get_fingerprint_sensor_info() == {2: 1, 3: 4, 8: 64}
    assert sensor().enumerate_enrollments() == {}
    bio = sensor()
    bio.enroll().capture()
    bio.enroll_cancel()
    for number in range(5):
        enroller = sensor().enroll()
        while not (template := enroller.capture()):
            assert 0 < enroller.remaining < 4
        assert len(sensor().enumerate_enrollments()) == number + 1
    refused("FP_DATABASE_FULL", sensor().enroll().capture)
    assert key.info.options["bioEnroll"] is True and key.info.options["uv"] is True
    sensor().set_name(template, "Daumen")
    assert sensor().enumerate_enrollments()[template] == "Daumen"
    refused("INVALID_LENGTH", sensor().set_name, template, "x" * 65)
    assert key.make(key.pin.get_uv_token(key.Permission.MAKE_CREDENTIAL, RP["id"])).auth_data.is_user_verified()
    for template in sensor().enumerate_enrollments():
        sensor().remove_enrollment(template)
    assert key.info.options["uv"] is False


def exercise_large_blobs() -> None:
    from fido2.ctap2 import LargeBlobs

    key = Key()
    key.pin.set_pin(PIN)

    def writer():
        return LargeBlobs(key.ctap, key.pin.protocol, key.token(key.Permission.LARGE_BLOB_WRITE))

    assert LargeBlobs(key.ctap).read_blob_array() == []
    keys = [os.urandom(32) for _ in range(3)]
    for number, blob_key in enumerate(keys):
        writer().put_blob(blob_key, b"blob %d" % number * 50)
    assert [LargeBlobs(key.ctap).get_blob(blob_key)[:6] for blob_key in keys] == [b"blob 0", b"blob 1", b"blob 2"]
    writer().delete_blob(keys[1])
    assert LargeBlobs(key.ctap).get_blob(keys[1]) is None
    refused("LARGE_BLOB_STORAGE_FULL", writer().put_blob, keys[0], os.urandom(5000))
    refused("PUAT_REQUIRED", LargeBlobs(key.ctap).put_blob, keys[0], b"x")
    assert LargeBlobs(key.ctap).get_blob(keys[2])[:6] == b"blob 2"


def exercise_settings() -> None:
    from fido2.ctap2 import Config

    key = Key()
    Permission = key.Permission
    key.pin.set_pin(PIN)

    def config(pin=PIN):
        return Config(key.ctap, key.pin.protocol, key.token(Permission.AUTHENTICATOR_CFG, pin))

    config().toggle_always_uv()
    info = key.info
    assert info.options["alwaysUv"] and not info.options["makeCredUvNotRqd"] and "U2F_V2" not in info.versions
    assert key.make(discoverable=False).auth_data.is_user_verified()
    config().toggle_always_uv()
    assert not key.info.options["alwaysUv"] and "U2F_V2" in key.info.versions
    config().set_min_pin_length(rp_ids=[RP["id"]])
    made = key.make(
        key.token(Permission.MAKE_CREDENTIAL), extensions={"minPinLength": True, "pinComplexityPolicy": True}
    )
    assert made.auth_data.extensions == {"minPinLength": 4, "pinComplexityPolicy": False}
    config().set_min_pin_length(6)
    assert key.info.min_pin_length == 6 and key.info.force_pin_change
    refused("PIN_POLICY_VIOLATION", key.token, Permission.AUTHENTICATOR_CFG)
    refused("PIN_INVALID", key.pin.get_pin_token, PIN)
    refused("PIN_POLICY_VIOLATION", key.pin.change_pin, PIN, "12345")
    key.pin.change_pin(PIN, "123456")
    assert not key.info.force_pin_change
    refused("PIN_POLICY_VIOLATION", config("123456").set_min_pin_length, 5)
    config("123456").set_min_pin_length(force_change_pin=True)
    refused("PIN_POLICY_VIOLATION", key.pin.change_pin, "123456", "123456")
    key.pin.change_pin("123456", "654312")
    key.ctap.reset()
    assert key.info.min_pin_length == 4 and key.info.options["clientPin"] is False


def exercise_u2f() -> None:
    from fido2.ctap1 import ApduError, Ctap1
    from fido2.utils import sha256

    key = Key()
    u2f = Ctap1(key.device)
    assert u2f.get_version() == "U2F_V2"
    application = sha256(RP["id"].encode())
    challenge = os.urandom(32)
    registration = u2f.register(challenge, application)
    registration.verify(application, challenge)
    signature = u2f.authenticate(challenge, application, registration.key_handle)
    signature.verify(application, challenge, registration.public_key)
    assert u2f.authenticate(challenge, application, registration.key_handle).counter > signature.counter
    for check_only, handle, word in ((True, registration.key_handle, 0x6985), (True, os.urandom(63), 0x6A80)):
        try:
            u2f.authenticate(challenge, application, handle, check_only)
        except ApduError as error:
            assert error.code == word
        else:
            raise AssertionError("a check alone is never signed")
    # CTAP2 takes a handle of U2F, and U2F a credential of CTAP2.
    allowed = [{"type": "public-key", "id": registration.key_handle}]
    assert key.log_in(allow_list=allowed)[0].credential["id"] == registration.key_handle
    made = key.make(discoverable=False)
    data = made.auth_data.credential_data
    answer = u2f.authenticate(challenge, application, data.credential_id)
    answer.verify(application, challenge, b"\x04" + data.public_key[-2] + data.public_key[-3])


EXERCISES = [
    ("pin", "1"),
    ("pin", "2"),
    ("tokens", "1"),
    ("tokens", "2"),
    ("verification",),
    ("extensions",),
    ("credentials",),
    ("fingers",),
    ("large_blobs",),
    ("settings",),
    ("u2f",),
]
#: The exercises that need a key without a fingerprint reader: there the PIN alone protects.
WITHOUT_READER = {"tokens", "extensions"}


@pytest.mark.skipif(reason_to_skip(keys=True) is not None, reason=str(reason_to_skip(keys=True)))
@pytest.mark.parametrize("exercise", EXERCISES, ids="-".join)
@pytest.mark.parametrize("store", ["memory", "file"])
def test_management(exercise, store):
    place = Place()
    try:
        parts = ["name=key"] + (["presence-only"] if exercise[0] in WITHOUT_READER else [])
        if store == "file":
            parts.append(f"store={place.path}/store")
        run = run_below_keys(place, ["--key", ",".join(parts)], __file__, *exercise)
        assert run.returncode == 0, run.stderr
    finally:
        place.close()


@pytest.mark.skipif(reason_to_skip(keys=True) is not None, reason=str(reason_to_skip(keys=True)))
def test_what_a_gate_prints_is_no_result(tmp_path):
    gate = tmp_path / "gate"
    gate.write_text("#!/bin/sh\necho noise\ncat >&2\n")
    gate.chmod(0o700)
    place = Place()
    try:
        run = run_below_keys(place, ["--key", f"gate=exec:{gate}"], __file__, "selection")
        assert (run.returncode, run.stdout) == (0, "chosen\n"), run.stderr
        assert "noise" in run.stderr and '"action":"selection"' in run.stderr
    finally:
        place.close()


def exercise_selection() -> None:
    Key().ctap.selection()
    print("chosen")


if __name__ == "__main__":
    globals()["exercise_" + sys.argv[1]](*sys.argv[2:])
