"""docs/conformance.md counts and names the checks as the files that run them do."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from conformance_key import RUN, numbers

TESTS = [path.stem for path in Path(__file__).parent.glob("test_conformance_*.py")]
DOCUMENT = Path(__file__).parents[2] / "docs" / "conformance.md"


def test_document_says_what_is_run():
    for name in TESTS:
        import_module(name)
    section = DOCUMENT.read_text().split("## The 324 checks")[1]
    count = re.search(r"\*\*(\d+) of the 324\*\*", section)
    assert count and int(count[1]) == len(RUN)
    rows = re.findall(r"^\| ([\d, –]+) \|", section, re.MULTILINE)
    named = [number for row in rows for number in numbers(row.replace("–", "-"))]
    assert sorted(named) == sorted(set(range(1, 325)) - RUN), "the table names each of the others once"
