"""The desk API as people look it up: what can be asked, and which answers each prompt takes."""

from __future__ import annotations

from csrdesk.flows.graph import answers
from csrdesk.flows.kernel import Prompt
from csrdesk.wire.codec import prompts
from csrdesk.wire.operations import OPERATIONS, PARAMETERS
from csrdesk.wire.version import PREFIX, WIRE, WIRE_HEADER

HEAD = f"""# The desk API

What the console and the commands ask of a desk that is elsewhere ([how to](../how-to/ask-a-desk-elsewhere.md)). It is
served at the origin `desk.api_url`, below `{PREFIX}`; the desk itself serves this as OpenAPI 3.1 at
`{PREFIX}/openapi.json`.

* **Who asks**: `Authorization: Bearer TOKEN`, of the sign-in that `[sign_in]` describes. No cookies; what a page in a
  browser sends (`Origin`, `Sec-Fetch-Site`, `Cookie`) is refused.
* **Bodies** are JSON, 64 KiB at most. An error has `code`, `message`, `details`, `correlation_id`, `after`, `fields`,
  as far as there is something to say, with the codes of [the errors](errors.md).
* **A flow** shows a prompt or its outcome, at a revision. An answer names the revision that it answers: whoever is late
  reads 409 `stale_flow`, and nothing was done. Only the answers that the prompt lists are taken.
* **A start with the same `key`** begins the same flow, so a start whose answer was lost can be sent again.
* **Moments** are in UTC and by the desk's clock; `csrdesk-now` on every answer says what that is.
* **Waiting** (`changed`, `settled`) ends after `wait` seconds with 204: ask again.
* **`spoken_code`** is for the agent who owns the call, on their screen, and belongs into no log and no ticket.
* **Versions**: the shapes are number {WIRE}. A csrdesk says so in `{WIRE_HEADER}`, and so does every answer; where the
  numbers differ, the message says which side to update. Leave the header out in scripts.

## What can be asked
"""


def pages() -> dict[str, str]:
    rows = [
        f"| {one.method} | `{one.path}` | {one.summary} | {one.body} | {one.answer}{' or 204' if one.waits else ''} |"
        for one in OPERATIONS
    ]
    used = [f"| `{name}` | {words} |" for name, (_, words) in PARAMETERS.items()]
    asked = [_prompt(name, kind) for name, kind in sorted(prompts().items())]
    return {
        "desk-api.md": "\n".join(
            (
                HEAD,
                *("| | address | | sent | comes back |", "|---|---|---|---|---|", *rows),
                *("", "| in address or query | |", "|---|---|", *used),
                *("", "## Prompts, and the answers that each takes", ""),
                *("| prompt | | answers |", "|---|---|---|", *asked),
            )
        )
    }


def _prompt(name: str, kind: type[Prompt]) -> str:
    taken = ", ".join(f"`{answer.__name__}`" for answer in answers(kind))
    return f"| {name} | {(kind.__doc__ or '').partition(chr(10))[0]} | {taken} |"
