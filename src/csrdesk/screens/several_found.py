"""Several people fit: the agent picks one by population and the end of the customer number."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from csrdesk.flows.answers import UserChosen
from csrdesk.flows.kernel import Answer
from csrdesk.flows.prompts import SeveralFoundPrompt
from csrdesk.model.people import Person
from csrdesk.screens.prompted import PromptScreen
from csrdesk.widgets.tones import Tone, column, inert

_NAME, _POPULATION = 28, 16


class SeveralFoundScreen(PromptScreen[SeveralFoundPrompt]):
    """A list in which nobody is chosen at first, so that a second Enter from the look-up picks nobody."""

    CSS_PATH = ["frame.tcss", "several_found.tcss"]  # noqa: RUF012 - Textual declares it so
    AUTO_FOCUS = "#people"
    prompt_class = SeveralFoundPrompt

    def compose_body(self) -> ComposeResult:
        yield Static(id="count")
        yield OptionList(id="people", markup=False)
        yield Static(id="more")

    def paint(self) -> None:
        people = self.prompt.people
        self.query_one("#count", Static).update(Content(f"{len(people)} people fit. Who is it?"))
        found = self.query_one("#people", OptionList)
        found.clear_options()
        found.add_options([Option(_row(n, person), id=person.id) for n, person in enumerate(people, start=1)])
        found.highlighted = None
        words = "There are more than these. If the caller is not here, ask for something that fits one person only."
        more = self.query_one("#more", Static)
        more.update(Content.styled(words, Tone.WARN.value))
        more.display = self.prompt.more

    def say(self) -> str:
        return "I see more than one account. How does your customer number end?"

    def fields(self, kind: type[Answer]) -> dict[str, str] | None:
        if kind is not UserChosen:
            return {}
        row = self.query_one("#people", OptionList).highlighted
        if row is None:
            self.complain("Nobody is chosen yet. Use the arrow keys, or type the number in front of the name.")
            return None
        return {"user_id": self.prompt.people[row].id}

    @on(OptionList.OptionSelected)
    def choose(self) -> None:
        """Enter or a click on a row chooses that person."""
        self.action_give(UserChosen.__name__)

    def on_key(self, event: events.Key) -> None:
        """A digit goes to the row of that number; Enter then chooses it."""
        number = int(event.character) if event.character and event.character in "123456789" else 0
        if 0 < number <= len(self.prompt.people):
            event.stop()
            self.query_one("#people", OptionList).highlighted = number - 1


def _row(number: int, person: Person) -> Content:
    ending = f"number ends {person.number_ending}" if person.number_ending else "no customer number"
    return Content.assemble(
        (f"{number:>2}  ", Tone.QUIET.value),
        column(person.name, _NAME, Tone.STRONG),
        "  ",
        column(person.population or "no population", _POPULATION),
        "  ",
        inert(ending, limit=24),
    )
