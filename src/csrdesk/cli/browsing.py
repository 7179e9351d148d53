"""Whether somebody at this terminal can sign in with a browser of this machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import webbrowser


def browser_here() -> webbrowser.BaseBrowser | None:
    """The browser to open; None where there is none that shows windows to whoever sits here.

    One that `BROWSER` names is taken in any case. A browser within the terminal would paint over what is said there,
    and one on a machine that somebody reached by SSH cannot be seen by them.
    """
    import webbrowser

    if not os.environ.get("BROWSER") and not _has_windows():
        return None
    try:
        return webbrowser.get()
    except webbrowser.Error:
        return None


def _has_windows() -> bool:
    if os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
