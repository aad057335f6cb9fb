"""Which of a repository's files a row of the table needs: the fewest that serve, and none that is pickled."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from pixl.distill.models import ModelRow
from pixl.errors import ModelMissingError

_PLAIN = ("diffusion_pytorch_model", "model", "pytorch_model")
_TOKENS = (".json", ".txt", ".model")


def is_network(part: str) -> bool:
    """Whether a part holds weights (tokenizers and schedulers do not)."""
    return not part.startswith(("tokenizer", "scheduler"))


def choose_files(listing: Mapping[str, int], row: ModelRow) -> list[str]:
    """The names in ``listing`` (name -> bytes) that ``row`` needs: configs, tokenizers, one set of
    safetensors weights a part, half precision where there is one. Raises ModelMissingError where weights are
    missing or only pickled."""
    if row.files:
        for name in row.files:
            if name not in listing:
                raise ModelMissingError(
                    f"{row.repo} has no file '{name}' any more", hint=f"look at {row.url} and use the file by its path"
                )
        return list(row.files)
    chosen = []
    if row.role == "prior":
        chosen += [
            n for n in listing if n == "model_index.json" or (n.startswith("scheduler/") and n.endswith(".json"))
        ]
    for part in row.parts:
        inside = [name for name in listing if str(PurePosixPath(name).parent) == (part or ".")]
        if not is_network(part):
            chosen += [name for name in inside if name.endswith(_TOKENS)]
            continue
        weights = choose_weights(inside)
        if not weights:
            pickled = any(name.endswith((".bin", ".pt", ".ckpt")) for name in inside)
            raise ModelMissingError(
                f"{row.repo} has no safetensors weights{' in ' + part if part else ''} at this revision"
                + (", only pickled ones" if pickled else ""),
                hint="try --revision with one that has them; pixl reads no pickled weights",
            )
        small = [name for name in inside if name.endswith(_TOKENS) and ".index." not in name]
        chosen += small + weights
    return sorted(set(chosen))


def choose_weights(names: list[str]) -> list[str]:
    """One set of weights among a folder's files, with its index where it is in several pieces."""
    plain, half = [], []
    for name in names:
        if not name.endswith((".safetensors", ".index.json", ".index.fp16.json")) or "safetensors" not in name:
            continue
        stem = PurePosixPath(name).name.partition(".")[0].partition("-0")[0]
        if stem not in _PLAIN:
            continue
        tags = PurePosixPath(name).name.split(".")[1:-1]
        if "fp16" in tags:
            half.append(name)
        elif set(tags) <= {"safetensors", "index"}:
            plain.append(name)
    return half or plain
