"""csrdesk: a help-desk console. Here is the version and nothing else: importing any part costs nothing more."""

from __future__ import annotations

__version__ = "0.1.0"
