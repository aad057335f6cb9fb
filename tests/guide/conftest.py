"""A real Chromium (Debian's) that opens a guide from disk and reports whatever goes wrong in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class Seen:
    """What a page asked for and complained of."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; each page gets a profile of its own that nothing outlives."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """``opened(page bytes, **context settings)``: the page, open from a file; its ``seen`` is checked at the end."""
    contexts: list[tuple[Any, Seen, str]] = []

    def open_page(data: bytes, *, name: str = "guide.html", **settings: Any) -> Any:
        path = tmp_path / name
        path.write_bytes(data)
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        page, seen = context.new_page(), Seen()
        page.set_default_timeout(5000)
        page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.goto(path.as_uri())
        contexts.append((context, seen, path.as_uri()))
        return page

    yield open_page
    for context, seen, address in contexts:
        context.close()
        assert not seen.complaints
        assert {url for url in seen.requests if not url.startswith(("data:", "blob:"))} == {address}
