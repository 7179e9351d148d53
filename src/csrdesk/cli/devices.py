"""What `csrdesk device` does: it takes the call's own page of devices, so that nothing is changed in a second way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli import tty
from csrdesk.cli.acting import shown_line
from csrdesk.cli.exits import Exit
from csrdesk.cli.looking_up import unexpected
from csrdesk.cli.result import Result, ReturnError, refusal, say
from csrdesk.cli.walk import Walk
from csrdesk.errors import NeedsAnswerError, NotVerifiedError
from csrdesk.flows import answers as a
from csrdesk.flows import device_management as dm
from csrdesk.flows import prompts as p
from csrdesk.flows.desk_prompts import SecondAgentPrompt
from csrdesk.flows.device_prompts import DevicesPrompt
from csrdesk.flows.kernel import Answer
from csrdesk.model.devices import Device, DeviceChange

if TYPE_CHECKING:
    from csrdesk.wiring.front import FrontDesk

_CHOSEN: dict[str, type[Answer]] = {
    "block": a.BlockDeviceChosen,
    "unblock": a.UnblockDeviceChosen,
    "unlock": a.UnlockDeviceChosen,
    "default": a.DefaultDeviceChosen,
    "remove": a.RemoveDeviceChosen,
}


class Order(msgspec.Struct, frozen=True):
    """What was asked on the command line."""

    change: str
    device: str
    call_id: str
    reason: str
    ticket: str
    name: str = ""


async def listed(desk: FrontDesk, call_id: str) -> Result:
    """The devices, a line each; the call stays where it was."""
    walk, prompt = await _at_devices(desk, call_id)
    await walk.answer(a.BackChosen())
    rows = [_as_data(n, device, prompt) for n, device in enumerate(prompt.devices, start=1)]
    return Result(data=rows, lines=tuple(_as_line(row) for row in rows) or ("No device is registered.",))


async def carried_out(desk: FrontDesk, order: Order, *, yes: bool, dry_run: bool) -> Result:
    """Choose, confirm, change; the call goes back to the account's page, whatever came of it."""
    walk, prompt = await _at_devices(desk, order.call_id)
    try:
        return await _changed(walk, prompt, order, yes=yes, dry_run=dry_run)
    finally:
        await _back(walk)


async def _at_devices(desk: FrontDesk, call_id: str) -> tuple[Walk, DevicesPrompt]:
    """The call on its page of devices. Raises `NotVerifiedError` where nobody is verified in it now."""
    walk = await Walk.resume(desk.session(desk.agent), call_id)
    await walk.catch_up()
    if isinstance(walk.prompt, p.NoticePrompt):
        await walk.answer(a.NoticeRead())
    if isinstance(walk.prompt, p.AccountPrompt):
        await walk.answer(a.DevicesChosen())
    if not isinstance(walk.prompt, DevicesPrompt):
        raise NotVerifiedError("Devices are for a verified caller, on the account's page of the call.")
    return walk, walk.prompt


async def _changed(walk: Walk, prompt: DevicesPrompt, order: Order, *, yes: bool, dry_run: bool) -> Result:
    device = _named(prompt.devices, order.device)
    if device is None:
        return refusal("not_found", "No device fits that. `csrdesk device list` shows them.")
    wanted = dm.Wanted(device, DeviceChange(order.change), order.name.strip())
    if missing := prompt.evidence.missing_for_device(device.id):
        return refusal("not_verified", f"{missing} Nothing was done.")
    if dry_run:
        would = [{"where": "PingOne", "what": line} for line in dm.words(wanted)]
        return Result(data={"wouldWrite": would}, lines=tuple(f"Would: {line}" for line in dm.words(wanted)))
    reason = order.reason.strip() or tty.ask("Reason:", missing="--reason")
    if not reason:
        raise NeedsAnswerError("An answer is missing: give --reason. Nothing was done.", prompt="--reason")
    if not yes and not _agreed(prompt, wanted):
        return refusal("needs_answer", "Not confirmed. Nothing was done.", details="answer=--yes")
    await walk.answer(_answer(order, device))
    confirming = walk.prompt
    if not isinstance(confirming, p.ConfirmPrompt):
        note = confirming.note if isinstance(confirming, DevicesPrompt) else ""
        return refusal("invalid_value", f"{note} Nothing was done.".strip())
    ticket = order.ticket.strip() or confirming.ticket
    if confirming.ticket_required and not ticket:
        raise NeedsAnswerError("An answer is missing: give --ticket. Nothing was done.", prompt="--ticket")
    await walk.answer(a.Confirmed(reason, ticket))
    if isinstance(walk.prompt, SecondAgentPrompt):
        say("Another agent has to approve this first. Waiting for one; nothing is done before that.")
    while isinstance(walk.prompt, SecondAgentPrompt):
        await walk.news()
    if isinstance(walk.prompt, DevicesPrompt):
        return refusal("forbidden", walk.prompt.note)
    return _told(walk)


def _agreed(prompt: DevicesPrompt, wanted: dm.Wanted) -> bool:
    if not tty.can_ask():
        raise NeedsAnswerError("Nobody is there to confirm: give --yes. Nothing was done.", prompt="--yes")
    say(f"Whom:   {prompt.person.name} ({prompt.person.username})")
    for line in dm.words(wanted):
        say(f"What:   {line}")
    return tty.ask("Do it? [y/N]", missing="--yes").casefold() in ("y", "yes")


def _answer(order: Order, device: Device) -> Answer:
    if order.change == "rename":
        return a.RenameDeviceChosen(device.id, order.name)
    return msgspec.convert({"type": _CHOSEN[order.change].__name__, "device_id": device.id}, _CHOSEN[order.change])


def _told(walk: Walk) -> Result:
    """What the notice says."""
    prompt = walk.prompt
    if not isinstance(prompt, p.NoticePrompt):
        return unexpected(prompt)
    lines = tuple(map(shown_line, prompt.lines))
    data = {"lines": msgspec.to_builtins(prompt.lines)}
    failed = [line for line in prompt.lines if not (line.ok or line.aside)]
    if not failed:
        return Result(data=data, lines=lines)
    code = "unknown" if any(line.unknown for line in failed) else "failed"
    error = ReturnError("Not done.", "; ".join(line.text for line in failed), code)
    return Result(data=data, lines=lines, exit_code=Exit.REFUSED, error=error)


async def _back(walk: Walk) -> None:
    """To the account's page, from wherever it stopped."""
    for kind, answer in (
        (p.ConfirmPrompt, a.Declined()),
        (DevicesPrompt, a.BackChosen()),
        (p.NoticePrompt, a.NoticeRead()),
    ):
        if isinstance(walk.prompt, kind):
            await walk.answer(answer)


def _named(devices: tuple[Device, ...], named: str) -> Device | None:
    """By number, id or name; None where none or several fit."""
    if named.isdecimal() and 0 < int(named) <= len(devices):
        return devices[int(named) - 1]
    fits = [one for one in devices if named in (one.id, one.nickname, one.label)]
    return fits[0] if len(fits) == 1 else None


def _as_data(number: int, device: Device, prompt: DevicesPrompt) -> dict[str, object]:
    return {
        "number": number,
        "id": device.id,
        "type": device.type,
        "name": device.label,
        "status": device.status,
        "blocked": device.blocked,
        "locked": device.locked,
        "strength": device.strength.value,
        "whyNot": prompt.evidence.missing_for_device(device.id),
    }


def _as_line(row: dict[str, object]) -> str:
    states = [word for word in ("blocked", "locked") if row[word]]
    return f"{row['number']:>2}  {row['type']:<7} {row['name']}  {', '.join(states) or 'usable'}"
