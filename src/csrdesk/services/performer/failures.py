"""What the log and the status line are told of a service that failed: its code, its details without secrets."""

from __future__ import annotations

import logging

from csrdesk.errors import RefusedError, ServiceError
from csrdesk.flows.kernel import Effect
from csrdesk.services.performer.outside import Outside

log = logging.getLogger(__name__)


def note(effect: Effect, error: ServiceError, outside: Outside) -> None:
    """One line: what was tried and what came of it, never about whom. What is down is looked at again."""
    if not isinstance(error, RefusedError):
        outside.failed.set()
    what = effect.action or type(effect).__name__
    reference = f" reference={error.correlation_id}" if error.correlation_id else ""
    log.warning("%s: %s %s: %s%s", what, error.system, error.code, error.details or error.message, reference)
