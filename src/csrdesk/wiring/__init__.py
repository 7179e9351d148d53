"""The only place that builds things: everything above asks for a desk, everything below is handed what it needs.

Importing it is cheap; the engine, the services and the server load when a desk is opened, and only those it needs.
"""

from __future__ import annotations

from csrdesk.wiring.desk import Desk, load, open_desk

__all__ = ["Desk", "load", "open_desk"]
