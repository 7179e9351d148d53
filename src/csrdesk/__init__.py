"""csrdesk: a help-desk console. This file holds the version and nothing else, so that importing any part costs nothing."""

from __future__ import annotations

__version__ = "0.1.0"
