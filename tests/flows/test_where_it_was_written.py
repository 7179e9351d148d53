"""A change in a directory of several servers names the one that it was made on."""

from __future__ import annotations

import pytest

from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Reply
from csrdesk.flows.result_lines import result_line


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (
            r.DirectoryEnabledSet(enabled=False, server="dc1.example.org"),
            "AD: done at dc1.example.org; other sites follow",
        ),
        (r.Unlocked(server="dc1.example.org"), "AD: done at dc1.example.org; other sites follow"),
        (r.Unlocked(changed=False, server="dc1.example.org"), "AD: was done already, nothing written"),
        (r.DirectoryEnabledSet(enabled=False), "AD: done"),
        (r.Unlocked(), "AD: done"),
    ],
)
def test_the_server_that_was_written_to_is_named_where_there_are_others(reply: Reply, text: str) -> None:
    line = result_line("AD", "done", reply)
    assert (line.text, line.ok) == (text, True)
