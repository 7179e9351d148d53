"""The flows that can be started, by name. A changed state's shape changes the version: old saved states start again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from csrdesk.flows import (
    account_recovery,
    agents,
    approvals,
    challenge_acceptance,
    csr_main,
    device_page,
    hand_over,
    magic_link_page,
    new_password,
    password_reset,
    recovery_inputs,
    registration,
    registration_inputs,
    user_functions,
)
from csrdesk.flows.kernel import State


class Flow(msgspec.Struct, frozen=True):
    """One flow: its saved form and its first state."""

    name: str
    version: int
    states: Any
    """The union of its state classes, for the codec."""
    inputs: type[msgspec.Struct]
    begin: Callable[[Any], State]


FLOWS: Mapping[str, Flow] = MappingProxyType(
    {
        flow.name: flow
        for flow in (
            Flow("csr_main", 17, csr_main.CsrMainState, csr_main.Start, csr_main.begin),
            Flow(
                "challenge_acceptance",
                13,
                challenge_acceptance.ChallengeAcceptanceState,
                challenge_acceptance.Start,
                challenge_acceptance.begin,
            ),
            Flow(
                "account_recovery",
                2,
                account_recovery.AccountRecoveryState,
                recovery_inputs.Start,
                account_recovery.begin,
            ),
            Flow("registration", 2, registration.RegistrationState, registration_inputs.Start, registration.begin),
            Flow("password_reset", 8, password_reset.PasswordResetState, password_reset.Start, password_reset.begin),
            Flow("new_password", 5, new_password.NewPasswordState, new_password.Start, new_password.begin),
            Flow("user_functions", 7, user_functions.UserFunctionsState, user_functions.Start, user_functions.begin),
            Flow("device_authentication", 4, device_page.DevicePageState, device_page.Start, device_page.begin),
            Flow("approvals", 2, approvals.ApprovalsState, approvals.Start, approvals.begin),
            Flow("agents", 1, agents.AgentsState, agents.Start, agents.begin),
            Flow("hand_over", 1, hand_over.HandOverState, hand_over.Start, hand_over.begin),
            Flow(
                "magic_link_page", 3, magic_link_page.MagicLinkPageState, magic_link_page.Start, magic_link_page.begin
            ),
        )
    }
)
