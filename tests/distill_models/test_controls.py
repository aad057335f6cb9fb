"""Edges against OpenCV's answers (recorded, and live where it is installed) and a plain loop; depth on a tiny model."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from pixl.distill import controls
from pixl.errors import ModelMissingError, UsageError

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def blobs(seed: int, height: int, width: int, channels: int = 3) -> NDArray[np.uint8]:
    """Random blocks, softened with integer means: edges of every direction and strength, the same on any machine."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // 6 + 1, width // 6 + 1, channels))
    large = np.kron(small, np.ones((6, 6, 1), np.int64))[:height, :width]
    for _ in range(2):
        wide = np.pad(large, ((1, 1), (1, 1), (0, 0)), mode="edge")
        large = (wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] + 4 * large) // 8
    return large.astype(np.uint8)


def picture(name: str) -> NDArray[np.uint8]:
    if name == "owl":
        return np.asarray(Image.open(SAMPLES / "owl.png").convert("RGBA").convert("RGB"))
    if name == "grey":
        return blobs(3, 70, 90, 1)[..., 0]
    return blobs(int(name), 80 + int(name), 97)


# name, low, high, edge pixels and SHA-256 of the packed answer, from cv2.Canny of OpenCV 5.0.0
RECORDED = [
    ("owl", 100, 200, 10433, "9d15499f3f72f8a5"),
    ("owl", 30, 400, 6737, "8b2496c028940de4"),
    ("grey", 100, 200, 1176, "9145ce562f7e391e"),
    ("grey", 30, 400, 1071, "6949426d31fc7a83"),
    ("1", 100, 200, 1986, "246cf7e6bc8a0a35"),
    ("1", 30, 400, 1900, "7d1e5a041ff41027"),
    ("2", 100, 200, 2015, "236c91b673614248"),
    ("2", 30, 400, 1935, "b0e4891e1327408e"),
]


def digest(edges: NDArray[np.bool_]) -> str:
    return hashlib.sha256(np.packbits(edges).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize(("name", "low", "high", "count", "expected"), RECORDED)
def test_edges_are_opencvs(name: str, low: float, high: float, count: int, expected: str) -> None:
    edges = controls.canny(picture(name), low, high)
    assert (int(edges.sum()), digest(edges)) == (count, expected)


def test_edges_beside_opencv() -> None:
    cv2 = pytest.importorskip("cv2")
    for seed in range(6):
        pixels = blobs(seed, 50 + 7 * seed, 64)
        for low, high in ((100, 200), (20, 60), (200, 100), (10.7, 300.2), (0, 0)):
            assert np.array_equal(controls.canny(pixels, low, high), cv2.Canny(pixels, low, high) > 0)


def test_edges_by_a_plain_loop() -> None:
    """Without the vectorised parts: one pixel after another, then a flood from the strong ones."""
    pixels = blobs(11, 24, 30)
    height, width, _ = pixels.shape

    def at(y: int, x: int, c: int) -> int:
        return int(pixels[min(max(y, 0), height - 1), min(max(x, 0), width - 1), c])

    grads: dict[tuple[int, int], tuple[int, int, int]] = {}
    for y in range(height):
        for x in range(width):
            best = (-1, 0, 0)
            for c in range(3):
                dx = sum(w * (at(y + k, x + 1, c) - at(y + k, x - 1, c)) for k, w in ((-1, 1), (0, 2), (1, 1)))
                dy = sum(w * (at(y + 1, x + k, c) - at(y - 1, x + k, c)) for k, w in ((-1, 1), (0, 2), (1, 1)))
                if abs(dx) + abs(dy) > best[0]:
                    best = (abs(dx) + abs(dy), dx, dy)
            grads[y, x] = best

    def size(y: int, x: int) -> int:
        return grads.get((y, x), (0, 0, 0))[0]

    weak, strong = set(), []
    for (y, x), (m, dx, dy) in grads.items():
        if m <= 50:
            continue
        if abs(dy) << 15 < abs(dx) * 13573:
            keep = m > size(y, x - 1) and m >= size(y, x + 1)
        elif abs(dy) << 15 > abs(dx) * (13573 + (2 << 15)):
            keep = m > size(y - 1, x) and m >= size(y + 1, x)
        else:
            s = -1 if (dx < 0) != (dy < 0) else 1
            keep = m > size(y - 1, x - s) and m > size(y + 1, x + s)
        if keep:
            weak.add((y, x))
            if m > 120:
                strong.append((y, x))
    found = set()
    while strong:
        y, x = strong.pop()
        if (y, x) in found or (y, x) not in weak:
            continue
        found.add((y, x))
        strong += [(y + j, x + i) for j in (-1, 0, 1) for i in (-1, 0, 1)]
    ours = controls.canny(pixels, 50, 120)
    assert {(int(y), int(x)) for y, x in zip(*np.nonzero(ours), strict=True)} == found


def test_edge_picture_of_nothing_and_of_a_square() -> None:
    assert controls.edge_picture(np.full((20, 20, 3), 80, np.uint8)).sum() == 0
    square = np.zeros((40, 40, 3), np.uint8)
    square[10:30, 10:30] = 255
    edges = controls.edge_picture(square)
    assert set(np.unique(edges)) == {0.0, 1.0}
    assert edges[15:25, 15:25].sum() == 0
    with pytest.raises(UsageError, match="out of range"):
        controls.edge_picture(square, low=-1)


# -- depth


@pytest.fixture(scope="module")
def depth_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random DPT over a tiny ViT, with the preprocessor of its format."""
    from transformers import DPTConfig, DPTForDepthEstimation
    from transformers.models.dpt.image_processing_pil_dpt import DPTImageProcessorPil

    torch.manual_seed(0)
    config = DPTConfig(
        hidden_size=8,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=8,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[4, 4, 8, 8],
        fusion_hidden_size=8,
        head_in_index=-1,
        is_hybrid=False,
        readout_type="project",
    )
    folder = tmp_path_factory.mktemp("depth") / "dpt"
    DPTForDepthEstimation(config).save_pretrained(folder)
    DPTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def test_depth_fills_its_range(depth_folder: Path) -> None:
    depth = controls.depth_picture(blobs(1, 48, 64), depth_folder)
    assert depth.shape == (48, 64)
    assert depth.min() == 0
    assert depth.max() == 1


def test_depth_by_hand(depth_folder: Path) -> None:
    from transformers import DPTForDepthEstimation

    pixels = blobs(2, 32, 32)
    model = DPTForDepthEstimation.from_pretrained(depth_folder).eval()
    seen = (torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255 - 0.5) / 0.5
    with torch.no_grad():
        said = model(seen).predicted_depth[0]
    expected = torch.nn.functional.interpolate(said[None, None], (32, 32), mode="bicubic")[0, 0]
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    assert np.abs(controls.depth_picture(pixels, depth_folder) - expected.numpy()).max() < 1e-5


@pytest.mark.parametrize("flat", [np.zeros((4, 5), np.float32), np.full((4, 5), np.nan, np.float32)])
def test_depth_that_says_nothing_is_zero(flat: NDArray[np.float32]) -> None:
    assert np.array_equal(controls.spread(flat), np.zeros((4, 5)))


def test_missing_depth_model_is_a_command(tmp_path: Path) -> None:
    pixels = blobs(1, 16, 16)
    for folder in (None, tmp_path):
        with pytest.raises(ModelMissingError, match="depth model") as caught:
            controls.control_pictures(["depth"], pixels, (64, 64), depth_folder=folder)
        assert "pixl models pull depth-anything-small" in caught.value.hint
        assert caught.value.exit_code == 4


def test_control_pictures_have_the_priors_size(depth_folder: Path) -> None:
    out = controls.control_pictures(["canny", "depth"], blobs(1, 30, 40), (64, 128), depth_folder=depth_folder)
    assert [tuple(one.shape) for one in out] == [(1, 3, 64, 128)] * 2
    assert all(float(one.min()) >= 0 and float(one.max()) <= 1 for one in out)
    assert torch.equal(out[0][:, 0], out[0][:, 2])


@pytest.mark.parametrize(("text", "kinds"), [("canny,depth", ("canny", "depth")), (" Edges ", ("canny",)), ("", ())])
def test_kinds(text: str, kinds: tuple[str, ...]) -> None:
    assert controls.parse_kinds(text) == kinds


def test_unknown_kind() -> None:
    with pytest.raises(UsageError, match="pose"):
        controls.parse_kinds("canny,pose")
