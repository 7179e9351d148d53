"""A desk's own figures in Prometheus's form. Apart from `metrics`, because pages of their own process have no desk."""

from __future__ import annotations

from typing import Protocol

from prometheus_client import Counter, Gauge

from csrdesk.engine.clock import Clock
from csrdesk.engine.figures import Figures
from csrdesk.errors import StoreUnavailableError
from csrdesk.server.metrics import Metrics


class Second(Protocol):
    """How far the audit's second keeper is behind."""

    rows_behind: int
    seconds_behind: float


class DeskFigures:
    """A desk's own figures, read from its tables when somebody asks."""

    def __init__(self, metrics: Metrics, figures: Figures, clock: Clock, second: Second | None = None) -> None:
        self._figures = figures
        self._clock = clock
        self._second = second

        def gauge(name: str, said: str) -> Gauge:
            return Gauge(f"csrdesk_{name}", said, registry=metrics.registry)

        def counter(name: str, said: str, *labels: str) -> Counter:
            return Counter(f"csrdesk_{name}", said, labels, registry=metrics.registry)

        self._open = gauge("calls_open", "Calls that are not over.")
        self._links = gauge("links_waiting", "Links, codes and pages that wait for a customer.")
        self._owed = gauge("notices_owed", "Mails that are still tried.")
        self._unknown = gauge("acts_unknown", "Acts that were begun and have no outcome on record.")
        self._audit = gauge("audit_unavailable", "1 while the database, and with it the audit, cannot be used.")
        self._started = counter("calls_started", "Calls that were begun, at the whole desk.")
        self._verified = counter("calls_verified", "Callers who were verified, at the whole desk.")
        self._rows = counter("audit_rows", "Rows of the audit by kind, at the whole desk.", "kind")
        self._refusals = counter("refusals", "Refused acts by the error's code, at the whole desk.", "code")
        ahead = "Seconds that this machine's clock is ahead of its database server's; 0 where the desk keeps a file."
        self._apart = gauge("clock_apart_seconds", ahead)
        if second:
            self._rows_behind = gauge("audit_sink_rows_behind", "Rows that the audit's second keeper has not got.")
            self._age_behind = gauge("audit_sink_behind_seconds", "The age of the oldest of them.")
        metrics.updates.append(self.update)

    async def update(self) -> None:
        """Read them. Where the database cannot be read the rest stays as it was."""
        self._apart.set(self._clock.apart.total_seconds() if self._clock.apart else 0)
        if self._second:
            self._rows_behind.set(self._second.rows_behind)
            self._age_behind.set(self._second.seconds_behind)
        try:
            now, since = await self._figures.now(), await self._figures.since()
        except StoreUnavailableError:
            self._audit.set(1)
            return
        self._audit.set(0)
        self._open.set(now.calls_open)
        self._links.set(now.links_waiting)
        self._owed.set(now.notices_owed)
        self._unknown.set(now.acts_unknown)
        self._started.inc(since.calls_started)
        self._verified.inc(since.calls_verified)
        for kind, count in since.rows.items():
            self._rows.labels(kind).inc(count)
        for code, count in since.refusals.items():
            self._refusals.labels(code).inc(count)
