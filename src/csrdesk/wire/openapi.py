"""The desk API as an OpenAPI 3.1 document, made from the types that are sent: what is described is what is served."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

import msgspec

from csrdesk import __version__
from csrdesk.engine.audit import AuditRow
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.doors import AuditPage, CallRecord
from csrdesk.flows.graph import answers
from csrdesk.model.secret import Secret
from csrdesk.wire import codec
from csrdesk.wire.now import NOW_HEADER
from csrdesk.wire.operations import IN_PATHS, OPERATIONS, PARAMETERS, SENT, Operation
from csrdesk.wire.values import Answered, Read, RehearsalRead, Started, TakenUp, WouldRead
from csrdesk.wire.version import PREFIX, WIRE_HEADER, spoken

Json = dict[str, Any]

_RAW: dict[str, type] = {
    "View": Read,
    "TakenUp": TakenUp,
    "Rehearsal": RehearsalRead,
    "Would": WouldRead,
    "Start": Started,
    "Answer": Answered,
}
"""Bodies that hold something whose class its `type` names: that is written into their schema here."""
_TYPES: dict[str, Any] = {"AuditPage": AuditPage, "CallRecord": CallRecord, "AuditRow": AuditRow}
_REFUSALS = {
    "400": "Another version of csrdesk asked.",
    "401": "Nobody is signed in, or the sign-in does not count any more.",
    "403": "A rule says no.",
    "404": "There is nothing at this address.",
    "408": "The body came too slowly.",
    "409": "The flow has moved on, takes no such answer, or is not yours.",
    "413": "The body is too large.",
    "415": "The body is no JSON.",
    "422": "A value was refused.",
    "429": "Too often in a time.",
    "500": "Something went wrong at the desk.",
    "502": "What is behind the desk answered unexpectedly.",
    "503": "What is behind the desk is not there, or nothing can be written.",
    "504": "What is behind the desk did not answer in time.",
}


def description(url: str = "") -> bytes:
    """The document, for an API at the origin `url`."""
    return msgspec.json.encode(document(url))


def document(url: str = "") -> Json:
    """As `description`, as a value."""
    schemas, named = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "csrdesk desk API",
            "version": __version__,
            "description": "What csrdesk's console and commands ask of a desk elsewhere. A prompt names what may "
            "be answered; the same rules guard accounts whoever asks.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{url}{PREFIX}"}],
        "security": [{"signIn": []}],
        "paths": _paths(named),
        "components": {
            "schemas": schemas,
            "securitySchemes": {"signIn": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _schemas() -> tuple[Json, Json]:
    """All schemas, and the reference to each that an operation names."""
    prompts, acts = list(codec.prompts().values()), list(codec.acts().values())
    outcomes = list(dict.fromkeys(kind for flow in codec.OUTCOMES for kind in codec.outcomes(flow).values()))
    given = list(dict.fromkeys(kind for prompt in prompts for kind in answers(prompt)))
    inputs = [FLOWS[flow].inputs for flow in codec.OUTCOMES]
    union: list[Any] = [reduce(or_, prompts), reduce(or_, acts), reduce(or_, given)]
    bodies = {**SENT, **_TYPES, **_RAW}
    found, components = msgspec.json.schema_components(
        [*union, *outcomes, *inputs, *bodies.values()], schema_hook=_hook, ref_template="#/components/schemas/{name}"
    )
    schemas: Json = dict(components)
    ends = {"anyOf": [*found[3 : 3 + len(outcomes)], {"type": "null"}]}
    starts = {"anyOf": list(found[3 + len(outcomes) : 3 + len(outcomes) + len(inputs)])}
    named = dict(zip(bodies, found[-len(bodies) :], strict=True))
    for name, holes in {
        "Read": {"prompt": {"anyOf": [found[0], {"type": "null"}]}, "outcome": ends},
        "TakenUp": {"view": named["View"]},
        "RehearsalRead": {"outcome": ends},
        "WouldRead": {"effect": found[1]},
        "Started": {"inputs": starts},
        "Answered": {"answer": found[2]},
    }.items():
        schemas[name]["properties"].update(holes)
    named["AuditRows"] = {"type": "array", "items": named["AuditRow"]}
    return schemas, named


def _hook(kind: type) -> Json:
    if kind is Secret:
        return {"type": "string", "writeOnly": True}
    raise NotImplementedError(kind.__name__)


def _paths(named: Json) -> Json:
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, named)
    return paths


def _operation(operation: Operation, named: Json) -> Json:
    in_path = [name for name in IN_PATHS if f"{{{name}}}" in operation.path]
    said = {"200": _response("Done.", named[operation.answer])}
    if operation.waits:
        said["204"] = {"description": "No news yet: ask again.", "headers": _HEADERS}
    described: Json = {
        "operationId": f"{operation.method.lower()}{operation.path.title().translate(_PLAIN)}",
        "summary": operation.summary,
        "parameters": [
            *(_parameter(name, "path") for name in in_path),
            *(_parameter(name, "query") for name in operation.query),
            _VERSION,
        ],
        "responses": said | {status: _response(words, named["Error"]) for status, words in _REFUSALS.items()},
    }
    if operation.body:
        body = {"application/json": {"schema": named[operation.body]}}
        described["requestBody"] = {"required": True, "content": body}
    return described


def _parameter(name: str, place: str) -> Json:
    schema, words = PARAMETERS[name]
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": words}


_PLAIN = str.maketrans("", "", "/{}")
_VERSION = {
    "name": WIRE_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "enum": [spoken()]},
    "description": "Which shapes whoever asks knows. Leave it out in scripts.",
}
_HEADERS = {
    WIRE_HEADER: {"schema": {"type": "string"}, "description": "Which shapes the desk speaks."},
    NOW_HEADER: {"schema": {"type": "string", "format": "date-time"}, "description": "What time it is at the desk."},
}


def _response(words: str, schema: Json) -> Json:
    return {"description": words, "headers": _HEADERS, "content": {"application/json": {"schema": schema}}}
