"""Two calm themes with a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3), and a high one with 7 to 1 (1.4.6)."""

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

CONTRAST = Theme(
    name="csrdesk-contrast",
    dark=True,
    primary="#ffff00",
    secondary="#ffffff",
    accent="#ffff00",
    success="#5cff8a",
    warning="#ffd400",
    error="#ffb3ad",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    text_alpha=1.0,
    variables={
        "text-muted": "#ffffff",
        "text-success": "#5cff8a",
        "text-warning": "#ffd400",
        "text-error": "#ffb3ad",
        "choice-key": "#000000",
        "choice-key-background": "#ffff00",
        "input-cursor-background": "#ffff00",
        "input-cursor-foreground": "#000000",
        "block-cursor-background": "#ffff00",
        "block-cursor-foreground": "#000000",
    },
)

THEMES = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}
"""By the word that settings have for each."""


def install(app: App[None], first: str = "dark") -> None:
    """Make the themes known to `app`, and start with one of them. Before the app runs its styles are parsed once."""
    for theme in THEMES.values():
        app.register_theme(theme)
    if app.is_running:
        app.theme = THEMES[first].name
    else:
        app.set_reactive(App.theme, THEMES[first].name)
        app.stylesheet.set_variables(app.get_css_variables())


def next_one(app: App[None]) -> None:
    """From dark to light, to high contrast, and round again."""
    names = [theme.name for theme in THEMES.values()]
    at = names.index(app.theme) if app.theme in names else -1
    app.theme = names[(at + 1) % len(names)]
