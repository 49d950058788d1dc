"""The portal's pages in a stock Chromium with its own virtual authenticator: size, width, labels, keyboard, suggestions of
passkeys, what the browser is told, the download for a bug report. With AIKAGI_SCREENSHOTS=DIR each page leaves pictures."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from portal_person import NEW_PASSWORD, Visitor, links_in, maildir_messages, totp, wait_for
from test_portal import BIRTH, INITIAL, USER, add_user, run, start

pytest.importorskip("selenium")
from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="chromium and chromedriver are needed")

#: Elements without a name that a screen reader could say, inputs without a label, and what is wider than the window.
FAULTS = """
const faults = [];
for (const field of document.querySelectorAll("input:not([type=hidden]):not(.unseen)"))
  if (!field.labels.length) faults.push("no label: " + field.name);
for (const control of document.querySelectorAll("a, button"))
  if (!control.textContent.trim()) faults.push("no name: " + control.outerHTML);
const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
for (const id of new Set(ids)) if (ids.filter((other) => other === id).length > 1) faults.push("id twice: " + id);
for (const element of document.querySelectorAll("[aria-describedby], [aria-errormessage]"))
  for (const name of ["aria-describedby", "aria-errormessage"])
    if (element.hasAttribute(name) && !document.getElementById(element.getAttribute(name)))
      faults.push(name + " leads nowhere: " + element.outerHTML);
if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
for (const landmark of ["header", "main"]) if (!document.querySelector(landmark)) faults.push("no " + landmark);
if (document.documentElement.scrollWidth > window.innerWidth)
  faults.push("wider than the window: " + document.documentElement.scrollWidth + " > " + window.innerWidth);
for (const control of document.querySelectorAll("button, .field input"))
  if (control.getBoundingClientRect().height < 44 && control.offsetParent) faults.push("small: " + control.outerHTML);
return faults;
"""


class Chromium:
    def __init__(self, home: Path, language: str):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={home}/{language}",
                         f"--lang={language}", f"--accept-lang={language}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
        self.driver = webdriver.Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(60)
        self.language = language
        self.pictures = os.environ.get("AIKAGI_SCREENSHOTS")

    def command(self, name: str, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def size(self, width: int) -> None:
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=1,
                     mobile=width < 500)

    def look(self, name: str) -> None:
        """Checks the page at the width of a phone and of a PC."""
        for width in (1280, 360):
            self.size(width)
            faults = self.driver.execute_script(FAULTS)
            assert not faults, f"{name} at {width}: {faults}"
            if self.pictures:
                shot = self.command("Page.captureScreenshot", captureBeyondViewport=True, format="png")
                folder = Path(self.pictures)
                folder.mkdir(exist_ok=True, parents=True)
                (folder / f"{name}-{self.language}-{width}.png").write_bytes(base64.b64decode(shot["data"]))
        assert len(self.driver.page_source.encode()) < 50_000, name

    @property
    def path(self) -> str:
        return re.sub(r"^https?://[^/]*", "", self.driver.current_url)

    def arrive(self, path: str) -> None:
        wait_for(lambda: self.path.split("?")[0] == path and self.is_loaded, f"page {path}, but {self.path}: {self.outcome}")

    @property
    def is_loaded(self) -> bool:
        """Whether the page is there, and not one that was left by ``press``."""
        try:
            return self.driver.execute_script("return !window.isLeft && document.readyState === 'complete'")
        except WebDriverException:  # between two pages
            return False

    @property
    def outcome(self) -> str:
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.outcome, #message')].map((one) => one.textContent).join(' ')")

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            field = self.driver.find_element(By.ID, name)
            if field.get_attribute("type") == "date":
                self.driver.execute_script("arguments[0].value = arguments[1]", field, value)
            else:
                field.clear()
                field.send_keys(value)
        self.press("main form button.primary")

    def press(self, selector: str) -> None:
        """Clicks what leads to another page, and waits for that."""
        self.driver.execute_script("window.isLeft = true")
        self.driver.find_element(By.CSS_SELECTOR, selector).click()
        wait_for(lambda: self.is_loaded, f"the page after {selector}")

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


@pytest.fixture(params=["ja", "en"])
def chromium(request, workplace):
    browser = Chromium(workplace.directory, request.param)
    yield browser
    browser.driver.quit()


def test_pages(workplace, chromium):
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data, "--manual")
    driver = chromium.driver

    chromium.command("WebAuthn.enable")
    authenticator = chromium.command("WebAuthn.addVirtualAuthenticator", options={
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "hasPrf": True, "isUserVerified": True, "automaticPresenceSimulation": True})["authenticatorId"]

    # Chapter 1.
    driver.get(origin)
    assert driver.execute_script("return document.documentElement.lang") == chromium.language
    chromium.look("1.1-login")
    chromium.fill(userID=USER, password="wrong password")
    assert driver.find_element(By.ID, "message").get_attribute("role") == "alert"
    chromium.look("1.2-wrong-password")
    # By keyboard alone: the skip link comes first, then on to the form.
    driver.get(origin)
    driver.switch_to.active_element.send_keys(Keys.TAB)
    assert driver.switch_to.active_element.get_attribute("class") == "skip"
    driver.find_element(By.ID, "userID").send_keys(USER, Keys.TAB, INITIAL, Keys.ENTER)
    chromium.arrive("/first-login/date-of-birth")
    chromium.look("1.3-date-of-birth")
    chromium.fill(dateOfBirth=BIRTH)
    chromium.arrive("/first-login/terms")
    chromium.look("1.4-terms")
    chromium.press("button[value=accept]")
    chromium.arrive("/first-login/mail-address")
    chromium.look("1.5-mail-address")
    chromium.fill(mailAddress="hanako@example.jp")
    chromium.arrive("/first-login/mail-confirmation")
    chromium.look("1.6-mail-confirmation")
    chromium.press(".testing a")
    chromium.arrive("/mail")
    chromium.look("mail")
    chromium.press(".mail a")
    chromium.look("1.6-link")
    chromium.press("main form button.primary")
    chromium.look("1.6-confirmed")
    driver.get(origin)
    chromium.arrive("/first-login/method")
    chromium.look("1.8-method")
    driver.find_element(By.ID, "choice-passkey").click()
    chromium.press("main form button.primary")
    chromium.arrive("/first-login/password")
    chromium.look("1.9-password")
    chromium.fill(newPassword=NEW_PASSWORD, repeatedPassword="another one")
    chromium.look("1.9-passwords-differ")
    chromium.fill(newPassword=NEW_PASSWORD, repeatedPassword=NEW_PASSWORD)
    chromium.arrive("/first-login/complete")
    chromium.look("1.10-complete")
    chromium.press("main form button.primary")
    chromium.arrive("/login")

    # Chapter 2-1.
    chromium.fill(userID=USER, password=NEW_PASSWORD)
    chromium.arrive("/passkeys/new")
    chromium.look("2-1.2-set-up")
    chromium.press("button[data-attachment=platform]")
    chromium.arrive("/passkeys/name")
    chromium.look("2-1.6-name")
    chromium.fill(name="自宅のパソコン")
    chromium.arrive("/top")
    chromium.look("2-1.8-top")
    download = wait_for(lambda: [
        link for link in driver.find_elements(By.CSS_SELECTOR, "[data-ceremonies] a") if link.is_displayed()],
        "the download")[0]
    assert download.get_attribute("href").startswith("blob:") and download.get_attribute("download")
    report = {"ceremonies": json.loads(driver.execute_script(
        "return sessionStorage.getItem('webauthn-ceremonies')"))}
    ceremony = report["ceremonies"][-1]
    assert ceremony["kind"] == "registration" and ceremony["answer"] == {"next": "/passkeys/name"}
    assert ceremony["options"]["challenge"] and ceremony["response"]["response"]["attestationObject"]

    # From here on nobody takes a suggestion on the login page.
    chromium.command("WebAuthn.setAutomaticPresenceSimulation", authenticatorId=authenticator, enabled=False)

    # Settings.
    for path in ("/settings", "/settings/method", "/settings/password", "/settings/mail-address", "/settings/passkeys"):
        driver.get(origin + path)
        chromium.look(path.strip("/").replace("/", "-"))
    chromium.press(".menu a")
    assert "PRF" in driver.page_source
    chromium.look("settings-passkey")
    driver.get(driver.current_url + "/removal")
    chromium.look("settings-removal")
    chromium.press("main form button.primary")
    chromium.look("settings-removal-last")
    driver.get(origin + "/one-time-password/set-up")
    chromium.look("b.1-set-up")
    secret = driver.find_element(By.CSS_SELECTOR, "dd.code").text
    chromium.fill(code=totp(secret))
    chromium.arrive("/top")
    chromium.press("footer button")
    chromium.arrive("/login")
    chromium.look("logged-out")
    assert not driver.execute_script("return sessionStorage.getItem('webauthn-ceremonies')")
    chromium.fill(userID=USER, password=NEW_PASSWORD)
    chromium.arrive("/login/one-time-password")
    chromium.look("b.3-code")
    chromium.fill(code="000000")
    chromium.look("b.3-wrong-code")
    driver.get(origin + "/nothing")
    chromium.look("not-found")

    # Nothing was asked for elsewhere, and no page broke a rule of its own policy.
    foreign = [url for url in chromium.requests() if not url.startswith((origin, "data:", "blob:", "chrome:", "about:"))]
    assert not foreign, foreign
    complaints = [entry for entry in driver.get_log("browser") if "Content Security Policy" in entry["message"]]
    assert not complaints, complaints


def test_suggestions_and_signals(workplace):
    """A passkey among the suggestions logs in without a user ID; one that the portal no longer knows is told to the browser."""
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data)
    visitor = Visitor(origin)
    visitor.first_login(USER, INITIAL, BIRTH, "passkey", lambda: links_in(maildir_messages(data / "mail")))
    chromium = Chromium(workplace.directory, "en")
    driver = chromium.driver
    try:
        chromium.command("WebAuthn.enable")
        authenticator = chromium.command("WebAuthn.addVirtualAuthenticator", options={
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True})["authenticatorId"]
        driver.get(origin)
        chromium.fill(userID=USER, password=NEW_PASSWORD)
        chromium.arrive("/passkeys/new")
        chromium.press("button[data-attachment=platform]")
        chromium.arrive("/passkeys/name")
        chromium.fill(name="PC")
        chromium.arrive("/top")
        chromium.press("footer button")
        # The virtual authenticator takes a suggestion at once.
        chromium.arrive("/top")

        # Taken away by the help desk: the browser is told, and forgets the passkey.
        run(workplace, "reset", "--data", str(data), USER, "--symbol", "12345", "--number", "678")
        driver.get(origin)
        wait_for(lambda: "not registered" in chromium.outcome, "the refusal")

        def credentials():
            return chromium.command("WebAuthn.getCredentials", authenticatorId=authenticator)["credentials"]

        wait_for(lambda: not credentials(), "the passkey forgotten")
    finally:
        driver.quit()
