"""The one switch of each directory as effects, which disable and enable share."""

from __future__ import annotations

from csrdesk.flows import effects as fx
from csrdesk.flows.account_task import Task
from csrdesk.model.proofs import Act

ALREADY = "The account was already {}. Nothing was written."


def set_directory(task: Task, *, enabled: bool) -> fx.SetDirectoryEnabled:
    """AD's switch, for this task."""
    act = task.act or Act.DISABLE
    return fx.SetDirectoryEnabled(
        person_id=task.person.id, dn=task.dn, enabled=enabled, act=act, reason=task.reason, ticket=task.ticket
    )


def set_pingone(task: Task, *, enabled: bool) -> fx.SetPingOneEnabled:
    """PingOne's switch, for this task."""
    act = task.act or Act.DISABLE
    return fx.SetPingOneEnabled(
        person_id=task.person.id,
        enabled=enabled,
        act=act,
        reason=task.reason,
        ticket=task.ticket,
        unchecked=bool(task.unchecked),
    )
