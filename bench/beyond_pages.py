"""Puts a table into a page between its two marks, so that no number is typed twice."""

from __future__ import annotations

from pathlib import Path


def into(page: Path, name: str, text: str) -> None:
    """Replace what is between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, rest = page.read_text("utf-8").split(begin, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", "utf-8")
