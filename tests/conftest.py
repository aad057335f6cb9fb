"""Shared by all tests: the ``--regen`` switch for golden files, and hypothesis without a clock."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "pixl", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("pixl")

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--regen``."""
    parser.addoption("--regen", action="store_true", help="rewrite the golden files instead of comparing with them")


@pytest.fixture
def samples() -> Path:
    """The folder of sample pictures."""
    return ROOT / "samples"


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """``golden("name.txt", data)``: compare with ``goldens/name.txt`` beside the test, or rewrite it with --regen."""
    folder = Path(str(request.path)).parent / "goldens"

    def check(name: str, data: bytes) -> None:
        path = folder / name
        if request.config.getoption("--regen"):
            folder.mkdir(exist_ok=True)
            path.write_bytes(data)
        assert path.is_file(), f"no golden {name}: run pytest --regen and look at what it wrote"
        wanted = path.read_bytes()
        if wanted != data:
            lines = [text.decode("utf-8", "replace").splitlines() for text in (wanted, data)]
            shown = "\n".join(list(difflib.unified_diff(*lines, "golden", "now", lineterm="", n=1))[:40])
            pytest.fail(f"{name} differs from its golden ({len(wanted)} -> {len(data)} bytes):\n{shown}")

    return check
