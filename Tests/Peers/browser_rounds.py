"""Many ceremonies in a row in one browser, and how long each took; a command, not a test.

    AIKAGI=/path/to/aikagi python browser_rounds.py phone 100
    AIKAGI=/path/to/aikagi python browser_rounds.py key 100 chromium

For a phone the time from the QR code on the screen (more exactly: from the last look that did not see it) to the page's
promise counts, for a key that from the page's call.
With a phone every tenth passkey is discoverable, and the login after it goes without an allow list.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable

from browser_page import Outcome
from browser_run import Browser, browsing, headless


def ceremony(browser: Browser, number: int, by_phone: bool) -> tuple[Outcome, float]:
    """One ceremony: creations and logins alternate; its outcome and its time in milliseconds."""
    before = len(browser.events.all)
    # Of a key Chromium asks for the account by a dialog; a phone asks its own user.
    discoverable = number // 2 % 10 == 0 and by_phone
    if number % 2 == 0:
        outcome = browser.create(residentKey="required" if discoverable else "discouraged")
    else:
        outcome = browser.get(allowed=None if discoverable else browser.page.credentials[-1:])
    if outcome.error:
        return outcome, outcome.milliseconds
    scanned = [event for event in browser.events.all[before:] if event["event"] == "scanned"]
    # The page's clock is epoch time, ours is not; both run alike.
    shift = time.time() - time.monotonic()
    if not scanned:
        return outcome, outcome.milliseconds
    shown = scanned[0].get("shownMilliseconds", 0)
    return outcome, outcome.ended - (scanned[0]["arrived"] + shift) * 1000 + shown


def percentiles(times: Iterable[float]) -> dict[str, float]:
    ordered = sorted(times)
    if not ordered:
        return {}
    at = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: round(ordered[min(int(len(ordered) * part), len(ordered) - 1)], 1) for name, part in at.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("device", choices=["phone", "key"])
    parser.add_argument("rounds", type=int)
    parser.add_argument("browser", nargs="?", default="chromium", choices=["chromium", "firefox", "headless"])
    arguments = parser.parse_args()
    times: dict[str, list[float]] = {"create": [], "get": []}
    calls: dict[str, list[float]] = {"create": [], "get": []}
    failures = 0
    options: dict = {"command": headless} if arguments.browser == "headless" else {"browser": arguments.browser}
    with browsing("--phone" if arguments.device == "phone" else "--key", **options) as browser:
        for number in range(arguments.rounds):
            try:
                outcome, milliseconds = ceremony(browser, number, arguments.device == "phone")
            except AssertionError as error:
                failures += 1
                print(f"ceremony {number}: {error}\n{browser.description}", flush=True)
                break
            if outcome.error:
                failures += 1
                print(f"ceremony {number}: {outcome}\n{browser.description}", flush=True)
            else:
                times[outcome.kind].append(milliseconds)
                calls[outcome.kind].append(outcome.milliseconds)
    for kind, values in times.items():
        line = {"kind": kind, "count": len(values)} | percentiles(values)
        print(json.dumps(line | {"from the call": percentiles(calls[kind])}))
    print(json.dumps({"failures": failures}))
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
