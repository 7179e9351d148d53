"""The mails about what happened on the recovery page: nothing the desk did, so they say so, and whom to call."""

from __future__ import annotations

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.model.notices import Change
from csrdesk.sandbox import Sandbox
from tests.services.conftest import Do

SUBJECTS = {
    Change.RECOVERED: "Password Changed",
    Change.NEW_DEVICE: "New Device Sign-in Activity",
    Change.SUSPICIOUS: "Suspicious Activity",
    Change.DISABLED_FOR_RISK: "Account Disabled",
    Change.CALL_US: "Password Change Request",
}


@pytest.mark.parametrize("change", SUBJECTS)
async def test_r_36_what_happens_on_the_recovery_page_is_mailed_without_a_link(
    do: Do, box: Sandbox, change: Change
) -> None:
    assert await do(fx.TellCustomer(person_id=box.world.user("ada").id, change=change)) == r.CustomerTold()
    (mail,) = box.world.mails
    assert (mail.to, mail.subject) == ("ada@mail.example", SUBJECTS[change])
    for part in (mail.text, mail.html):
        words = " ".join(part.replace("<strong>", "").replace("</strong>", "").split())
        assert f"On {box.clock.now():%d %B %Y at}" in words
        assert "If that was you" in words
        assert "Call us on +1 512 555 0100" in words
        assert "If it was not you, somebody may be trying to get at your account." in words
        assert "Our help desk has" not in words
        assert "http" not in words
