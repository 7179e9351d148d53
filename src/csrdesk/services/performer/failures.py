"""What the log is told of a service that failed: its code, its details without secrets, and what to quote of it."""

from __future__ import annotations

import logging

from csrdesk.errors import ServiceError
from csrdesk.flows.kernel import Effect

log = logging.getLogger(__name__)


def note(effect: Effect, error: ServiceError) -> None:
    """One line: what was tried and what came of it, never about whom."""
    what = effect.action or type(effect).__name__
    reference = f" reference={error.correlation_id}" if error.correlation_id else ""
    log.warning("%s: %s %s: %s%s", what, error.system, error.code, error.details or error.message, reference)
