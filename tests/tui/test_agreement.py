"""What an agent sees of the agreement: on the verified caller's account, in the console and at the command line."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest
from msgspec.structs import replace

from csrdesk.cli.accounts import account_lines
from csrdesk.model.account import PingOneAccount
from csrdesk.model.agreements import Consent, ConsentState
from csrdesk.screens.both_directories import pingone_facts
from csrdesk.widgets.facts import Fact
from csrdesk.widgets.tones import Tone
from tests.samples import AGENT, FINE, NOW
from tests.tui.easel import easel
from tests.tui.reading import words

DAY = NOW - timedelta(days=45)


@pytest.mark.parametrize(
    ("consent", "fact"),
    [
        (Consent(ConsentState.ACCEPTED, DAY), Fact("Agreement", "accepted 2026-01-18")),
        (Consent(ConsentState.ACCEPTED), Fact("Agreement", "accepted")),
        (Consent(ConsentState.REVOKED, DAY), Fact("Agreement", "taken back", Tone.WARN)),
        (Consent(ConsentState.EXPIRED, DAY), Fact("Agreement", "an older text was accepted", Tone.WARN)),
        (Consent(), Fact("Agreement", "not accepted", Tone.WARN)),
        (Consent(ConsentState.UNKNOWN), Fact("Agreement", "not known", Tone.WARN)),
    ],
)
def test_each_state_of_the_agreement_has_its_words(consent: Consent, fact: Fact) -> None:
    account = replace(FINE, pingone=PingOneAccount(enabled=True, consent=consent))
    assert pingone_facts(account, NOW, UTC)[-1] == fact
    assert any(line.startswith("Agreement") and consent.words in line for line in account_lines(account))


def test_where_settings_name_no_agreement_none_is_shown() -> None:
    assert not any(fact.label == "Agreement" for fact in pingone_facts(FINE, NOW, UTC))
    assert not any("Agreement" in line for line in account_lines(FINE))


async def test_the_account_shows_the_agreement_at_80_columns() -> None:
    app = easel(AGENT["account_agreement"])
    async with app.run_test(size=(80, 24)):
        assert "accepted 2026-01-18" in " ".join(words(app).split())
