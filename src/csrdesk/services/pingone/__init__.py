"""PingOne's platform API: one module an area, each a few functions over `api.Api`."""
