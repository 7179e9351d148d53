"""What customers answer on the pages of a registration."""

from __future__ import annotations

from csrdesk.flows.answers import Line
from csrdesk.flows.kernel import Answer
from csrdesk.model.secret import Secret


class RegisterEmailGiven(Answer, frozen=True):
    """The address of the account that is to be made, as typed."""

    email: Line
    languages: Line = ""
    """What the browser asks for (`Accept-Language`), for the agreement; put there by the page's server, never typed."""


class NamesGiven(Answer, frozen=True):
    """First and last name, as typed."""

    given_name: Line = ""
    family_name: Line = ""


class FirstPasswordTyped(Answer, frozen=True):
    """The password of the new account, twice; blanks at its ends belong to it."""

    password: Secret
    again: Secret


class WithoutPasswordChosen(Answer, frozen=True):
    """Sign in with a device alone."""


class AgreementAccepted(Answer, frozen=True):
    """The customer accepts the text that the page shows."""


class AgreementDeclined(Answer, frozen=True):
    pass
