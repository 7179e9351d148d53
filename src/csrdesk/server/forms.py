"""From the bytes of a posted form to an answer that the prompt allows, or the reason why not.

Its own file because everything that a stranger can send passes through here first.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct
from starlette.requests import Request

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.flows.prompts import CodePrompt, NotMePrompt
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import decode_hook
from csrdesk.model.text import digits
from csrdesk.server import texts

MAX_BODY = 256 * 1024
MAX_FIELDS = 20
MAX_VALUE = 1000
LONG = frozenset({"password", "again", "assertion", "attestation", "signals"})
"""Fields as long as a body may be: who pastes a whole page is told what a password may be, not turned away; and what a
passkey signs, or PingOne's Signals script finds, is as long as that makes it."""

_CODE = re.compile(r"[0-9]{6}")

Form = dict[str, str]


class Refusal(Struct, frozen=True):
    """A form that is not taken: the HTTP status, and what to say on the page."""

    status: int
    note: str


async def read_form(request: Request) -> Form | Refusal:
    """The fields of a form. Nothing beyond the bounds is kept; a field that comes twice is refused, not chosen from."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return Refusal(415, texts.NOT_TAKEN)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return Refusal(413, texts.NOT_TAKEN)
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # not ASCII, not UTF-8 behind the percent signs, or too many fields
        return Refusal(400, texts.NOT_TAKEN)
    form = dict(fields)
    if len(form) != len(fields) or any(len(value) > MAX_VALUE for name, value in form.items() if name not in LONG):
        return Refusal(422, texts.NOT_TAKEN)
    return form


def answer_to(prompt: Prompt, form: Form) -> Answer | Refusal:
    """The answer that a form gives to `prompt`; what the prompt does not ask for, and empty fields, are refused."""
    try:
        answer = msgspec.convert(form, type=prompt.answers, dec_hook=decode_hook)
    except msgspec.ValidationError:
        return Refusal(422, _missing(prompt, form))
    match answer:
        case a.CodeGiven(code) if not _CODE.fullmatch(digits(code.reveal())):  # no code at all: it costs no try
            return Refusal(422, _no_code(prompt))
        case a.PasscodeGiven(passcode) if not passcode.reveal().strip():
            return Refusal(422, texts.PASSCODE_MISSING)
        case Answer():
            return answer
        case _:
            return Refusal(422, texts.NOT_TAKEN)


def webauthn_of(form: Form) -> WebAuthn:
    """What the page's script found out; without JavaScript, or with nonsense: nothing, which is `NONE`."""
    try:
        return WebAuthn(form.get("webauthn", ""))
    except ValueError:
        return WebAuthn.NONE


def _missing(prompt: Prompt, form: Form) -> str:
    """What to say where a form as it was served comes back."""
    match prompt:
        case NotMePrompt():
            return texts.CHOICE_MISSING
        case CodePrompt() if not form.get("code"):
            return _no_code(prompt)
        case _:
            return texts.NOT_TAKEN


def _no_code(prompt: Prompt) -> str:
    """Where the code is to be found: an agent says it, or another page shows it."""
    by_agent = not isinstance(prompt, CodePrompt) or prompt.about.agent_name
    return texts.CODE_MISSING if by_agent else texts.LINK_CODE_MISSING
