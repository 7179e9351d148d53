"""Where the audit's checkpoints lie, and the key that signs them: for an open desk, and for whoever checks it."""

from __future__ import annotations

from pathlib import Path

from csrdesk.config import Settings
from csrdesk.engine.checkpoints import CheckpointFile
from csrdesk.services.keys import checkpoint_seed
from csrdesk.wiring.who import data_folder


def checkpoints_of(settings: Settings) -> CheckpointFile:
    """The file that the settings name. Raises `ConfigError`."""
    data_dir = data_folder(settings)
    named = settings.desk.checkpoint_file
    path = Path(named).expanduser() if named else data_dir / "checkpoints.jsonl"
    return CheckpointFile(path, checkpoint_seed(data_dir))
