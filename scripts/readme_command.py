"""Print one of README's two set-up commands, so that CI runs what README says and the two cannot drift.

python scripts/readme_command.py run|test
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def commands(text: str) -> dict[str, str]:
    """The two one-line commands of the Quick start section. Raises SystemExit when there are not exactly two."""
    section = re.search(r"^## Quick start$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```(?:sh|bash)\n(.*?)^```$", section[1] if section else "", re.MULTILINE | re.DOTALL)
    lines = [block.strip() for block in blocks]
    if len(lines) != 2 or any("\n" in line for line in lines):
        raise SystemExit(f"README's Quick start holds {len(lines)} commands, or one of several lines: it must be two")
    return {"run": lines[0], "test": lines[1]}


if __name__ == "__main__":
    readme = Path(__file__).resolve().parent.parent / "README.md"
    print(commands(readme.read_text(encoding="utf-8"))[sys.argv[1]])
