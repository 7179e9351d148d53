"""A keyring for csrdesk as a program of its own: `TEST_KEYRING` names the file that stands for the system's keyring."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return _held().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _path().write_text(json.dumps(_held() | {f"{service} {username}": password}), "utf-8")

    def delete_password(self, service: str, username: str) -> None:
        held = _held()
        del held[f"{service} {username}"]
        _path().write_text(json.dumps(held), "utf-8")


def _path() -> Path:
    return Path(os.environ["TEST_KEYRING"])


def _held() -> dict[str, str]:
    held: dict[str, str] = json.loads(_path().read_text("utf-8")) if _path().exists() else {}
    return held
