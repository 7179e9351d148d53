"""The stamp: agent, ticket and time in an attribute of the account, so that AD's own log leads to a person.

AD knows only csrdesk's service account. Settings name the attribute; without one nothing is stamped.
"""

from __future__ import annotations

from datetime import UTC

from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import AccountEffect
from csrdesk.model.text import clean
from csrdesk.services.directory.port import Change
from csrdesk.services.performer.outside import Outside


def stamp(outside: Outside, effect: AccountEffect, context: Context) -> tuple[Change, ...]:
    """Goes into the same modify as the change itself: none is made without the other."""
    if not outside.stamp_attribute:
        return ()
    at = outside.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    parts = ["csrdesk", effect.action, clean(context.agent.id, 64), clean(effect.ticket, 64) or "-", at]
    return (Change("replace", outside.stamp_attribute, (" ".join(parts),)),)
