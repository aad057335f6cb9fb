"""What the tests of this room share."""

from __future__ import annotations

import pytest
from walks import some_palette

from pixl.palette import Palette


@pytest.fixture
def palette() -> Palette:
    return some_palette()
