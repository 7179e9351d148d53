"""R-41 over the wire, beside the sandbox: whom an agent's groups serve, by PingOne's populations and AD's OUs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.config import RoleSettings, Settings
from csrdesk.flows import prompts as p
from csrdesk.flows.kernel import Prompt
from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.domain import DOMAIN
from csrdesk.sandbox.person import CARE_STAFF, PARTNERS
from tests.remote.conftest import looked_up, served_at

STAFF, ELSEWHERE = f"OU=Staff,{DOMAIN}", f"OU=Servers,{DOMAIN}"
IN_BOTH, IN_PINGONE = people.ONE_DEVICE, people.ONLY_PINGONE


@pytest.mark.parametrize(
    ("populations", "ous", "found"),
    [
        (("*",), ("*",), {IN_BOTH, IN_PINGONE}),
        ((CARE_STAFF,), ("*",), {IN_BOTH}),
        ((PARTNERS,), ("*",), {IN_PINGONE}),
        (("*",), (STAFF,), {IN_BOTH, IN_PINGONE}),
        (("*",), (ELSEWHERE,), {IN_PINGONE}),
        (("*",), (), {IN_PINGONE}),
        ((), ("*",), set()),
    ],
    ids=lambda part: str(sorted(part)),  # the same in each process of the tests
)
async def test_r_41_only_whom_the_groups_serve_is_found_and_the_others_are_nobody(
    box: Sandbox, settings: Settings, populations: tuple[str, ...], ous: tuple[str, ...], found: set[str]
) -> None:
    roles = RoleSettings(lead=("leads",), populations={"leads": populations}, ous={"leads": ous})
    async with served_at(box, replace(settings, roles=roles)) as served, served.session() as session:
        nobody = await looked_up(session, "nobody.at.all")
        for who in (IN_BOTH, IN_PINGONE):
            call = await looked_up(session, who)
            if who in found:
                assert isinstance(call.view.prompt, p.CardPrompt | p.UnverifiableCardPrompt), call.view
            else:
                assert _words(call.view.prompt) == _words(nobody.view.prompt)


def _words(prompt: Prompt | None) -> tuple[str, str, str]:
    assert isinstance(prompt, p.UsernamePrompt), prompt
    return prompt.note, prompt.code, prompt.details
