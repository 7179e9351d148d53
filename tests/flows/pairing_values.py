"""The events of a device registration, with the contents that matter, and where its walks begin."""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows import device_registration as dr
from csrdesk.flows import pairing_answers as pa
from csrdesk.flows import pairing_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Answer, Failed, Problem, Reply
from csrdesk.flows.pairing_inputs import Inputs
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import Secret

TYPED_NUMBER, TYPED_PASSCODE, ATTESTATION = "07700 900143", "417209", '{"id":"made-in-the-browser"}'
KEY = "otpauth://totp/Example?secret=JBSWY3DPEHPK3PXP"
ALL = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL")
INPUTS = Inputs("ada-1", "a***a@m***.example", allowed_device_types=ALL)
BOUND = Inputs(
    "ada-1",
    "a***a@m***.example",
    auto_enroll_email=True,
    allow_cancel=False,
    passwordless_required=True,
    allowed_device_types=ALL,
)
FIRST = (dr.begin(INPUTS, 4), dr.begin(BOUND, 4, "policy-1"))
"""With everything that is optional, and with nothing of it."""

NUMBER = pa.NumberGiven("GB", Secret(TYPED_NUMBER))
CODE = a.PasscodeGiven(Secret(TYPED_PASSCODE))
MADE = pa.AttestationGiven(Secret(ATTESTATION))
OFFERS = pr.PairingGathered(ALL)
DOWN = Failed(Problem("PingOne did not answer in time.", "POST", "timed_out"))
ENDED = Failed(Problem("Only a customer's own page does this.", code="forbidden"))
GONE = Failed(Problem("PingOne knows nobody by that.", code="not_found"))
LIMITED = Failed(Problem("5 passcodes were sent for this page.", code="limit_reached"))

ANSWERS: tuple[Answer, ...] = (
    *(pa.DeviceTypeChosen(kind, WebAuthn.FULL) for kind in (*ALL, "MOBILE")),
    pa.DeviceTypeChosen("FIDO2"),
    pa.PasswordInsteadChosen(),
    pa.RegisteredChosen(),
    NUMBER,
    pa.NumberGiven("", Secret(" ")),
    MADE,
    *(pa.NewPasskeyFailed(reason) for reason in ("cancelled", "unsupported", "registered", "failed")),
    pa.NicknameGiven("My phone"),
    pa.NicknameGiven(" "),
)
"""Beside those of every flow."""
REPLIES: tuple[Reply, ...] = (
    OFFERS,
    pr.PairingGathered(ALL, ("Laptop",)),
    pr.PairingGathered((), ("Laptop", "+44 *** *** 43"), full=True),
    pr.PairingGathered(),
    pr.DevicePaired("dev-1", "+44 *** *** 43"),
    pr.DevicePaired("dev-2", active=True),
    pr.DevicePaired("dev-1", shown=Secret(KEY)),
    pr.NumberNotTaken("That number is too short."),
    pr.AlreadyPaired(),
    pr.NoRoom(),
    pr.WrongSite(),
    pr.DeviceActivated(),
    pr.AttestationWrong(),
    pr.DeviceDropped(),
    pr.DeviceNamed(),
    pr.MfaEnabled(),
    r.PasscodeWrong(2),
)
FAILURES: tuple[Reply, ...] = (GONE, ENDED, LIMITED)
