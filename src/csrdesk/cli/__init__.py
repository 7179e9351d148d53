"""The command line: one module a command group. Nothing heavier than Typer is imported before a command runs."""
