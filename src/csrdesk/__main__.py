"""`python -m csrdesk`: the same as the command `csrdesk`."""

from __future__ import annotations

import sys

from csrdesk.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
