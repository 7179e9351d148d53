"""The events of a registration and of an agreement, with the contents that matter, and where their walks begin."""

from __future__ import annotations

from csrdesk.flows import agreement_effects as ax
from csrdesk.flows import registration, risk_replies
from csrdesk.flows import registration_answers as ra
from csrdesk.flows import registration_effects as gx
from csrdesk.flows.kernel import Answer, Replies, Reply
from csrdesk.flows.registration_inputs import Inputs, RegistrationRules, Start
from csrdesk.model.agreements import Agreement
from csrdesk.model.risk import WhenDown
from csrdesk.model.secret import Secret
from tests.flows import recovery_values as rv

ADDRESS, FORBIDDEN, ELSEWHERE = "grace@mail.example", "grace@sub.forbidden.example", "grace@other.test"
PASSWORD, TYPED_CODE = "Winding 7 lanes", "314159"
RULES = RegistrationRules(code_limit=2, no_domains=frozenset({"forbidden.example"}))
LENIENT = RegistrationRules(code_limit=1, domains=frozenset({"mail.example"}), when_down=WhenDown.ALLOW)
TYPES = ("FIDO2", "TOTP", "SMS", "VOICE", "EMAIL")
WITH_TERMS = Inputs("terms-1", allowed_device_types=TYPES, agreement_enabled=True)
BARE = Inputs("", passwordless_required=True, allowed_device_types=TYPES, risk_policy_id="policy-1")
FIRST = (registration.begin(Start(RULES, WITH_TERMS)), registration.begin(Start(LENIENT, BARE)))

TERMS = Agreement("terms-1", "lang-1", "rev-1", "de", "Bedingungen", "<p>Sei <b>nett</b>.</p>", html=True)
NOBODY, OWNED, MADE = gx.RegistrationUser(), gx.RegistrationUser("ada-1"), gx.UserCreated("grace-1")
FIRST_PASSWORD = ra.FirstPasswordTyped(Secret(PASSWORD), Secret(PASSWORD))

ANSWERS: tuple[Answer, ...] = (
    *(ra.RegisterEmailGiven(email, "de, en;q=0.5") for email in (ADDRESS, "nobody", FORBIDDEN, ELSEWHERE)),
    ra.NamesGiven("Grace", "Hopper"),
    ra.NamesGiven("<b>", ""),
    FIRST_PASSWORD,
    ra.FirstPasswordTyped(Secret(PASSWORD), Secret("another one 123")),
    ra.FirstPasswordTyped(Secret(""), Secret("")),
    ra.FirstPasswordTyped(Secret("tiny"), Secret("tiny")),
    ra.WithoutPasswordChosen(),
    ra.AgreementAccepted(),
    ra.AgreementDeclined(),
)
REPLIES: tuple[Reply, ...] = (
    *(NOBODY, OWNED, MADE),
    gx.EmailCodeSent("auth-9"),
    gx.AddressTaken(),
    gx.NameRefused(),
    gx.EmailEnrolled(),
    gx.EmailNotAllowed(),
    ax.ConsentRead(accepted=True),
    ax.ConsentRead(accepted=False),
    ax.AgreementRead(TERMS),
    ax.NoAgreement(),
    ax.AgreementAccepted(),
)
"""Beside those of every flow, and of a recovery."""


def analysed(risk: Reply, found: Reply = NOBODY, policy: Reply = rv.ASKED_OF_ALL) -> Replies:
    """What comes of the threat analysis and the look-up beside it."""
    return Replies((rv.TIME, risk, found, policy))


def checked(reply: Reply) -> Replies:
    """PingOne's answer to the code, in its time."""
    return Replies((rv.TIME, reply))


GROUPS: tuple[Reply, ...] = (
    *(analysed(risk_replies.RiskEvaluated(risk)) for risk in (rv.LOW, rv.MEDIUM, rv.HIGH, rv.BOT)),
    analysed(risk_replies.RiskEvaluated(rv.LOW), OWNED),
    analysed(risk_replies.RiskEvaluated(rv.LOW), rv.DOWN),
    analysed(risk_replies.RiskEvaluated(rv.LOW), policy=rv.DOWN),
    analysed(rv.DOWN),
    checked(gx.EmailCodeRight()),
    checked(gx.EmailCodeWrong()),
)
