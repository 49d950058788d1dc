"""A stock Chromium, headless, that looks at the portal's pages: width, labels, contrast, size, where the Tab key leads.

With AIKAGI_SCREENSHOTS=DIR each page leaves pictures.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from portal_person import wait_for
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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
// A phone zooms out when something is too wide, and its window seems wider then: the width is what was asked for.
if (document.documentElement.scrollWidth > arguments[0])
  faults.push("wider than the window: " + document.documentElement.scrollWidth + " > " + arguments[0]);
for (const control of document.querySelectorAll("button, .field input"))
  if (control.getBoundingClientRect().height < 44 && control.offsetParent) faults.push("small: " + control.outerHTML);
return faults;
"""

#: What axe-core finds, with all its rules.
AXE = """
const done = arguments[0];
axe.run(document, {resultTypes: ["violations"]}).then((results) => done(results.violations.map((violation) =>
  violation.id + ": " + violation.nodes.map((node) => node.html + " " + node.failureSummary).join(" | "))),
  (error) => done(["axe: " + error]));
"""

#: Where the Tab key should lead, in this order: what can be used, and of radio buttons the chosen one or the first.
STOPS = """
const usable = [...document.querySelectorAll("a[href], button, input, [tabindex='0']")].filter((element) =>
  element.type !== "hidden" && !element.disabled && element.tabIndex >= 0 && element.checkVisibility());
window.stops = usable.filter((element) => {
  if (element.type !== "radio") return true;
  const group = usable.filter((other) => other.type === "radio" && other.name === element.name);
  return element === (group.find((other) => other.checked) || group[0]);
});
document.body.tabIndex = -1;
document.body.focus();
document.body.removeAttribute("tabindex");
return window.stops.length;
"""

#: Which of them has the focus, and whether one sees it there.
FOCUS = """
const element = document.activeElement, style = getComputedStyle(element);
const box = element.getBoundingClientRect();
return [window.stops.indexOf(element), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
  && box.width > 0 && box.right > 0 && box.left < window.innerWidth && box.bottom > 0 && box.top < window.innerHeight,
  element.outerHTML.slice(0, 200)];
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
        self.driver.set_script_timeout(60)
        self.language = language
        self.pictures = os.environ.get("AIKAGI_SCREENSHOTS")

    def command(self, name: str, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def add_authenticator(self, **options) -> str:
        """A virtual platform authenticator that approves everything at once; its identifier."""
        self.command("WebAuthn.enable")
        return self.command("WebAuthn.addVirtualAuthenticator", options={
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True} | options)["authenticatorId"]

    def size(self, width: int, scheme: str = "light") -> None:
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=740, deviceScaleFactor=1,
                     mobile=width < 500)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def look(self, name: str) -> None:
        """Checks the page at the width of a PC and, at night, of a phone."""
        for width, scheme in ((1280, "light"), (360, "dark")):
            self.size(width, scheme)
            faults = self.driver.execute_script(FAULTS, width)
            if not self.driver.execute_script("return 'axe' in window"):
                self.driver.execute_script(AXE_SCRIPT)
            faults += self.driver.execute_async_script(AXE)
            assert not faults, f"{name} at {width}: {faults}"
            if self.pictures:
                shot = self.command("Page.captureScreenshot", captureBeyondViewport=True, format="png")
                folder = Path(self.pictures)
                folder.mkdir(exist_ok=True, parents=True)
                (folder / f"{name}-{self.language}-{width}.png").write_bytes(base64.b64decode(shot["data"]))
        assert len(self.driver.page_source.encode()) < 50_000, name

    def tab_through(self, name: str) -> None:
        """Goes through the page with the Tab key: everything in its order, each with a focus that one sees."""
        count = self.driver.execute_script(STOPS)
        reached: list[int] = []
        # A field for a date has several stops of its own.
        for _ in range(count * 5):
            self.keys(Keys.TAB)
            index, is_seen, element = self.driver.execute_script(FOCUS)
            if index < 0:
                break
            assert is_seen, f"{name}: no visible focus on {element}"
            if not reached or reached[-1] != index:
                reached.append(index)
            if index == count - 1:
                break
        assert reached == list(range(count)), f"{name}: the Tab key leads to {reached} of {count}"

    def keys(self, *keys: str) -> None:
        """Presses keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, selector: str) -> None:
        """Presses Tab until the focus is on an element."""
        for _ in range(40):
            self.keys(Keys.TAB)
            if self.driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
                return
        raise AssertionError(f"the Tab key does not lead to {selector} on {self.path}")

    def leave_by(self, *keys: str) -> None:
        """Presses keys that lead to another page, and waits for that."""
        self.driver.execute_script("window.isLeft = true")
        self.keys(*keys)
        wait_for(lambda: self.is_loaded, f"the page after {keys} on {self.path}")

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
