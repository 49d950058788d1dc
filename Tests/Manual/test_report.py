"""The report of the other tests, which run before: complete, in both languages, and every picture is there."""

from __future__ import annotations

import re

import pytest

#: The manual's steps, and one-time passwords.
MANUAL = [
    *[f"1.{number}" for number in range(1, 12)],
    *[f"2-1.{number}" for number in range(1, 9)],
    *[f"2-2.{number}" for number in range(1, 6)],
    *[f"x.{number}" for number in range(1, 6)],
    *["b.1", "b.2", "b.3", "b.4", "c.1", "c.2"],
]
MISHAPS = """
    wrong-password wrong-birth-date terms-refused mail-unconfirmed mail-link-expired mail-link-reused
    reader-declines reader-given-up reader-times-out reader-locks password-locks
    already-registered phone-declines phone-times-out out-of-range code-expired removed-on-phone
    bluetooth-off tunnel-refused last-passkey removed-at-portal
    app-wrong-at-set-up app-wrong app-expired app-replayed mail-code-wrong mail-code-expired mail-code-reused
""".split()


def test_the_report_is_complete(journal):
    languages = {language for _, _, entry in journal.entries() for language in entry.get("pictures", {})}
    if languages != {"ja", "en"} or not all(map(journal.names, ("manual", "mishaps"))):
        pytest.skip("only some of the tests have run")
    if journal.names("manual") != set(MANUAL) or journal.names("mishaps") != set(MISHAPS):
        missing = (set(MANUAL) - journal.names("manual")) | (set(MISHAPS) - journal.names("mishaps"))
        more = journal.names("mishaps") - set(MISHAPS)
        pytest.fail(f"missing: {sorted(missing)}, and more than expected: {sorted(more)}")
    for journey, name, entry in journal.entries():
        assert entry["outcome"] == "done", (journey, name, entry)
        assert set(entry["pictures"]) == {"ja", "en"}, (journey, name)
        if journey == "mishaps":
            assert set(entry["seen"]) == {"ja", "en"} and entry["seen"]["ja"] != entry["seen"]["en"], (journey, name)
    journal.write()
    page = (journal.folder / "index.html").read_text()
    shown = re.findall(r'<img src="([^"]+)"', page)
    assert len(shown) == len(set(shown)) == 2 * len(journal.entries())
    for picture in shown:
        assert (journal.folder / picture).read_bytes().startswith(b"\x89PNG"), picture
    # Nothing is loaded from elsewhere.
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page)
