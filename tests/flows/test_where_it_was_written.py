"""A change in a directory of several servers names the one that it was made on."""

from __future__ import annotations

import pytest

from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Reply
from csrdesk.flows.result_lines import result_line
from csrdesk.flows.setting_password import set_lines
from csrdesk.model.passwords import Home


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


def test_a_password_too_names_where_it_was_set() -> None:
    lines = set_lines(pr.PasswordSet(Home.DIRECTORY, unlocked=True, server="dc1.example.org"))
    assert [line.text for line in lines] == [
        "AD: password set at dc1.example.org; other sites follow",
        "AD: unlocked with it",
    ]
