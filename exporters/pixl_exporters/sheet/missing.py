"""Tell a person which characters a sheet cannot show."""

from __future__ import annotations

from pixl_exporters.sheet.font import default_font


def missing_note(texts: list[str]) -> list[str]:
    """A sentence about characters that the sheets cannot show, or nothing."""
    missing = sorted(set().union(*(default_font().missing(text) for text in texts)))
    if not missing:
        return []
    shown = " ".join(missing[:8]) + (" ..." if len(missing) > 8 else "")
    return [f"the font has no {shown}; a box stands there (pixl export ... --font FILE draws them)"]
