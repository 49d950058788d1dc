"""Registers a passkey at the portal and logs in with it: Playwright and the system's Chromium.

    aikagi portal --demo --password-file pw --port 8080 &
    aikagi with --key platform -- python3 Examples/playwright_passkey.py http://localhost:8080 --password-file pw

Needs `pip install playwright` and Chromium or Chrome (`apt install chromium`, or --browser PATH), none of Playwright's
own browsers. The account may have no passkey yet. --headed shows the browser, as a phone needs it: Chromium draws its
QR code only on a screen.
"""

import argparse
import os
import pathlib
import shutil
import sys

from playwright.sync_api import Error, Page, TimeoutError, sync_playwright

NAME = "Passkey of Playwright"
COMPLAINT = ".alert, .outcome:not([hidden], .working)"


def click(page: Page, button: str, step: str, meaning: str) -> None:
    """Clicks a button and waits until the portal goes on: to this step of its manual, or with a complaint."""
    before = page.locator("main").get_attribute("data-step")
    page.click(button)
    try:
        page.locator(f"main:not([data-step='{before}']), {COMPLAINT}").first.wait_for()
    except TimeoutError:
        sys.exit(f"no answer at {page.url}: is there a key or a phone that verifies its user?")
    if step not in (page.locator("main").get_attribute("data-step") or "").split():
        words = page.locator(f"h1, {COMPLAINT}").last.inner_text()
        sys.exit(f"instead of step {step}, {page.url} says: {words}")
    print(f"{step:6} {meaning}", flush=True)


def enter_password(page: Page, user: str, password: str, step: str, meaning: str) -> None:
    page.fill("#userID", user)
    page.fill("#password", password)
    click(page, "form[action='/login'] button", step, meaning)


def register_and_log_in(page: Page, url: str, user: str, password: str) -> None:
    page.goto(f"{url}/login")
    enter_password(page, user, password, "2-1.2", "the password is right, and the account has no passkey yet")
    click(page, "button[data-attachment='cross-platform']", "2-1.6", "a passkey is made")
    page.fill("#name", NAME)
    click(page, "form[action='/passkeys/name'] button", "2-1.8", "it has a name")
    click(page, "form[action='/logout'] button", "x.1", "logged out")
    enter_password(page, user, password, "x.2", "the password is right, but not enough any more")
    click(page, "[data-ceremony='authentication'] button", "x.5", "the passkey is right")
    if NAME not in page.locator(".passkeys strong").all_inner_texts():
        sys.exit(f"{page.url} does not list {NAME}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the portal, for example http://localhost:8080")
    parser.add_argument("--user", default="demo")
    parser.add_argument("--password-file", type=pathlib.Path, required=True)
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--headed", action="store_true", help="show the browser")
    parser.add_argument("--timeout", type=float, default=30, help="seconds that one step may take")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if not given.browser:
        sys.exit("no chromium or google-chrome in PATH: install one, or give --browser PATH")
    password = given.password_file.read_text().strip()
    with sync_playwright() as playwright:
        # Chromium's sandbox refuses root.
        browser = playwright.chromium.launch(
            executable_path=given.browser, headless=not given.headed, chromium_sandbox=os.geteuid() != 0
        )
        page = browser.new_page()
        page.set_default_timeout(given.timeout * 1000)
        register_and_log_in(page, given.url, given.user, password)
        browser.close()
    print(f"registered and logged in as {given.user}")


if __name__ == "__main__":
    try:
        main()
    except (Error, OSError) as error:
        sys.exit(str(error).splitlines()[0])
