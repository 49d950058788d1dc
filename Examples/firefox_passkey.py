"""Registers a passkey at the portal and logs in with it: Firefox through Marionette, the protocol under geckodriver.

    aikagi portal --demo --password-file pw --port 8080 &
    aikagi with --key platform -- python3 Examples/firefox_passkey.py http://localhost:8080 --password-file pw

Needs `pip install marionette_driver` and Firefox (`apt install firefox-esr`, or --browser PATH); no geckodriver, which
Debian lacks. The account may have no passkey yet. Firefox on Linux speaks to keys, not to phones by QR code.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile

from marionette_driver.by import By
from marionette_driver.errors import MarionetteException, NoSuchElementException
from marionette_driver.marionette import Marionette

NAME = "Passkey of Firefox"
COMPLAINT = ".alert, .outcome:not([hidden], .working)"
# The portal asks which model the key is; Firefox would ask the user whether to tell.
PREFERENCES = {"security.webauthn.always_allow_direct_attestation": True}


def click(browser: Marionette, button: str, step: str, meaning: str) -> None:
    """Clicks a button and waits until the portal goes on: to this step of its manual, or with a complaint."""
    before = browser.find_element(By.TAG_NAME, "main").get_attribute("data-step")
    browser.find_element(By.CSS_SELECTOR, button).click()
    try:
        browser.find_element(By.CSS_SELECTOR, f"main:not([data-step='{before}']), {COMPLAINT}")
    except NoSuchElementException:
        sys.exit(f"no answer at {browser.get_url()}: is there a key that verifies its user?")
    if step not in browser.find_element(By.TAG_NAME, "main").get_attribute("data-step").split():
        words = browser.find_elements(By.CSS_SELECTOR, f"h1, {COMPLAINT}")[-1].text
        sys.exit(f"instead of step {step}, {browser.get_url()} says: {words}")
    print(f"{step:6} {meaning}", flush=True)


def enter_password(browser: Marionette, user: str, password: str, step: str, meaning: str) -> None:
    browser.find_element(By.ID, "userID").send_keys(user)
    browser.find_element(By.ID, "password").send_keys(password)
    click(browser, "form[action='/login'] button", step, meaning)


def register_and_log_in(browser: Marionette, url: str, user: str, password: str) -> None:
    browser.navigate(f"{url}/login")
    enter_password(browser, user, password, "2-1.2", "the password is right, and the account has no passkey yet")
    click(browser, "button[data-attachment='cross-platform']", "2-1.6", "a passkey is made")
    browser.find_element(By.ID, "name").clear()
    browser.find_element(By.ID, "name").send_keys(NAME)
    click(browser, "form[action='/passkeys/name'] button", "2-1.8", "it has a name")
    click(browser, "form[action='/logout'] button", "x.1", "logged out")
    enter_password(browser, user, password, "x.2", "the password is right, but not enough any more")
    click(browser, "[data-ceremony='authentication'] button", "x.5", "the passkey is right")
    if NAME not in [element.text for element in browser.find_elements(By.CSS_SELECTOR, ".passkeys strong")]:
        sys.exit(f"{browser.get_url()} does not list {NAME}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the portal, for example http://localhost:8080")
    parser.add_argument("--user", default="demo")
    parser.add_argument("--password-file", type=pathlib.Path, required=True)
    parser.add_argument("--browser", default=shutil.which("firefox-esr") or shutil.which("firefox"))
    parser.add_argument("--headed", action="store_true", help="show the browser")
    parser.add_argument("--timeout", type=float, default=30, help="seconds that one step may take")
    given = parser.parse_args()
    if not given.browser:
        sys.exit("no firefox-esr or firefox in PATH: install one, or give --browser PATH")
    password = given.password_file.read_text().strip()
    with tempfile.TemporaryDirectory() as folder:
        options = {"app": "fxdesktop", "headless": not given.headed, "prefs": PREFERENCES}
        browser = Marionette(bin=given.browser, port=0, workspace=folder, gecko_log=folder, **options)
        try:
            browser.start_session()
            browser.timeout.implicit = given.timeout
            register_and_log_in(browser, given.url, given.user, password)
        finally:
            browser.cleanup()
    print(f"registered and logged in as {given.user}")


if __name__ == "__main__":
    try:
        main()
    except (MarionetteException, OSError) as error:
        sys.exit(str(error).splitlines()[0])
