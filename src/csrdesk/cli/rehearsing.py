"""`--dry-run`: what would be written where, for people and programs. Nothing is written."""

from __future__ import annotations

from csrdesk.cli.exits import exit_for
from csrdesk.cli.result import Result, ReturnError, columns
from csrdesk.engine.rehearsal import Planned, Rehearsed
from csrdesk.flows import directory_effects as de
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows.kernel import AccountEffect
from csrdesk.model.days import last_day
from csrdesk.model.people import Person


def shown(rehearsed: Rehearsed) -> Result:
    """Each change that would be made, and whether policy lets it happen; exit code and error as the act would have."""
    person, planned = rehearsed.person, rehearsed.planned
    rows = [(*where_and_what(one.effect), one.refusal.message if one.refusal else "allowed") for one in planned]
    refusal = next((one.refusal for one in planned if one.refusal), None)
    told = ("The person would be told by mail.",) if planned and refusal is None else ()
    return Result(
        data={"dryRun": True, "person": person, "wouldWrite": [_for_programs(one) for one in planned]},
        lines=(*((f"Whom: {_named(person)}",) if person else ()), *columns(rows, ("WHERE", "WHAT", "POLICY")), *told),
        exit_code=exit_for(refusal.code) if refusal else 0,
        error=ReturnError(refusal.message, refusal.details, refusal.code) if refusal else None,
        messages=("This was a dry run: nothing was written.",),
    )


def where_and_what(effect: AccountEffect) -> tuple[str, str]:
    """Where a change would be made, and what it would be."""
    match effect:
        case fx.SetDirectoryEnabled(dn=dn, enabled=enabled):
            return "AD", f"{'enable' if enabled else 'disable'} the account {dn}"
        case fx.SetPingOneEnabled(enabled=enabled):
            return "PingOne", f"{'enable' if enabled else 'disable'} the user"
        case fx.EndSessions():
            return "PingOne", "end every session"
        case fx.UnlockDirectory(dn=dn):
            return "AD", f"unlock the account {dn}"
        case de.SetDirectoryExpiry(dn=dn, ends_at=ends_at):
            return "AD", f"let the account {dn} {f'end with {last_day(ends_at)}' if ends_at else 'never end'}"
        case de.DemandPasswordChange(dn=dn):
            return "AD", f"ask for another password at the next sign-in of {dn}"
        case fx.UnlockPingOne():
            return "PingOne", "unlock the user"
        case fx.UnlockPassword():
            return "PingOne", "unlock the password"
        case pfx.SetDirectoryPassword(dn=dn):
            return "AD", f"set the password that the customer types, for {dn}"
        case pfx.SetPingOnePassword(home=home):
            return home.value, "set the password that the customer types"
        case _:
            return effect.action.partition(".")[0], effect.action.partition(".")[2].replace("_", " ")


def _for_programs(planned: Planned) -> dict[str, object]:
    where, what = where_and_what(planned.effect)
    refusal = planned.refusal
    return {
        "where": where,
        "action": planned.effect.action,
        "what": what,
        "allowed": refusal is None,
        "code": refusal.code if refusal else "",
        "why": refusal.message if refusal else "",
    }


def _named(person: Person) -> str:
    about = ", ".join(part for part in (person.username, person.email, person.population) if part)
    return f"{person.name} ({about})"
