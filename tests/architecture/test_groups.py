"""A group of tests that this machine cannot run is named with its reason at the end, fatal in CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BROWSER_TEST = "import pytest\n\n@pytest.mark.needs('chromium')\ndef test_in_a_browser() -> None: ...\n"


@pytest.mark.parametrize(("ci", "code", "summary"), [("", 0, "1 skipped"), ("true", 1, "1 error")])
def test_a_group_that_cannot_run_is_named_and_fails_in_ci(tmp_path: Path, ci: str, code: int, summary: str) -> None:
    (tmp_path / "test_browser.py").write_text(BROWSER_TEST)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.conftest",
            "-c",
            ROOT / "pyproject.toml",
            "--rootdir",
            ROOT,
            tmp_path,
        ],
        cwd=ROOT,
        env=os.environ | {"PATH": "", "CI": ci},
        capture_output=True,
        text=True,
        check=False,
    )
    *_, named, last = done.stdout.splitlines()
    assert done.returncode == code, done.stdout + done.stderr
    assert named.startswith("NOT RUN: 1 of the group chromium: no Chromium here")
    assert summary in last
