"""Keepers of a second audit, outside: syslog over TLS, and HTTPS."""
