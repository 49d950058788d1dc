"""Registers a passkey at the portal and logs in with it: Selenium, chromedriver and the system's Chromium.

    aikagi portal --demo --password-file pw --port 8080 &
    aikagi with --key platform -- python3 Examples/selenium_passkey.py http://localhost:8080 --password-file pw

Needs `pip install selenium` and `apt install chromium chromium-driver` (or --browser PATH --driver PATH); nothing is
downloaded. The account may have no passkey yet. --headed shows the browser, as a phone needs it: Chromium draws its QR
code only on a screen.
"""

import argparse
import os
import pathlib
import shutil
import sys

from selenium.common.exceptions import NoSuchElementException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By

NAME = "Passkey of Selenium"
COMPLAINT = ".alert, .outcome:not([hidden], .working)"


def click(browser: Chrome, button: str, step: str, meaning: str) -> None:
    """Clicks a button and waits until the portal goes on: to this step of its manual, or with a complaint."""
    before = browser.find_element(By.TAG_NAME, "main").get_attribute("data-step")
    browser.find_element(By.CSS_SELECTOR, button).click()
    try:
        browser.find_element(By.CSS_SELECTOR, f"main:not([data-step='{before}']), {COMPLAINT}")
    except NoSuchElementException:
        sys.exit(f"no answer at {browser.current_url}: is there a key or a phone that verifies its user?")
    if step not in (browser.find_element(By.TAG_NAME, "main").get_attribute("data-step") or "").split():
        words = browser.find_elements(By.CSS_SELECTOR, f"h1, {COMPLAINT}")[-1].text
        sys.exit(f"instead of step {step}, {browser.current_url} says: {words}")
    print(f"{step:6} {meaning}", flush=True)


def enter_password(browser: Chrome, user: str, password: str, step: str, meaning: str) -> None:
    browser.find_element(By.ID, "userID").send_keys(user)
    browser.find_element(By.ID, "password").send_keys(password)
    click(browser, "form[action='/login'] button", step, meaning)


def register_and_log_in(browser: Chrome, url: str, user: str, password: str) -> None:
    browser.get(f"{url}/login")
    enter_password(browser, user, password, "2-1.2", "the password is right, and the account has no passkey yet")
    click(browser, "button[data-attachment='cross-platform']", "2-1.6", "a passkey is made")
    browser.find_element(By.ID, "name").clear()
    browser.find_element(By.ID, "name").send_keys(NAME)
    click(browser, "form[action='/passkeys/name'] button", "2-1.8", "it has a name")
    click(browser, "form[action='/logout'] button", "x.1", "logged out")
    enter_password(browser, user, password, "x.2", "the password is right, but not enough any more")
    click(browser, "[data-ceremony='authentication'] button", "x.5", "the passkey is right")
    if NAME not in [element.text for element in browser.find_elements(By.CSS_SELECTOR, ".passkeys strong")]:
        sys.exit(f"{browser.current_url} does not list {NAME}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the portal, for example http://localhost:8080")
    parser.add_argument("--user", default="demo")
    parser.add_argument("--password-file", type=pathlib.Path, required=True)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    parser.add_argument("--driver", default=shutil.which("chromedriver"))
    parser.add_argument("--headed", action="store_true", help="show the browser")
    parser.add_argument("--timeout", type=float, default=30, help="seconds that one step may take")
    given = parser.parse_args()
    if not given.browser or not given.driver:
        sys.exit("chromium and chromedriver are not both in PATH: install them, or give --browser PATH --driver PATH")
    password = given.password_file.read_text().strip()
    options = ChromeOptions()
    options.binary_location = given.browser
    if not given.headed:
        options.add_argument("--headless")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's sandbox refuses root
    with Chrome(options=options, service=ChromeService(given.driver)) as browser:
        browser.implicitly_wait(given.timeout)
        register_and_log_in(browser, given.url, given.user, password)
    print(f"registered and logged in as {given.user}")


if __name__ == "__main__":
    try:
        main()
    except (WebDriverException, OSError) as error:
        sys.exit(str(error).splitlines()[0])
