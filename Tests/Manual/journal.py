"""What happened, step by step and in both languages: ``steps.json`` and its pictures, of which aikagi makes the page."""

from __future__ import annotations

import datetime
import json
import os
import platform
import subprocess
import threading
from pathlib import Path

#: The journeys of the report in their order: kind, and names in Japanese and English.
JOURNEYS = {
    "manual": ("manual", "マニュアルの手順", "The manual, step by step"),
    "mishaps": ("mishaps", "うまくいかないとき", "When something goes wrong"),
    "firefox": ("manual", "Firefoxの場合", "The same in Firefox"),
}


#: What a reader should know of a journey first, in Japanese and English.
NOTES = {
    "manual": (
        "Linuxのブラウザには、パソコンに内蔵された生体認証の画面がありません。指紋の読み取り装置はセキュリティ キーとして表示されるため、"
        "手順2-1.2では「スマートフォンなど別の端末を設定する」を押しています。",
        "Browsers on Linux have no screen of their own for a PC's biometrics: they reach the fingerprint reader as a security "
        "key. Therefore step 2-1.2 presses the button for a phone or another device.",
    ),
    "mishaps": (
        "わざと失敗した画面です。どの場合も、アカウントは元のままで、もう一度やり直せます。期限切れは、ポータルの時計を進めて確かめました。",
        "Gone wrong on purpose. The account stays as it was each time, and one can try again. For what expires, the portal's "
        "clock was set ahead.",
    ),
    "firefox": (
        "Linux版のFirefoxには二次元コードの画面がないため、スマートフォンはセキュリティ キーの形で接続しています。アドレス欄の縞模様は、"
        "プログラムが操作していることをFirefoxが示すものです。",
        "Firefox on Linux has no screen for QR codes, so the phone is connected as a security key. The stripes of the address bar "
        "are Firefox's sign that a program leads it.",
    ),
}


def surroundings(browser: str) -> str:
    """The browser with its version, and the system that it runs on."""
    return f"{browser}, {platform.freedesktop_os_release()['PRETTY_NAME']}"


class Journal:
    """Collects entries; the same entry in the other language becomes one with it."""

    def __init__(self, folder: Path):
        self.folder = folder
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        for old in (folder / "pictures").glob("*.png"):
            old.unlink()
        self.surroundings: dict[str, str] = {}
        self._entries: dict[str, dict[str, dict]] = {name: {} for name in JOURNEYS}
        self._lock = threading.Lock()

    def record(
        self,
        journey: str,
        name: str,
        language: str,
        *,
        step: str,
        title: tuple[str, str] | None,
        seen: str,
        picture: bytes | None,
        milliseconds: float,
        failure: str | None,
    ) -> None:
        """Adds an entry: a step of the manual by its id, or what goes wrong there, with a title in both languages."""
        with self._lock:
            entry = self._entries[journey].setdefault(name, {"step": step, "outcome": "done", "milliseconds": 0, "seen": {}})
            if title:
                entry["title"] = dict(zip(("ja", "en"), title))
            if seen:
                entry["seen"][language] = seen
            entry["milliseconds"] = round(entry["milliseconds"] + milliseconds, 1)
            if failure:
                entry |= {"outcome": "failed", "failure": failure}
            if picture:
                path = f"pictures/{journey}-{name}-{language}.png"
                (self.folder / path).write_bytes(picture)
                entry.setdefault("pictures", {})[language] = path

    def names(self, journey: str) -> set[str]:
        """Which entries there are."""
        return set(self._entries[journey])

    def entries(self) -> list[tuple[str, str, dict]]:
        """All entries, with their journeys and names."""
        return [(journey, name, entry) for journey, all in self._entries.items() for name, entry in all.items()]

    def write(self) -> None:
        """Writes the steps, and lets aikagi make the page."""
        journeys = []
        for journey, (kind, japanese, english) in JOURNEYS.items():
            if entries := list(self._entries[journey].values()):
                note = dict(zip(("ja", "en"), NOTES[journey]))
                told = {"name": {"ja": japanese, "en": english}, "note": note, "kind": kind, "entries": entries}
                if surroundings := self.surroundings.get(journey):
                    told["surroundings"] = surroundings
                journeys.append(told)
        now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        steps = {"format": 1, "made": now, "journeys": journeys}
        (self.folder / "steps.json").write_text(json.dumps(steps, ensure_ascii=False, indent=1))
        command = [os.environ["AIKAGI"], "manual", "report", str(self.folder)]
        made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert made.returncode == 0, made.stderr
