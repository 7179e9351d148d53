"""Which of the desk's processes are there: a process that is gone leaves its flows to whoever takes them up, at once.

Where nobody can tell, the lease of `runner` decides alone.
"""

from __future__ import annotations

from typing import Protocol


class Presence(Protocol):
    """Tells of processes by the names that they save with their steps."""

    def is_gone(self, performer: str) -> bool:
        """Whether that process has ended, however it did. A process's own name, and one that nobody has, are not."""
        ...


class Nobody:
    """Knows of none that is gone."""

    def is_gone(self, performer: str) -> bool:  # noqa: ARG002 - the signature is Presence's
        return False
