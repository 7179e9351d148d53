"""Somebody at a browser, as a program that `BROWSER` names: signs on as the first word, at the second."""

from __future__ import annotations

import sys

import httpx


def main(who: str, url: str) -> None:
    with httpx.Client(timeout=10) as browser:
        back = browser.post(url, data={"agent": who})
        browser.get(back.headers["location"])


if __name__ == "__main__":
    main(*sys.argv[1:])
