"""What PingOne Protect made of a visit: the values that Threat Detection hands on, and what follows from them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

MITIGATIONS: Final = {
    "BOT_MITIGATION": "a program instead of a person",
    "AITM_MITIGATION": "somebody between the customer and the page",
    "TEMP_EMAIL_MITIGATION": "a throw-away mail address",
}
"""Recommended actions that end a flow whatever the level, and what each suspects."""
KNOWN_DEVICE: Final = "KNOWN_DEVICE"


class RiskLevel(StrEnum):
    """PingOne's levels."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


class WhenDown(StrEnum):
    """What a page does where Protect gives no answer (`protect.when_down`)."""

    STEP_UP = "step_up"
    """Go on with stronger proof alone; where there is none, stop."""
    ALLOW = "allow"
    """Go on as if nothing had been asked; audit and agent are told."""
    BLOCK = "block"


class Risk(msgspec.Struct, frozen=True):
    """One risk evaluation."""

    id: str
    """`protectRiskID`."""
    level: RiskLevel
    """`protectRiskLevel`."""
    predictor: str = ""
    """`ciam_protectPredictor`: the action that PingOne recommends, in its own word; empty for none."""
    device_status: str = ""
    """`ciam_protectDeviceStatus`, in PingOne's word: `KNOWN_DEVICE`, `NEW_DEVICE`; empty where it says nothing."""

    @property
    def is_mitigation(self) -> bool:
        """Whether the flow ends whatever the level."""
        return self.predictor in MITIGATIONS

    @property
    def stops(self) -> bool:
        """Whether nothing is approved after it."""
        return self.is_mitigation or self.level is RiskLevel.HIGH

    @property
    def is_new_device(self) -> bool:
        """Whether PingOne says that it does not know the browser."""
        return self.device_status not in ("", KNOWN_DEVICE)

    @property
    def label(self) -> str:
        """In words, for agents: `medium risk, new device`."""
        suspected = MITIGATIONS.get(self.predictor, self.predictor)
        parts = (f"{self.level.lower()} risk", suspected, self.device_status.replace("_", " ").lower())
        return ", ".join(part for part in parts if part)


class RiskCheck(msgspec.Struct, frozen=True):
    """What came of asking Protect about the customer on a page, and what follows."""

    risk: Risk | None = None
    """None where Protect gave no answer."""
    without: WhenDown | None = None
    """What is done without an answer; None where there is one."""

    @property
    def stops(self) -> bool:
        """Whether nothing is approved after it."""
        return self.risk.stops if self.risk else self.without is not WhenDown.ALLOW and not self.steps_up

    @property
    def is_notable(self) -> bool:
        """Whether there is more to say than that nothing speaks against it."""
        return self.risk is None or self.risk.stops or self.risk.level is not RiskLevel.LOW or self.risk.is_new_device

    @property
    def steps_up(self) -> bool:
        """Whether only a strong device counts."""
        return self.without is WhenDown.STEP_UP

    @property
    def label(self) -> str:
        """In words, for agents, after `PingOne Protect:`."""
        return self.risk.label if self.risk else _WITHOUT[self.without]


_WITHOUT: Final = {
    None: "no answer",
    WhenDown.STEP_UP: "no answer, so a strong device is needed",
    WhenDown.ALLOW: "no answer, risk not known",
    WhenDown.BLOCK: "no answer, so nothing is approved",
}
