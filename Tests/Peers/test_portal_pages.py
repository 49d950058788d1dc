"""The portal's pages in a stock Chromium with its own virtual authenticator: size, width, labels, contrast, axe-core's rules,
keyboard, suggestions of passkeys, what the browser is told, the download for a bug report. With AIKAGI_SCREENSHOTS=DIR each page
leaves pictures."""

from __future__ import annotations

import json
import shutil

import pytest
from portal_person import NEW_PASSWORD, Visitor, links_in, maildir_messages, totp, wait_for
from test_portal import BIRTH, INITIAL, USER, add_user, run, start

pytest.importorskip("selenium")
pytest.importorskip("axe_playwright_python")
from portal_browser import Chromium  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

pytestmark = pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")), reason="chromium and chromedriver are needed")


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

    authenticator = chromium.add_authenticator(hasPrf=True)

    # Chapter 1.
    driver.get(origin)
    assert driver.execute_script("return document.documentElement.lang") == chromium.language
    chromium.look("1.1-login")
    chromium.fill(userID=USER, password="wrong password")
    assert driver.find_element(By.ID, "message").get_attribute("role") == "alert"
    chromium.look("1.2-wrong-password")
    # The other language keeps what was typed and what was wrong; a fresh look has neither.
    texts = set()
    for _ in range(2):
        chromium.press("a.language")
        assert chromium.path.startswith("/login?lang=")
        assert driver.find_element(By.ID, "userID").get_attribute("value") == USER
        assert not driver.find_element(By.ID, "password").get_attribute("value")
        texts.add(driver.find_element(By.ID, "message").text)
    assert len(texts) == 2
    chromium.press(".links a")
    chromium.arrive("/help")
    chromium.look("help")
    chromium.tab_through("help")
    chromium.press(".links a")
    chromium.arrive("/login")
    assert not driver.find_element(By.ID, "userID").get_attribute("value")
    assert not driver.find_elements(By.ID, "message")
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
    chromium.look("settings-removal-last")
    assert "last way to log in" in driver.page_source or "最後のパスキー" in driver.page_source
    assert not driver.find_elements(By.CSS_SELECTOR, "main form")
    driver.get(origin + "/one-time-password/set-up")
    chromium.look("b.1-set-up")
    secret = driver.find_element(By.CSS_SELECTOR, "dd.code").text
    chromium.fill(code=totp(secret))
    chromium.arrive("/top")
    chromium.press("footer button")
    chromium.arrive("/login")
    assert driver.find_element(By.ID, "message").get_attribute("role") == "status"
    chromium.look("logged-out")
    driver.refresh()
    assert not driver.find_elements(By.ID, "message")
    kept = json.loads(driver.execute_script("return sessionStorage.getItem('webauthn-ceremonies')"))
    assert [entry["kind"] for entry in kept] == ["registration"] and kept[0]["response"] == ceremony["response"]
    assert set(kept[0]["options"]["user"]) == {"id"}
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
        authenticator = chromium.add_authenticator()
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


def test_keyboard_alone(workplace):
    """Chapter 1, a passkey and the settings without a mouse: each page in the order of the Tab key, with a focus that one sees."""
    data = workplace.directory / "data"
    add_user(workplace, data)
    _, origin = start(workplace, data)
    chromium = Chromium(workplace.directory, "en")
    driver = chromium.driver
    try:
        chromium.size(1280)
        authenticator = chromium.add_authenticator()
        driver.get(origin)
        chromium.tab_through("login")
        # From the skip link straight into the page.
        driver.get(origin)
        chromium.tab_to(".skip")
        chromium.keys(Keys.ENTER)
        chromium.keys(Keys.TAB, USER, Keys.TAB, INITIAL)
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/first-login/date-of-birth")
        chromium.tab_through("date of birth")
        driver.refresh()
        chromium.tab_to("#dateOfBirth")
        chromium.keys("01311990")
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/first-login/terms")
        chromium.tab_through("terms")
        driver.refresh()
        chromium.tab_to("button[value=accept]")
        chromium.leave_by(Keys.SPACE)
        chromium.arrive("/first-login/mail-address")
        chromium.tab_through("mail address")
        driver.refresh()
        chromium.tab_to("#mailAddress")
        chromium.keys("hanako@example.jp")
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/first-login/mail-confirmation")
        chromium.tab_through("mail confirmation")
        driver.get(links_in(maildir_messages(data / "mail"))[-1])
        chromium.tab_through("link")
        driver.refresh()
        chromium.tab_to("button.primary")
        chromium.leave_by(Keys.ENTER)
        chromium.tab_through("link opened")
        driver.get(origin)
        chromium.tab_through("method")
        driver.refresh()
        # Nothing is chosen yet: the Space key takes the first, the arrows go on.
        chromium.tab_to("input[type=radio]")
        chromium.keys(Keys.SPACE, Keys.ARROW_DOWN, Keys.ARROW_UP)
        assert driver.execute_script("return document.activeElement.value") == "passkey"
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/first-login/password")
        chromium.tab_through("password")
        driver.refresh()
        chromium.tab_to("#newPassword")
        chromium.keys("short", Keys.TAB, "short")
        chromium.leave_by(Keys.ENTER)
        # What is wrong has the focus at once.
        assert driver.execute_script("return document.activeElement.id") == "newPassword"
        chromium.keys(NEW_PASSWORD, Keys.TAB, NEW_PASSWORD)
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/first-login/complete")
        chromium.tab_through("complete")
        driver.refresh()
        chromium.tab_to("button.primary")
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/login")
        chromium.tab_to("#userID")
        chromium.keys(USER, Keys.TAB, NEW_PASSWORD)
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/passkeys/new")
        chromium.tab_through("set-up")
        driver.refresh()
        chromium.tab_to("button[data-attachment=platform]")
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/passkeys/name")
        chromium.tab_through("name")
        driver.refresh()
        chromium.tab_to("#name")
        chromium.keys(" 1")
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/top")
        chromium.command("WebAuthn.setAutomaticPresenceSimulation", authenticatorId=authenticator, enabled=False)
        for path in (
            "/top", "/settings", "/settings/method", "/settings/password", "/settings/mail-address",
            "/settings/passkeys", "/one-time-password/set-up", "/mail", "/nothing",
        ):
            driver.get(origin + path)
            chromium.tab_through(path)
        driver.get(origin + "/settings/passkeys")
        chromium.tab_to(".menu a")
        chromium.leave_by(Keys.ENTER)
        chromium.tab_through("passkey")
        driver.refresh()
        chromium.tab_to("a[href$=removal]")
        chromium.leave_by(Keys.ENTER)
        chromium.tab_through("removal")
        driver.refresh()
        chromium.tab_to("footer button")
        chromium.leave_by(Keys.ENTER)
        chromium.arrive("/login")
    finally:
        driver.quit()


def test_long_texts(workplace):
    """What people may type at its longest, without a blank to break at, on a phone: nothing is wider than the screen."""
    data = workplace.directory / "data"
    user, label = "W" * 64, "W" * 63
    mail = "m" * 64 + "@" + ".".join([label, label, label[:50], "example"])
    _, origin = start(workplace, data, "--manual")
    run(workplace, "add", "--data", str(data), user, "--name", "龍" * 66, "--date-of-birth", BIRTH,
        "--symbol", "12345", "--number", "678")
    chromium = Chromium(workplace.directory, "en")
    driver = chromium.driver

    def look(name: str, path: str | None = None) -> None:
        for language in ("ja", "en"):
            chromium.language = language
            driver.get((origin + path if path else driver.current_url.split("?")[0]) + f"?lang={language}")
            chromium.look(f"long-{name}")

    try:
        chromium.add_authenticator()
        driver.get(origin)
        chromium.fill(userID=user, password="wrong")
        chromium.look("long-login")
        chromium.fill(userID=user, password=INITIAL)
        chromium.fill(dateOfBirth=BIRTH)
        chromium.press("button[value=accept]")
        chromium.fill(mailAddress=mail)
        chromium.arrive("/first-login/mail-confirmation")
        look("confirmation")
        look("mail", "/mail")
        driver.get(links_in(maildir_messages(data / "mail"))[-1])
        chromium.press("main form button.primary")
        driver.get(origin)
        driver.find_element(By.ID, "choice-passkey").click()
        chromium.press("main form button.primary")
        chromium.fill(newPassword=NEW_PASSWORD, repeatedPassword=NEW_PASSWORD)
        chromium.press("main form button.primary")
        chromium.fill(userID=user, password=NEW_PASSWORD)
        chromium.arrive("/passkeys/new")
        chromium.press("button[data-attachment=platform]")
        chromium.arrive("/passkeys/name")
        chromium.fill(name="W" * 64)
        chromium.arrive("/top")
        for path in ("/top", "/settings", "/settings/mail-address", "/settings/passkeys", "/one-time-password/set-up"):
            look(path.strip("/").replace("/", "-"), path)
        driver.get(origin + "/settings/mail-address")
        chromium.fill(mailAddress="n" + mail[1:])
        look("pending")
        driver.get(origin + "/settings/passkeys")
        chromium.press(".menu a")
        look("passkey")
        driver.get(driver.current_url.split("?")[0] + "/removal")
        look("removal")
    finally:
        driver.quit()
