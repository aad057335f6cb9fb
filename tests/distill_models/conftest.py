"""Tests on tiny random networks of the libraries' own classes: skipped as a whole where the extra is not installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")
pytest.importorskip("peft")

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports the hub's library: no test may reach the network


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def sdxl_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SDXL in diffusers' layout."""
    from tiny_models import save_sdxl

    return save_sdxl(tmp_path_factory.mktemp("models") / "tiny-xl")


@pytest.fixture(scope="session")
def sd15_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny SD 1.5."""
    from tiny_models import save_sd15

    return save_sd15(tmp_path_factory.mktemp("models") / "tiny-15")
