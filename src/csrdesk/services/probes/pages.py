"""The customers' pages, asked for at the address that customers use: through proxy, certificate and all."""

from __future__ import annotations

from csrdesk.errors import ServiceError
from csrdesk.model.checkup import Finding, ok, wrong
from csrdesk.services import http

AREA = "Pages"
_PATIENCE = 10.0
_TODO = "Look at the reverse proxy: it must hand everything below desk.public_url to desk.listen_host and its port."


async def probe(url: str) -> Finding:
    """`/healthz` at the pages' origin."""
    client = http.open_client(url, timeout_seconds=_PATIENCE)
    try:
        request = client.build_request("GET", f"{url}/healthz")
        response = await http.send(client, request, system=url, timeout_seconds=_PATIENCE)
    except ServiceError as error:
        return wrong(AREA, error.message, _TODO)
    finally:
        await client.aclose()
    if (response.status_code, response.text.strip()) != (200, "ok"):
        return wrong(AREA, f"{url} answers, but not as csrdesk (status {response.status_code}).", _TODO)
    return ok(AREA, f"{url} answers.")
