"""What Agreement (Terms of Service) needs of PingOne, and what comes of it."""

from __future__ import annotations

from csrdesk.flows.kernel import Effect, Kind, Reply
from csrdesk.flows.registration_effects import RegistrationChange
from csrdesk.model.agreements import Agreement


class ReadConsent(Effect, frozen=True, kw_only=True):
    """Whether the person has accepted the agreement as it stands now. Answered with `ConsentRead`."""

    kind = Kind.READ
    agreement_id: str


class ReadAgreement(Effect, frozen=True, kw_only=True):
    """The agreement in the first of these languages that it has. Answered with `AgreementRead` or `NoAgreement`."""

    kind = Kind.READ
    agreement_id: str
    languages: str
    """As a browser says them (`Accept-Language`, RFC 9110)."""


class AcceptAgreement(RegistrationChange, frozen=True, kw_only=True):
    """Have PingOne write down that the person accepted this text, once. Answered with `AgreementAccepted`."""

    action = "agreement.accept"
    agreement_id: str
    language_id: str
    revision_id: str


class ConsentRead(Reply, frozen=True):
    accepted: bool


class AgreementRead(Reply, frozen=True):
    agreement: Agreement


class NoAgreement(Reply, frozen=True):
    """There is none by that id, or it is switched off, or it has no text in any language."""


class AgreementAccepted(Reply, frozen=True):
    pass
