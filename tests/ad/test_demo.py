"""`make demo-ad` as people run it without a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_plays_the_whole_story_against_a_real_controller_and_ends_0() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.ad.demo"],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "A Samba AD domain controller is at ldaps://" in done.stdout
    assert "AD: unlocked" in done.stdout
    assert "AD: password set to be changed at the next sign-in at dc1.csrdesk.test" in done.stdout
    assert "AD: password set" in done.stdout
    assert "Everything was as expected" in done.stdout.splitlines()[-1]
