"""Which screen shows which prompt. A prompt that is not here gets the plain form."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Prompt
from csrdesk.screens.account import AccountScreen
from csrdesk.screens.agent_push import AgentPushScreen
from csrdesk.screens.agents import AgentsScreen
from csrdesk.screens.approvals import ApprovalsScreen
from csrdesk.screens.cannot_verify import CannotVerifyScreen
from csrdesk.screens.card import CardScreen
from csrdesk.screens.confirm import ConfirmScreen
from csrdesk.screens.devices import DevicesScreen
from csrdesk.screens.error import ErrorScreen
from csrdesk.screens.exception import AwaitingLeadScreen, ExceptionScreen
from csrdesk.screens.form import form_for
from csrdesk.screens.hand_over import HandOverScreen, OfferedScreen
from csrdesk.screens.heard import HeardScreen
from csrdesk.screens.info import Surroundings
from csrdesk.screens.magic_link_form import MagicLinkFormScreen
from csrdesk.screens.new_password import NewPasswordScreen
from csrdesk.screens.notice import NoticeScreen
from csrdesk.screens.phones import PhonesScreen
from csrdesk.screens.polling import PollingScreen
from csrdesk.screens.prompted import PromptScreen
from csrdesk.screens.protected import ProtectedScreen
from csrdesk.screens.recovery_watch import RecoveryWatchScreen
from csrdesk.screens.registration_watch import RegistrationWatchScreen
from csrdesk.screens.second_agent import SecondAgentScreen
from csrdesk.screens.several_found import SeveralFoundScreen
from csrdesk.screens.spoken_address import AddressFormScreen, SpokenAddressScreen
from csrdesk.screens.unverifiable_card import UnverifiableCardScreen
from csrdesk.screens.username import UsernameScreen
from csrdesk.screens.window import by_exception

AnyScreen = type[PromptScreen[Prompt]]

SCREENS = (
    UsernameScreen,
    SeveralFoundScreen,
    CardScreen,
    UnverifiableCardScreen,
    ProtectedScreen,
    CannotVerifyScreen,
    RecoveryWatchScreen,
    RegistrationWatchScreen,
    MagicLinkFormScreen,
    PollingScreen,
    AddressFormScreen,
    SpokenAddressScreen,
    PhonesScreen,
    AgentPushScreen,
    HeardScreen,
    ExceptionScreen,
    AwaitingLeadScreen,
    AccountScreen,
    DevicesScreen,
    ConfirmScreen,
    SecondAgentScreen,
    NewPasswordScreen,
    NoticeScreen,
    ErrorScreen,
    ApprovalsScreen,
    HandOverScreen,
    OfferedScreen,
    AgentsScreen,
)
_BY_PROMPT: dict[type[Prompt], AnyScreen] = {screen.prompt_class: screen for screen in SCREENS}  # type: ignore[misc]


@cache
def screen_for(prompt: type[Prompt]) -> AnyScreen:
    """The screen class for prompts of this class."""
    return _BY_PROMPT.get(prompt) or form_for(prompt)


def make_screen(
    view: View, prompt: Prompt, around: Surroundings, verified_until: datetime | None, *, excepted: bool = False
) -> PromptScreen[Prompt]:
    """A new screen that shows `prompt`; `excepted` is whether the window stood on a lead's word before."""
    screen = screen_for(type(prompt))(view, prompt, around, verified_until=verified_until)
    screen.by_exception = by_exception(prompt, excepted)
    return screen
