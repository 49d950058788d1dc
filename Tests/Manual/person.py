"""A person in front of a browser: reads, types and clicks; each step leaves a picture in the journal."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import Iterator

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from journal import Journal, surroundings
from screen import HEIGHT, WIDTH
from stage import PATIENCE, Stage, wait_for

#: What the portal says when it does not go on: above a page, or beside a ceremony's buttons.
COMPLAINT = ".alert, .outcome:not([hidden], .working)"
PAINTED = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)));"


def start_chromium(stage: Stage, language: str) -> Chrome:
    """A Chromium of the stage, in a window of the size of its pictures, which speaks the language."""
    options = ChromeOptions()
    options.binary_location = stage.browser("chromium")
    options.add_argument(f"--lang={language}")
    options.add_argument("--window-position=0,0")
    options.add_argument(f"--window-size={WIDTH},{HEIGHT}")
    options.add_argument("--no-first-run")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # Chromium's sandbox refuses root
    # Neither offers to keep passwords nor says that it is led by a program: that is not in the manual.
    options.add_experimental_option("excludeSwitches", ["enable-automation"])
    options.add_experimental_option(
        "prefs",
        {
            "intl.accept_languages": language,
            "credentials_enable_service": False,
            "profile.password_manager_enabled": False,
            "profile.password_manager_leak_detection": False,
        },
    )
    environment = stage.place.environment | {"LANGUAGE": language, "LANG": "C.UTF-8"}
    service = ChromeService(shutil.which("chromedriver"), env=environment)
    browser = Chrome(options=options, service=service)
    stage.put_pointer_aside()
    return browser


class Step:
    """A step that is being done."""

    def __init__(self, person: "Person"):
        self._person = person
        self.picture: bytes | None = None
        self.seen = ""

    def look(self, japanese: str = "", english: str = "") -> None:
        """Takes the step's picture; what is seen there is said here, or else read from the page."""
        said = {"ja": japanese, "en": english}[self._person.language]
        self.seen = said or self._person.message()
        self._person.scroll_to_message()
        self._person.wait_until_painted()
        self.picture = self._person.stage.screen.picture()


class Person:
    """Who sits at the browser."""

    def __init__(self, stage: Stage, browser: Chrome, journal: Journal, language: str, journey: str = "manual"):
        self.stage, self.browser, self.journal, self.language = stage, browser, journal, language
        self.journey = journey
        # A driver that sets a field for dates at once, as Marionette does, wants it in this form in every language.
        self.writes_whole_dates = False

    @property
    def url(self) -> str:
        return self.stage.portal.url

    # Steps

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step of the manual. Its picture is the screen at its end, unless it has looked before."""
        with self._entry(self.journey, name, name, None) as step:
            yield step

    @contextlib.contextmanager
    def mishap(self, name: str, step: str, japanese: str, english: str) -> Iterator[Step]:
        """What goes wrong at a step of the manual; the screen at its end must say so. It is told once, of Chromium."""
        if self.journey != "manual":
            yield Step(self)
            return
        with self._entry("mishaps", name, step, (japanese, english)) as entry:
            yield entry

    @contextlib.contextmanager
    def _entry(self, journey: str, name: str, manual_step: str, title: tuple[str, str] | None) -> Iterator[Step]:
        step, began, failure = Step(self), time.monotonic(), None
        try:
            yield step
            if not step.picture:
                step.look()
        except BaseException as error:
            failure = (str(error).splitlines() or [type(error).__name__])[0]
            with contextlib.suppress(Exception):
                step.look()
            raise
        finally:
            self.journal.record(
                journey,
                name,
                self.language,
                step=manual_step,
                title=title,
                seen=step.seen,
                picture=step.picture,
                milliseconds=(time.monotonic() - began) * 1000,
                failure=failure,
            )

    # Reading

    def text(self, selector: str) -> str:
        """What the last of these elements says; nothing where there is none."""
        try:
            found = [element.text for element in self.browser.find_elements(By.CSS_SELECTOR, selector)]
        except WebDriverException:
            return ""
        return " ".join(found[-1].split()) if found else ""

    def message(self) -> str:
        """What the portal complains about, or notes."""
        return self.text(COMPLAINT) or self.text(".notice")

    def steps(self) -> list[str]:
        """Which steps of the manual the page is for."""
        try:
            main = self.browser.find_element(By.CSS_SELECTOR, "main")
            return (main.get_attribute("data-step") or "").split()
        except WebDriverException:
            return []

    def expect(self, step: str) -> None:
        """Waits for the page of a step; that the portal complains ends the wait."""

        def is_there() -> bool:
            if step in self.steps():
                return True
            complaint = self.text(COMPLAINT)
            assert not complaint, f"instead of step {step}, {self.browser.current_url} says: {complaint}"
            return False

        wait_for(is_there, f"step {step}")

    def complaint(self) -> str:
        """Waits until the portal says that something is wrong; what it says."""
        return wait_for(lambda: self.text(COMPLAINT), "no complaint")

    def scroll_to_message(self) -> None:
        """Scrolls until what the portal says is in sight."""
        with contextlib.suppress(WebDriverException):
            for element in self.browser.find_elements(By.CSS_SELECTOR, COMPLAINT)[-1:]:
                self.browser.execute_script("arguments[0].scrollIntoView({block: 'nearest'})", element)

    def wait_until_painted(self) -> None:
        with contextlib.suppress(WebDriverException):
            self.browser.set_script_timeout(PATIENCE)
            self.browser.execute_async_script(PAINTED)

    # Doing

    def open(self, path: str) -> None:
        self.browser.get(path if path.startswith("http") else self.url + path)

    def find(self, selector: str) -> WebElement:
        """The first of these elements, as soon as there is one."""
        return wait_for(lambda: self.browser.find_elements(By.CSS_SELECTOR, selector), f"no {selector}")[0]

    def type(self, field: str, text: str) -> None:
        """Writes into a field, over what is there."""
        element = self.find(f"#{field}")
        element.click()
        element.send_keys(Keys.CONTROL, "a")
        element.send_keys(text)

    def type_date(self, field: str, date: str) -> None:
        """Writes a date (YYYY-MM-DD) as the browser's field for dates takes it: part by part, in the language's order."""
        element = self.find(f"#{field}")
        if element.get_attribute("type") != "date":
            return self.type(field, date)
        if self.writes_whole_dates:
            element.send_keys(date)
            return None
        year, month, day = date.split("-")
        parts = [year, month, day] if self.language == "ja" else [month, day, year]
        # The year has room for six digits, so that it must be left by hand.
        element.send_keys(parts[0], *([Keys.ARROW_RIGHT] if parts[0] == year else []), *parts[1:])
        assert element.get_attribute("value") == date, element.get_attribute("value")

    def click(self, selector: str) -> None:
        self.find(selector).click()

    def submit(self, action: str, button: str = "button") -> None:
        """Clicks the button of a form, and waits for the page after it."""
        before = self.find("html")
        self.click(f"form[action='{action}'] {button}")
        wait_for(lambda: self._is_gone(before), f"{action} is not answered")

    @staticmethod
    def _is_gone(element: WebElement) -> bool:
        try:
            element.is_enabled()
        except WebDriverException:
            return True
        return False

    def log_in(self, user: str, password: str) -> None:
        self.type("userID", user)
        self.type("password", password)
        self.submit("/login")

    def log_out(self) -> None:
        self.submit("/logout")
        self.expect("1.2")


@contextlib.contextmanager
def sitting_at(stage: Stage, journal: Journal, language: str) -> Iterator[Person]:
    """A person in front of a Chromium of the stage."""
    browser = start_chromium(stage, language)
    try:
        for journey in ("manual", "mishaps"):
            journal.surroundings[journey] = surroundings("Chromium " + browser.capabilities["browserVersion"])
        yield Person(stage, browser, journal, language)
    finally:
        browser.quit()
