"""What a kill leaves behind goes at the next start, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from csrdesk.sandbox.folder import own_folder, remove_dead

KILLED = """
import os, signal
from csrdesk.sandbox.folder import own_folder
with own_folder("demo") as folder:
    (folder / "secret").write_text("s3cret")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files, here and in programs."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_killed_process_is_removed_at_the_next_start(temporary: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    assert [path.read_text() for path in temporary.glob("csrdesk-demo-*/secret")] == ["s3cret"]
    assert remove_dead() == 1
    assert list(temporary.iterdir()) == []


def test_what_somebody_holds_or_no_csrdesk_made_is_left(temporary: Path) -> None:
    (temporary / "csrdesk-notes").mkdir()
    (temporary / "csrdesk-demo-file").write_text("mine")
    (temporary / "csrdesk-demo-elsewhere").symlink_to(temporary / "csrdesk-notes")
    with own_folder("desk") as folder:
        assert remove_dead() == 0
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o777 == 0o700
    left = ["csrdesk-demo-elsewhere", "csrdesk-demo-file", "csrdesk-notes"]
    assert sorted(path.name for path in temporary.iterdir()) == left
