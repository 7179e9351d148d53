"""The engine: runs flows, saves every step, checks policy, audits. `engine.engine` is the way in."""
