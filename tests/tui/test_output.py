"""A terminal that goes away in the middle of painting does not stop whoever paints."""

from __future__ import annotations

import os
import pty
import threading

from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread

from csrdesk.widgets.output import lasting


def test_whoever_paints_on_a_terminal_that_is_gone_does_not_wait_for_ever() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8", closefd=False) as terminal:
        thread = WriterThread(lasting(terminal))
        thread.start()
        thread.write("painted")
        os.close(ours)

        def paint() -> None:
            for _ in range(3 * MAX_QUEUED_WRITES):
                thread.write("x" * 10_000)
            thread.stop()

        painting = threading.Thread(target=paint, daemon=True)
        painting.start()
        painting.join(20)
        assert not painting.is_alive()
        assert lasting(terminal).fileno() == theirs
        os.set_inheritable(theirs, False)
        os.dup2(os.open(os.devnull, os.O_WRONLY), theirs)  # so that what is left in its buffer can be closed
