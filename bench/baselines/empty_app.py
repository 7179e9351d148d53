"""The smallest Textual app that shows words and takes keys: one label, one field."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Input, Label


class EmptyApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Label("Ready to type")
        yield Input()


if __name__ == "__main__":
    EmptyApp().run()
