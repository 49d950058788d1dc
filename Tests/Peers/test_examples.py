"""The programs of Examples/, run as their docstrings say: each makes a passkey at the portal and logs in with it."""

from __future__ import annotations

import ast
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aikagi_process import Workplace
from test_key_node import REASON

ROOT = Path(__file__).resolve().parents[2]

#: How long one example may take, in seconds; on two idle cores none needs more than ten.
PATIENCE = 120

#: Each example, the Python packages that it needs, and the programs of which it needs one each.
EXAMPLES = {
    "playwright_passkey.py": (["playwright"], [("chromium", "google-chrome")]),
    "selenium_passkey.py": (["selenium"], [("chromium",), ("chromedriver",)]),
    "firefox_passkey.py": (["marionette_driver"], [("firefox-esr", "firefox")]),
    "fido2_passkey.py": (["fido2", "requests"], []),
}

pytestmark = pytest.mark.skipif(REASON is not None, reason=REASON or "")


def skip_unless_installed(example: str) -> None:
    packages, programs = EXAMPLES[example]
    for package in packages:
        if not importlib.util.find_spec(package):
            pytest.skip(f"{package} is not installed (pip install -r Examples/requirements.txt)")
    for names in programs:
        if not any(map(shutil.which, names)):
            pytest.skip(f"{' or '.join(names)} is not installed")


def documented_command(example: str) -> list[str]:
    """The command in the example's docstring."""
    text = ast.get_docstring(ast.parse((ROOT / "Examples" / example).read_text())) or ""
    (line,) = [line for line in text.splitlines() if "aikagi with " in line]
    return shlex.split(line)


def run_example(example: str, home: Path, url: str, password_file: Path) -> subprocess.CompletedProcess[str]:
    """Runs the documented command, with this portal, this Python and this build of the tool."""
    actual = {
        "aikagi": os.environ["AIKAGI"],
        "python3": sys.executable,
        "http://localhost:8080": url,
        "pw": str(password_file),
    }
    command = documented_command(example)
    assert actual.keys() <= set(command), command
    return subprocess.run(
        [actual.get(word, word) for word in command],
        cwd=ROOT,
        env={**os.environ, "HOME": str(home), "TMPDIR": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def portal(workplace: Workplace) -> tuple[str, Path]:
    """A portal with the demo's accounts: its address, and the file with the password."""
    password_file = workplace.directory / "pw"
    process = workplace.start("portal", "--demo", "--password-file", str(password_file), "--port", "0", "--json")
    return process.event("listening")["url"], password_file


@pytest.mark.parametrize("example", EXAMPLES)
def test_registers_and_logs_in(example: str, portal: tuple[str, Path], short_directory: Path) -> None:
    skip_unless_installed(example)
    done = run_example(example, short_directory, *portal)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "registered and logged in as demo", done.stdout
    steps = [line.split()[0] for line in done.stdout.splitlines()[:-1]]
    assert steps == ["2-1.2", "2-1.6", "2-1.8", "x.1", "x.2", "x.5"]
    assert done.stderr == ""


@pytest.mark.parametrize("example", EXAMPLES)
def test_refusal_is_one_sentence(example: str, portal: tuple[str, Path], short_directory: Path) -> None:
    skip_unless_installed(example)
    wrong = short_directory / "wrong"
    wrong.write_text("not the password\n")
    done = run_example(example, short_directory, portal[0], wrong)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.startswith("instead of step 2-1.2, ") and done.stderr.count("\n") == 1, done.stderr


def test_every_example_is_tested() -> None:
    assert {path.name for path in (ROOT / "Examples").glob("*.py")} == set(EXAMPLES)
