"""The two calm themes. Their texts keep a contrast of at least 4.5 to 1 on every surface (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from textual.app import App
from textual.theme import Theme

DARK = Theme(
    name="csrdesk-dark",
    dark=True,
    primary="#7cb7ff",
    secondary="#9fb3c8",
    accent="#7cb7ff",
    success="#7ed491",
    warning="#f5c563",
    error="#ff9d94",
    foreground="#e4e9ef",
    background="#12171e",
    surface="#171e27",
    panel="#212b37",
    text_alpha=1.0,
    variables={
        "text-muted": "#a5b4c4",
        "text-success": "#7ed491",
        "text-warning": "#f5c563",
        "text-error": "#ff9d94",
        "choice-key": "#12171e",
        "choice-key-background": "#9fb3c8",
        "input-cursor-background": "#e4e9ef",
        "input-cursor-foreground": "#12171e",
        "block-cursor-background": "#2f5f94",
        "block-cursor-foreground": "#ffffff",
    },
)

LIGHT = Theme(
    name="csrdesk-light",
    dark=False,
    primary="#0b4f9c",
    secondary="#41566b",
    accent="#0b4f9c",
    success="#17632f",
    warning="#7a4700",
    error="#a3211a",
    foreground="#1a222b",
    background="#f6f8fa",
    surface="#ffffff",
    panel="#e3e9f0",
    text_alpha=1.0,
    variables={
        "text-muted": "#4a5968",
        "text-success": "#17632f",
        "text-warning": "#7a4700",
        "text-error": "#a3211a",
        "choice-key": "#ffffff",
        "choice-key-background": "#41566b",
        "input-cursor-background": "#1a222b",
        "input-cursor-foreground": "#ffffff",
        "block-cursor-background": "#0b4f9c",
        "block-cursor-foreground": "#ffffff",
    },
)

THEMES = (DARK, LIGHT)


def install(app: App[None]) -> None:
    """Make both themes known to `app`, and start with the dark one. Before the app runs its styles are parsed once."""
    for theme in THEMES:
        app.register_theme(theme)
    if app.is_running:
        app.theme = DARK.name
    else:
        app.set_reactive(App.theme, DARK.name)
        app.stylesheet.set_variables(app.get_css_variables())


def toggle(app: App[None]) -> None:
    """From dark to light and back."""
    app.theme = LIGHT.name if app.theme == DARK.name else DARK.name
