"""What visitors of the public pages make the desk ask for: PingOne Protect's judgement, recovery, registration.

Apart from the other effects, because none of these has an agent behind it.
"""

from __future__ import annotations

from csrdesk.flows import recovery_effects as vx
from csrdesk.flows import risk_effects as kx
from csrdesk.flows.doors import Context
from csrdesk.flows.invitation_effects import InviteToRegister
from csrdesk.flows.kernel import Reply
from csrdesk.services.performer import invitations, pairing, recovery, registration, risk
from csrdesk.services.performer.outside import Outside

Visit = (
    kx.EvaluateRisk
    | kx.CompleteEvaluation
    | vx.FindForRecovery
    | vx.ReadRecoveryPolicy
    | vx.SendRecoveryCode
    | vx.RecoverPassword
    | vx.InviteToRecover
    | InviteToRegister
    | registration.Registering
    | pairing.Pairing
)


async def perform(effect: Visit, context: Context, outside: Outside) -> Reply:
    """One of them. Raises a `ServiceError` or a `PolicyError`."""
    if isinstance(effect, pairing.Pairing):
        return await pairing.perform(effect, context, outside)
    match effect:
        case kx.EvaluateRisk():
            return await risk.evaluate(effect, context, outside)
        case kx.CompleteEvaluation():
            return await risk.complete(effect, outside)
        case vx.FindForRecovery():
            return await recovery.find(effect, context, outside)
        case vx.ReadRecoveryPolicy():
            return await recovery.read_policy(outside)
        case vx.SendRecoveryCode():
            return await recovery.send_code(effect, outside)
        case vx.InviteToRecover():
            return await recovery.invite(effect, outside)
        case InviteToRegister():
            return await invitations.invite(effect, outside)
        case vx.RecoverPassword():
            return await recovery.recover(effect, context, outside)
        case _:
            return await registration.perform(effect, context, outside)
