"""Firefox through Marionette, the protocol under geckodriver (which Debian lacks), with the part of Selenium's face that a person uses."""

from __future__ import annotations

import gc
from typing import Any, Callable

from marionette_driver.errors import MarionetteException
from marionette_driver.marionette import Marionette, WebElement
from selenium.common.exceptions import WebDriverException

from screen import HEIGHT, WIDTH
from stage import PATIENCE, Stage

#: Nothing that is not in the manual, and no question whether the portal may know which model the key is.
PREFERENCES = {
    "security.webauthn.always_allow_direct_attestation": True,
    "signon.rememberSignons": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.tabs.firefox-view": False,
    "ui.caretBlinkTime": 0,
}


def _translated(call: Callable[..., Any], *arguments: Any) -> Any:
    """Marionette's failures as Selenium's."""
    try:
        return call(*arguments)
    except MarionetteException as error:
        raise WebDriverException(str(error)) from error


class Element:
    """An element of the page."""

    def __init__(self, element: WebElement):
        self._element = element

    @property
    def text(self) -> str:
        return _translated(lambda: self._element.text)

    def get_attribute(self, name: str) -> str | None:
        # Selenium means the value that a field has now.
        if name == "value":
            return _translated(self._element.get_property, name)
        return _translated(self._element.get_attribute, name)

    def is_enabled(self) -> bool:
        return _translated(self._element.is_enabled)

    def click(self) -> None:
        _translated(self._element.click)

    def send_keys(self, *keys: str) -> None:
        _translated(self._element.send_keys, *keys)


class Firefox:
    """A Firefox of the stage, in a window of the size of its pictures."""

    def __init__(self, stage: Stage, language: str):
        workspace = stage.place.path / "firefox"
        workspace.mkdir(exist_ok=True)
        self._marionette = Marionette(
            app="fxdesktop",
            bin=stage.browser("firefox-esr"),
            port=0,
            workspace=str(workspace),
            gecko_log=str(workspace),
            headless=False,
            prefs=PREFERENCES | {"intl.accept_languages": language, "intl.locale.requested": language},
            startup_timeout=PATIENCE,
        )
        try:
            self._marionette.start_session()
            self._marionette.timeout.script = PATIENCE
            self._marionette.timeout.implicit = 0
            self._marionette.set_window_rect(x=0, y=0, width=WIDTH, height=HEIGHT)
            stage.put_pointer_aside()
        except BaseException:
            self.quit()
            raise
        self.capabilities = {"browserVersion": self._marionette.session_capabilities["browserVersion"]}
        self.switch_to = self

    @property
    def current_url(self) -> str:
        return _translated(self._marionette.get_url)

    @property
    def current_window_handle(self) -> str:
        return _translated(lambda: self._marionette.current_window_handle)

    def get(self, url: str) -> None:
        _translated(self._marionette.navigate, url)

    def refresh(self) -> None:
        _translated(self._marionette.refresh)

    def find_elements(self, by: str, selector: str) -> list[Element]:
        return [Element(found) for found in _translated(self._marionette.find_elements, by, selector)]

    def find_element(self, by: str, selector: str) -> Element:
        return Element(_translated(self._marionette.find_element, by, selector))

    def execute_script(self, script: str, *arguments: Any) -> Any:
        values = [argument._element if isinstance(argument, Element) else argument for argument in arguments]
        return _translated(lambda: self._marionette.execute_script(script, script_args=values))

    def execute_async_script(self, script: str) -> Any:
        return _translated(self._marionette.execute_async_script, script)

    def set_script_timeout(self, seconds: float) -> None:
        self._marionette.timeout.script = seconds

    def new_window(self, kind: str) -> None:
        """Opens a tab and goes to it."""
        self.window(_translated(lambda: self._marionette.open(type=kind, focus=True))["handle"])

    def window(self, handle: str) -> None:
        _translated(self._marionette.switch_to_window, handle)

    def close(self) -> None:
        _translated(self._marionette.close)

    def quit(self) -> None:
        self._marionette.cleanup()
        # Its profile removes itself when nobody needs it any more, which must not be at Python's own end.
        self._marionette = None
        gc.collect()
