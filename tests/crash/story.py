"""The call that is played: what the caller wants, and its end, from wherever a process before left it.

Agent and customer sit in one process: the agent at `Session`, the customer at `CustomerSession` with their mailbox.
Nothing is remembered outside the desk: whoever comes next knows what was done from the audit alone, as an agent does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from csrdesk.errors import NotFoundError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import prompts as p
from csrdesk.flows import spoken_prompts as sp
from csrdesk.flows import try_prompts as tp
from csrdesk.flows.csr_main import Start
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Answer
from csrdesk.model.proofs import Act
from csrdesk.model.secret import Secret
from tests.crash.customer import Customer
from tests.crash.desk import AGENT, CrashDesk
from tests.crash.plots import BY_THEMSELVES, Plot, Way

GOALS: dict[Act, Answer] = {
    Act.UNLOCK: a.UnlockChosen(),
    Act.DISABLE: a.DisableChosen(),
    Act.ENABLE: a.EnableChosen(),
    Act.RESET: a.ResetChosen(),
    Act.EXPIRE: a.ExpireChosen(),
    Act.MUST_CHANGE: a.MustChangeChosen(),
    Act.DEVICES: a.DevicesChosen(),
}
"""How the agent begins what the caller may want."""
WAYS: dict[Way, Answer] = {
    Way.LINK: a.MagicLinkChosen(),
    Way.SPOKEN: a.SpokenAddressChosen(),
    Way.PUSH: a.PushChosen(),
    Way.CALL_BACK: a.CallBackChosen(),
}
BLOCKED = "SMS"
"""The kind of the device that is blocked, once the caller wants that."""
DONE = ("done", "found done")
_LAST_DAYS = timedelta(days=30)
_STEPS = 200


@dataclass
class Player:
    """Plays the call on one desk."""

    desk: CrashDesk
    plot: Plot
    customer: Customer
    said: list[str] = field(default_factory=list)
    """What the agent read: prompts by name, with their notes and lines."""

    async def play(self) -> None:
        """From wherever it stands to its end."""
        if self.plot.way in BY_THEMSELVES:
            self.said += await self.customer.by_themselves()
            return
        session = self.desk.engine.session(AGENT)
        calls = await session.calls(all_of_them=True)
        left = [call for call in calls if not call.over]
        if calls and not left:
            return
        if left:
            resumed = await session.resume(left[0].id)
            self.said.append(f"resumed, {resumed.links_ended} links ended")
            view = resumed.view
        else:
            view = await session.start("csr_main", Start("INC-7"))
        for _ in range(_STEPS):
            view = await session.settled(view.id)
            if view.outcome is not None:
                return
            self._read(view)
            answer = await self._answer(view)
            try:
                if answer is None:
                    view = await session.changed(view.id, view.rev)
                else:
                    await session.answer(view.id, view.rev, answer)
            except StaleFlowError:
                continue
        raise AssertionError(f"the call comes to no end: {self.said[-5:]}")

    def _read(self, view: View) -> None:
        prompt = view.prompt
        lines = "; ".join(line.text for line in getattr(prompt, "lines", ()))
        words = (type(prompt).__name__, getattr(prompt, "note", ""), lines, getattr(prompt, "error_message", ""))
        self.said.append(" | ".join(part for part in words if part))

    async def _answer(self, view: View) -> Answer | None:
        match view.prompt:
            case p.UsernamePrompt():
                return a.UsernameGiven(self.plot.who, "INC-7")
            case p.CardPrompt():
                return WAYS[self.plot.way]
            case tp.PhonesPrompt() | tp.AgentPushPrompt() | tp.HeardPrompt() as phone:
                return await self._by_phone(phone)
            case sp.AddressFormPrompt():
                return a.OpenAddressChosen()
            case p.MagicLinkFormPrompt():
                return a.SendChosen()
            case p.PollingPrompt() | pp.WaitingForNewPasswordPrompt():
                await self._at_pages(view)
                return None
            case p.AccountPrompt():
                goal = await self._next(view.id)
                return GOALS[goal] if goal else a.CallEnded()
            case dp.DevicesPrompt(devices=devices):
                device = next(device for device in devices if device.type == BLOCKED)
                return a.BlockDeviceChosen(device.id) if await self._next(view.id) is Act.DEVICES else a.BackChosen()
            case p.ConfirmPrompt(act=act):
                return a.Confirmed("played", "INC-7", _last_day() if act is Act.EXPIRE else "")
            case p.NoticePrompt(again=again):
                return a.TryAgainChosen() if again else a.NoticeRead()
            case p.ErrorPrompt():
                return a.TryAgainChosen()
            case other:
                raise AssertionError(f"nothing to answer to {other!r}")

    async def _by_phone(self, prompt: tp.PhonesPrompt | tp.AgentPushPrompt | tp.HeardPrompt) -> Answer | None:
        match prompt:
            case tp.PhonesPrompt(phones=phones):
                return a.DeviceChosen(phones[0].id)
            case tp.HeardPrompt():
                return a.PasscodeHeard(await self.customer.passcode())
            case tp.AgentPushPrompt(number=number):
                await self.customer.find_number(number)
                return None

    async def _at_pages(self, view: View) -> None:
        waits = isinstance(view.prompt, pp.WaitingForNewPasswordPrompt)
        if view.spoken_code and self.plot.way is Way.SPOKEN:
            await self.customer.at_address(view.spoken_code)
        elif view.spoken_code or waits:
            await self.customer.at_page(view.spoken_code or Secret(""))

    async def _next(self, call_id: str) -> Act | None:
        """What is wanted and was not done yet."""
        try:
            deeds = (await self.desk.engine.session(AGENT).record(call_id)).deeds
        except NotFoundError:
            deeds = ()
        done = {deed.act for deed in deeds if deed.result in DONE}
        return next((act for act in self.plot.goals if act not in done), None)


def _last_day() -> str:
    """The same whoever asks on the same day."""
    return (datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + _LAST_DAYS).isoformat()
