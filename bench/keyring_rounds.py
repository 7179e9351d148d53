"""The part of `user_show` that runs inside a session bus with an unlocked keyring: `python -m bench.keyring_rounds`."""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path

import keyring
import msgspec

from bench import programs
from bench.user_show import rounds_of
from csrdesk.services import keys

_ENTRIES = {
    keys.PINGONE.entry: ("pingone", "client_secret_file"),
    keys.DIRECTORY.entry: ("directory", "password_file"),
    keys.MAIL.entry: ("mail", "password_file"),
}


def main(settings: Path, rounds: int) -> None:
    """Put the secrets that `settings` name into the keyring, and measure with settings that name none."""
    text = settings.read_text("utf-8")
    named = tomllib.loads(text)
    for entry, (table, key) in _ENTRIES.items():
        keyring.set_password(keys.SERVICE, entry, Path(named[table][key]).read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="csrdesk-bench-") as folder:
        path = Path(folder) / "config.toml"
        kept = [line for line in text.splitlines() if "secret_file" not in line and "password_file" not in line]
        path.write_text("\n".join(kept), "utf-8")
        pair = rounds_of(str(settings), programs.environment(CSRDESK_CONFIG=str(path)), rounds)
    print(msgspec.json.encode(pair).decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
