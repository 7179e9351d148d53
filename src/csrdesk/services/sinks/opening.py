"""From the settings to a keeper of a second audit."""

from __future__ import annotations

import ssl
from pathlib import Path

from csrdesk.config import AuditSinkSettings
from csrdesk.errors import ConfigError
from csrdesk.model.sink import Sink
from csrdesk.services import keys


def open_sink(settings: AuditSinkSettings) -> Sink | None:
    """The keeper that the settings name, None for none; nothing is sent yet. Raises `ConfigError`."""
    if settings.kind == "none":
        return None
    if settings.kind == "https":
        from csrdesk.services import http
        from csrdesk.services.sinks.https import HttpsSink

        token = keys.read(keys.AUDIT_SINK, settings.token_file) if settings.with_token else None
        client = http.open_at(settings.url, trusted=_trusted(settings))
        return HttpsSink(client, settings.url, token, timeout_seconds=settings.timeout_seconds)
    from csrdesk.services.sinks.syslog import SyslogSink

    host, port = settings.server
    return SyslogSink(host, port, _trusted(settings), timeout_seconds=settings.timeout_seconds)


def _trusted(settings: AuditSinkSettings) -> ssl.SSLContext:
    """What the server's certificate is checked by, and ours, where it wants one (RFC 5425, section 4.2.1)."""
    key = "audit_sink.ca_file"
    try:
        context = ssl.create_default_context(cafile=_file(settings.ca_file))
        key = "audit_sink.certificate_file"
        if settings.certificate_file:
            context.load_cert_chain(_file(settings.certificate_file) or "", _file(settings.certificate_key_file))
    except OSError as error:
        words = f"{key}: the certificate cannot be used: {error.strerror or error}."
        raise ConfigError(words, key=key) from None
    return context


def _file(name: str) -> str | None:
    return str(Path(name).expanduser()) if name else None
