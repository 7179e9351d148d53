"""What the agent is shown while the caller opens the spoken address."""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.prompts import PollingPrompt
from csrdesk.model.people import Person


class AddressFormPrompt(Prompt, frozen=True):
    """There is no code to say: it ended, or a rule said no."""

    answers = a.OpenAddressChosen | a.Cancelled
    person: Person
    note: str = ""
    warned: bool = False
    """The note is a warning: to go on makes a code all the same."""
    code: str = ""
    """The `code` of the problem behind the note, for scripts; empty where a rule said no."""


class SpokenAddressPrompt(PollingPrompt, frozen=True):
    """The address to say, the clocks, how far the caller is, and (in the view, never here) the code to say."""

    answers = a.NewCodeChosen | a.MoreTimeChosen | a.LineDropped | a.Cancelled
