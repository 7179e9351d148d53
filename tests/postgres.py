"""A private PostgreSQL for tests: the demo's own."""

from csrdesk.demo.postgres import USER, Server, program, server, why_not

__all__ = ["USER", "Server", "program", "server", "why_not"]
