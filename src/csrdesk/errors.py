"""The one tree of errors, so that a reader sees at a glance what can go wrong and a boundary maps it in one place.

CsrdeskError                     abstract
  ConfigError                    a settings file is wrong: file, key, what to do
  ServiceError                   abstract: something outside failed
    UnreachableError             no connection
    TimedOutError                no answer in time
    RateLimitedError             asked to slow down; `after` seconds
    UnavailableError             it says that it is not well (5xx)
    UnauthorizedError            our own credentials were not taken
    RefusedError                 abstract: it understood and said no
      NotFoundError
      ConflictError
      InvalidValueError          `fields`: what was wrong with which field
    UnexpectedAnswerError        a success of another shape
      ReadBackError              a success, but the state read afterwards differs
  PolicyError                    abstract: csrdesk itself says no
    NotSignedInError             no sign-in, or one that counts no more
    NotVerifiedError
    ForbiddenError
    LimitReachedError            too often in a time; `after` seconds
  OtherVersionError              the two ends of the desk API are different versions
  StoreUnavailableError          the desk's own database cannot be written: nothing was done
    AuditUnavailableError        the audit row could not be made durable: nothing was done
  FlowError                      abstract
    IllegalEventError            this state takes no such event
    StaleFlowError               somebody else was faster; read again
    NeedsAnswerError             a script met a prompt that it has no answer for
    NoSuchFlowError              unknown, or not this agent's
    HandedOverError              it was this agent's, and another has it now
  LinkOverError                  unknown, expired, used, ended or foreign link: one face for all
"""

from __future__ import annotations

from typing import ClassVar


class CsrdeskError(Exception):
    """Something that csrdesk expects to go wrong; `message` is for people, `details` for the log, without secrets."""

    code: ClassVar[str]

    def __init__(self, message: str, *, details: str = "", correlation_id: str = "") -> None:
        if "code" not in type(self).__dict__:
            abstract = f"{type(self).__name__} is abstract: raise one of its leaves"
            raise TypeError(abstract)
        super().__init__(message)
        self.message = message
        self.details = details
        self.correlation_id = correlation_id
        """PingOne's `Correlation-Id` of the answer, empty where there was none."""


class ConfigError(CsrdeskError):
    """A settings file, or the environment, cannot be used as it is."""

    code = "config"

    def __init__(self, message: str, *, file: str = "", key: str = "") -> None:
        super().__init__(message, details=f"file={file} key={key}")
        self.file = file
        self.key = key


class ServiceError(CsrdeskError):
    """Something outside csrdesk failed; `system` names it for people: PingOne, the directory, the mail server."""

    retryable: ClassVar[bool] = False

    def __init__(
        self, message: str, *, system: str = "", details: str = "", correlation_id: str = "", after: float = 0.0
    ) -> None:
        super().__init__(message, details=details, correlation_id=correlation_id)
        self.system = system
        self.after = after
        """Seconds of pause that the service asked for; 0 where it did not say."""


class UnreachableError(ServiceError):
    """No connection could be made, or it was cut."""

    code = "unreachable"
    retryable = True


class TimedOutError(ServiceError):
    """No whole answer came in time: it is unknown whether the request was carried out."""

    code = "timed_out"
    retryable = True


class RateLimitedError(ServiceError):
    """The service asks for a pause of `after` seconds."""

    code = "rate_limited"
    retryable = True


class UnavailableError(ServiceError):
    """The service says that it cannot serve now (5xx)."""

    code = "unavailable"
    retryable = True


class UnauthorizedError(ServiceError):
    """csrdesk's own credentials or rights were not enough."""

    code = "unauthorized"


class RefusedError(ServiceError):
    """The service understood the request and said no."""


class NotFoundError(RefusedError):
    """The thing asked for does not exist, or is not ours to see."""

    code = "not_found"


class ConflictError(RefusedError):
    """The thing is not in the state that the request needs, or changed in between; `fields` as of `InvalidValueError`,
    where the service names what stands in the way.
    """

    code = "conflict"

    def __init__(
        self,
        message: str,
        *,
        fields: dict[str, str] | None = None,
        system: str = "",
        details: str = "",
        correlation_id: str = "",
    ) -> None:
        super().__init__(message, system=system, details=details, correlation_id=correlation_id)
        self.fields = fields or {}


class InvalidValueError(RefusedError):
    """A value was refused; `fields` maps the field to the service's words, `rules` names what it breaks, where told."""

    code = "invalid_value"

    def __init__(
        self,
        message: str,
        *,
        fields: dict[str, str] | None = None,
        rules: tuple[str, ...] = (),
        system: str = "",
        details: str = "",
        correlation_id: str = "",
    ) -> None:
        super().__init__(message, system=system, details=details, correlation_id=correlation_id)
        self.fields = fields or {}
        self.rules = rules


class UnexpectedAnswerError(ServiceError):
    """A success whose body is not what was promised."""

    code = "unexpected_answer"


class ReadBackError(UnexpectedAnswerError):
    """A write was answered with success, but the state read afterwards is not the one written."""

    code = "read_back"


class PolicyError(CsrdeskError):
    """csrdesk's own rules say no; nothing was done."""


class NotSignedInError(PolicyError):
    """Nobody is signed in, or the sign-in does not count here, or no more: sign in again."""

    code = "not_signed_in"


class NotVerifiedError(PolicyError):
    """The caller has not been verified as this act needs, or the verified window has ended."""

    code = "not_verified"


class ForbiddenError(PolicyError):
    """Nobody may do this here, verified or not: a protected account, a limit, another agent's call."""

    code = "forbidden"


class LimitReachedError(PolicyError):
    """Something was done too often in a time; it is possible again after `after` seconds."""

    code = "limit_reached"

    def __init__(self, message: str, *, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class OtherVersionError(CsrdeskError):
    """A csrdesk and the desk that it asks are of versions that do not understand each other; nothing was done."""

    code = "other_version"


class StoreUnavailableError(CsrdeskError):
    """The desk's database cannot be read or written; nothing was done."""

    code = "store_unavailable"


class AuditUnavailableError(StoreUnavailableError):
    """The audit row could not be made durable; nothing was done."""

    code = "audit_unavailable"


class FlowError(CsrdeskError):
    """A front end and a flow disagree about where the flow stands."""


class IllegalEventError(FlowError):
    """Event {event} cannot be sent in state {state}; nothing happened."""

    code = "illegal_event"

    def __init__(self, state: object, event: object) -> None:
        names = f"Event {type(event).__name__} cannot be sent in state {type(state).__name__}"
        super().__init__("This is not possible here any more. Look at the screen again.", details=names)


class StaleFlowError(FlowError):
    """The flow moved on between reading and answering; nothing happened."""

    code = "stale_flow"


class NeedsAnswerError(FlowError):
    """A script met a prompt that its options do not answer; `prompt` is its name."""

    code = "needs_answer"

    def __init__(self, message: str, *, prompt: str) -> None:
        super().__init__(message, details=f"prompt={prompt}")
        self.prompt = prompt


class NoSuchFlowError(FlowError):
    """There is no such call, or it belongs to another agent: the same words for both."""

    code = "no_such_flow"


class HandedOverError(FlowError):
    """The call was this agent's until another one took it over; nothing happened."""

    code = "handed_over"


class LinkOverError(CsrdeskError):
    """A link that opens nothing. Why is never told: unknown, expired, used, ended and foreign look alike."""

    code = "link_over"
