"""Signing in by OpenID Connect: agents by browser or by a code for another device, scripts by a secret of their own."""
