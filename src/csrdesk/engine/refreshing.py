"""What an act beside a call changes is shown in the call: its account page, open in whatever console, is read anew.

Apart from the session, which knows no prompt by name.
"""

from __future__ import annotations

from contextlib import suppress

from csrdesk.engine.flow_rows import Running
from csrdesk.engine.runner import Runner
from csrdesk.errors import NoSuchFlowError, StaleFlowError, StoreUnavailableError
from csrdesk.flows.answers import RefreshChosen
from csrdesk.flows.kernel import Done
from csrdesk.flows.prompts import AccountPrompt


async def show_in_its_call(act: Running, runner: Runner) -> None:
    """Once an act is over that said what it did: as if the agent had chosen Reload, where nothing else is under way."""
    outcome = act.want.outcome if isinstance(act.want, Done) else None
    if act.call_id == act.id or not getattr(outcome, "lines", ()):
        return
    with suppress(NoSuchFlowError, StaleFlowError, StoreUnavailableError):  # the act is done; this shows it
        call = await runner.load(act.call_id)
        if isinstance(getattr(call.want, "prompt", None), AccountPrompt):
            await runner.step(call, RefreshChosen())
