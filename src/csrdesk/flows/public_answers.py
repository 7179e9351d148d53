"""What customers answer on pages that they open by themselves."""

from __future__ import annotations

from csrdesk.flows.answers import Short
from csrdesk.flows.kernel import Answer
from csrdesk.model.recovery import joined
from csrdesk.model.secret import Secret


class EmailGiven(Answer, frozen=True):
    """The address of an account, as typed; it proves nobody."""

    email: Short


class RecoveryTyped(Answer, frozen=True):
    """The code of the mail, and the new password twice, as typed: blanks at its ends belong to it."""

    code: Secret
    password: Secret
    again: Secret

    @property
    def secret(self) -> Secret:
        """Code and password, as the one secret of the step."""
        return joined(self.code, self.password)
