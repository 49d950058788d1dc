"""Both languages at once: a walk waits most of its time, and two of them keep two cores busy."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

from journal import Journal

#: The languages to walk in; AIKAGI_LANGUAGES=ja is for whoever looks at one of them.
LANGUAGES = os.environ.get("AIKAGI_LANGUAGES", "ja en").split()


def in_each_language(walk: Callable[[Journal, str], None], journal: Journal) -> None:
    """Walks in each language, each with a portal, devices and a browser of its own; raises what went wrong in any."""
    with ThreadPoolExecutor(len(LANGUAGES)) as pool:
        walks = {language: pool.submit(walk, journal, language) for language in LANGUAGES}
    failures = []
    for language, done in walks.items():
        if failure := done.exception():
            failure.add_note(f"in the walk in {language!r}")
            failures.append(failure)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise BaseExceptionGroup("several walks have failed", failures)
