"""What made a pattern: enough to make it again, and nothing about where it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from .errors import DocumentError

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """``settings`` are the options as typed (JSON values, no paths); ``photo_sha256`` is of the file's bytes."""

    version: str
    command: str
    engine: str
    seed: int = 0
    settings: Settings = field(default_factory=lambda: MappingProxyType({}))
    palette_id: str = ""
    palette_digest: str = ""
    photo_sha256: str = ""
    prompt: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values; empty fields left out."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values["settings"] = dict(self.settings)
        return {key: value for key, value in values.items() if value not in ("", {}) or key == "command"}

    @staticmethod
    def from_dict(values: object) -> Recipe:
        """Inverse of ``as_dict``. Raises DocumentError."""
        if not isinstance(values, dict):
            raise DocumentError("the recipe is not an object", hint="mend or remove 'recipe'")
        kinds = {"seed": int, "settings": dict}
        kept: dict[str, Any] = {}
        for key in Recipe.__slots__:
            kind = kinds.get(key, str)
            value = values.get(key, {"seed": 0, "settings": {}}.get(key, ""))
            if not isinstance(value, kind) or isinstance(value, bool):
                raise DocumentError(f"recipe field '{key}' holds {value!r}", hint=f"write a {kind.__name__}")
            kept[key] = value
        return Recipe(**kept)
