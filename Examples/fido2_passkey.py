"""Registers a passkey at the portal and logs in with it: python-fido2 and the portal's JSON endpoints, no browser.

    aikagi portal --demo --password-file pw --port 8080 &
    aikagi with --key platform -- python3 Examples/fido2_passkey.py http://localhost:8080 --password-file pw

Needs `pip install fido2 requests`. The account may have no passkey yet.
"""

import argparse
import pathlib
import re
import sys
from typing import Any

import requests
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.hid import CtapHidDevice
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, CollectedClientData


class Portal:
    def __init__(self, url: str) -> None:
        self.url, self.web = url, requests.Session()

    def open(self, path: str, step: str, meaning: str, form: dict[str, str] | None = None) -> None:
        """Opens a page, or sends a form with the hidden fields of the page that is due; wants a step of the manual."""
        hidden = dict(re.findall('type="hidden" name="(.*?)" value="(.*?)"', self.web.get(self.url, timeout=30).text))
        method, data = ("GET", None) if form is None else ("POST", hidden | form)
        page = self.web.request(method, self.url + path, data=data, timeout=30).text
        if not re.search(rf'data-step="([^"]* )?{re.escape(step)}[ "]', page):
            words = re.findall('(?:id="message"|<h1)>(.*)</', page) or ["(no page of the portal)"]
            sys.exit(f"instead of step {step}, {self.url}{path} says: {words[-1]}")
        print(f"{step:6} {meaning}", flush=True)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = self.web.post(f"{self.url}/webauthn/{path}", json=body, headers={"Origin": self.url}, timeout=30)
        return reply.json() if reply.ok else sys.exit(f"the portal refuses {path}: {reply.json()['message']}")


def credential_json(data: CollectedClientData, identifier: bytes, **parts: bytes) -> dict[str, Any]:
    name = websafe_encode(identifier)
    response = {key: websafe_encode(value) for key, value in (parts | {"clientDataJSON": data}).items()}
    return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def create(key: Ctap2, origin: str, options: dict[str, Any]) -> dict[str, Any]:
    data = CollectedClientData.create(CollectedClientData.TYPE.CREATE, options["challenge"], origin)
    user, wish = options["user"] | {"id": websafe_decode(options["user"]["id"])}, {"rk": True, "uv": True}
    made = key.make_credential(data.hash, options["rp"], user, options["pubKeyCredParams"], options=wish)
    attestation = AttestationObject.create(made.fmt, made.auth_data, made.att_stmt)
    return credential_json(data, made.auth_data.credential_data.credential_id, attestationObject=attestation)


def get(key: Ctap2, origin: str, options: dict[str, Any]) -> dict[str, Any]:
    data = CollectedClientData.create(CollectedClientData.TYPE.GET, options["challenge"], origin)
    allowed = [{"type": entry["type"], "id": websafe_decode(entry["id"])} for entry in options["allowCredentials"]]
    used = key.get_assertion(options["rpId"], data.hash, allowed, options={"uv": True})
    return credential_json(data, used.credential["id"], authenticatorData=used.auth_data, signature=used.signature)


def register_and_log_in(portal: Portal, key: Ctap2, login: dict[str, str]) -> None:
    portal.open("/login", "2-1.2", "the password is right, and the account has no passkey yet", login)
    made = create(key, portal.url, portal.post("registration/options", {}))
    portal.open(portal.post("registration/verification", made)["next"], "2-1.6", "a passkey is made")
    portal.open("/passkeys/name", "2-1.8", "it has a name", {"name": "Passkey of python-fido2"})
    portal.open("/logout", "x.1", "logged out", {})
    portal.open("/login", "x.2", "the password is right, but not enough any more", login)
    used = get(key, portal.url, portal.post("authentication/options", {}))
    portal.open(portal.post("authentication/verification", used)["next"], "x.5", "the passkey is right")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the portal, for example http://localhost:8080")
    parser.add_argument("--user", default="demo")
    parser.add_argument("--password-file", type=pathlib.Path, required=True)
    given = parser.parse_args()
    device = next(CtapHidDevice.list_devices(), None) or sys.exit("no key is plugged in")
    login = {"userID": given.user, "password": given.password_file.read_text().strip()}
    register_and_log_in(Portal(given.url), Ctap2(device), login)
    print(f"registered and logged in as {given.user}")


if __name__ == "__main__":
    try:
        main()
    except (CtapError, requests.RequestException, OSError) as error:
        sys.exit(str(error).splitlines()[0])
