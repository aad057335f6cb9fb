"""``python -m pixl``."""

from .cli import main

main()
