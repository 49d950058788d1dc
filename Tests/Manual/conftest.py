"""Where the tests find what they share with the peers', and the report that they write together."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

# Under nohup, or in the background of a shell without job control, these signals are ignored, and so they would be by
# every program that the tests start.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "Tests/Peers")]


@pytest.fixture(scope="session")
def journal():
    """What all tests write to; at the end it becomes the report in the folder AIKAGI_BROWSER_REPORT."""
    from journal import Journal

    journal = Journal(Path(os.environ.get("AIKAGI_BROWSER_REPORT", ROOT / "report-browser")))
    yield journal
    journal.write()
