"""The command palette: what the screen offers now, by name. It reads the same offers as the screen's own choices."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from csrdesk.widgets.choices import Offering, shown


class OfferCommands(Provider):
    """One command an offer."""

    async def discover(self) -> Hits:
        for name, help_, action in self._commands():
            yield DiscoveryHit(name, partial(self.screen.run_action, action), help=help_)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_, action in self._commands():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), partial(self.screen.run_action, action), help=help_)

    def _commands(self) -> list[tuple[str, str, str]]:
        screen = self.screen
        if not isinstance(screen, Offering):
            return []
        return [(offer.label, f"{offer.help}  ({shown(offer.key)})", offer.action) for offer in screen.offers()]
