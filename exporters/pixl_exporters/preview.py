"""The picture a person would recognise: studs, beads, crosses, threads.

Each craft's *look* is a small function of the cell's side in pixels: it returns the shape of one cell as masks. A
colour becomes one little tile for each look variant that occurs, and the picture is those tiles looked up by the index
map, so a picture of a million pixels costs a lookup, not a drawing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixl.embedded import PNG_KEYWORD
from pixl.pattern import EMPTY, Pattern

if TYPE_CHECKING:
    from pixl.document import Document

    from .formats import ExportOptions

RGB = tuple[int, int, int]
Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8
"""Bits of a seam variant: on which sides of the cell its piece ends."""
ALL_SIDES = NORTH | EAST | SOUTH | WEST

_BLACK_BRICK: RGB = (27, 42, 52)
_CLOTH: RGB = (246, 242, 232)
_PAPER: RGB = (255, 255, 255)
_TARGET_SIDE = 1000
_SMOOTH = 4  # sub-pixels a side


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """One cell. ``shade``: float32[V, p, p], +1 mixes to white, -1 to black; V is 1, or 16 for the seam variants.

    ``cover``: float32[p, p], how much of the pixel the piece hides of what lies under it. ``under``: shade of the
    surface float32[p, p], ``surface`` its colour.
    """

    shade: Floats
    cover: Floats
    under: Floats
    surface: RGB


LookMaker = Callable[[int], Look]


def render(
    pattern: Pattern,
    look: str | LookMaker,
    *,
    cell: int,
    seams: ArrayLike | None = None,
    surface: RGB | None = None,
) -> Bytes:
    """uint8[H * cell, W * cell, 3].

    ``look`` is a name of ``LOOKS`` or a function like them; ``cell`` is in pixels, 1 to 200. ``seams`` uint8[H, W]
    holds for each cell on which sides its piece ends (bits; all four without it); ``surface`` replaces the look's own.
    """
    made = (LOOKS[look] if isinstance(look, str) else look)(cell)
    bare = _tint(np.array(surface or made.surface, np.uint8)[None], made.under[None])[0, 0]
    variants = len(made.shade)
    sides = np.full(pattern.index.shape, ALL_SIDES, np.int64) if seams is None else np.asarray(seams, np.int64)
    keys = np.where(pattern.index == EMPTY, -1, pattern.index * variants + (sides if variants > 1 else 0))
    present, where = np.unique(keys, return_inverse=True)
    tiles = np.empty((len(present), cell, cell, 3), np.uint8)
    for at, key in enumerate(present.tolist()):
        if key < 0:
            tiles[at] = bare
            continue
        color = pattern.palette.rgb[key // variants][None]
        piece = _tint(color, made.shade[key % variants][None])[0, 0].astype(np.float32)
        mix = made.cover[..., None]
        tiles[at] = np.rint(piece * mix + bare * (1 - mix)).astype(np.uint8)
    picture = tiles[where.reshape(pattern.index.shape)]
    return np.ascontiguousarray(picture.transpose(0, 2, 1, 3, 4).reshape(
        pattern.height * cell, pattern.width * cell, 3
    ))  # fmt: skip


def _tint(colors: Bytes, shades: Floats) -> Bytes:
    """uint8[K, V, p, p, 3]: each colour under each shade."""
    base = colors.astype(np.float32)[:, None, None, None, :]
    shade = shades[None, ..., None]
    return np.rint(np.where(shade > 0, base + (255 - base) * shade, base * (1 + shade))).astype(np.uint8)


def seam_map(pieces: ArrayLike, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """uint8[H, W] of seam bits from pieces int[N, 4] of row, column, rows, columns."""
    sides = np.zeros(shape, np.uint8)
    for row, column, rows, columns in np.asarray(pieces).tolist():
        sides[row, column : column + columns] |= NORTH
        sides[row + rows - 1, column : column + columns] |= SOUTH
        sides[row : row + rows, column] |= WEST
        sides[row : row + rows, column + columns - 1] |= EAST
    return sides


# -- the looks -------------------------------------------------------------------------------------


def _plane(p: int) -> tuple[Floats, Floats]:
    """Sub-pixel coordinates u (right) and v (down) of a cell, -0.5 to 0.5: float32[4p, 4p] each."""
    line = (np.arange(p * _SMOOTH, dtype=np.float32) + 0.5) / (p * _SMOOTH) - 0.5
    u, v = np.meshgrid(line, line)
    return u.astype(np.float32), v.astype(np.float32)


def _smooth(fine: NDArray[Any]) -> Floats:
    """float32[..., p, p]: the mean of the sub-pixels."""
    p = fine.shape[-1] // _SMOOTH
    blocks = fine.astype(np.float32).reshape(*fine.shape[:-2], p, _SMOOTH, p, _SMOOTH)
    return np.asarray(blocks.mean(axis=(-3, -1)), np.float32)


def _flat(p: int) -> Floats:
    return np.zeros((p, p), np.float32)


def _stud_shade(u: Floats, v: Floats) -> Floats:
    """A stud lit from the upper left: shadow at its foot, a bright and a dark rim, a face a little brighter."""
    r, light = np.hypot(u, v), (-u - v) / np.sqrt(2) / np.maximum(np.hypot(u, v), 1e-6)
    shadow = np.clip(1 - np.hypot(u - 0.045, v - 0.045) / 0.37, 0, 1) ** 0.5 * -0.30
    shade = np.where(r < 0.30, 0.05, shadow)
    rim = (r > 0.25) & (r < 0.30)
    return np.where(rim, np.where(light > 0, 0.22 * light, 0.26 * light), shade).astype(np.float32)


def _seam_shades(u: Floats, v: Floats) -> Floats:
    """float32[16, ...]: bevel of a square piece for each set of sides on which it ends."""
    edge = np.float32(0.045)
    shades = np.zeros((16, *u.shape), np.float32)
    for bits in range(16):
        shade = shades[bits]
        if bits & NORTH:
            shade[v < -0.5 + edge] = 0.10
        if bits & WEST:
            shade[u < -0.5 + edge] = 0.07
        if bits & SOUTH:
            shade[v > 0.5 - edge] = -0.24
        if bits & EAST:
            shade[u > 0.5 - edge] = -0.20
    return shades


def plate_look(p: int) -> Look:
    """A square plate or brick from above."""
    u, v = _plane(p)
    shade = _seam_shades(u, v)
    stud = _stud_shade(u, v)
    return Look(
        shade=_smooth(np.where(np.hypot(u, v) < 0.40, stud, shade)),
        cover=_flat(p) + 1,
        under=_base_shade(p),
        surface=_BLACK_BRICK,
    )


def tile_look(p: int) -> Look:
    """A smooth square tile: a soft sheen across it."""
    u, v = _plane(p)
    shade = _seam_shades(u, v)
    sheen = np.full_like(shade, 0.03)  # even where pieces of several cells go on, or a seam would seem to be there
    sheen[ALL_SIDES] -= 0.06 * (u + v)
    return Look(
        shade=_smooth(np.where(shade != 0, shade, sheen)),
        cover=_flat(p) + 1,
        under=_base_shade(p),
        surface=_BLACK_BRICK,
    )


def _disc(u: Floats, v: Floats, radius: float) -> tuple[NDArray[np.bool_], Floats]:
    """A disc and its bevel."""
    r = np.hypot(u, v)
    light = (-u - v) / np.sqrt(2) / np.maximum(r, 1e-6)
    rim = np.where(r > radius - 0.05, np.where(light > 0, 0.14, 0.24) * light, 0.0)
    return r < radius, rim.astype(np.float32)


def round_plate_look(p: int) -> Look:
    """A round plate with its stud, the base showing in the corners."""
    u, v = _plane(p)
    disc, rim = _disc(u, v, 0.485)
    shade = np.where(np.hypot(u, v) < 0.40, _stud_shade(u, v), rim)
    return Look(shade=_smooth(shade)[None], cover=_smooth(disc), under=_base_shade(p) - 0.35, surface=_BLACK_BRICK)


def round_tile_look(p: int) -> Look:
    """A round tile: a smooth disc."""
    u, v = _plane(p)
    disc, rim = _disc(u, v, 0.485)
    shade = np.where(rim != 0, rim, 0.03 - 0.08 * (u + v))
    return Look(shade=_smooth(shade)[None], cover=_smooth(disc), under=_base_shade(p) - 0.35, surface=_BLACK_BRICK)


def _base_shade(p: int) -> Floats:
    """The studs of a bare base."""
    return _smooth(_stud_shade(*_plane(p)))


def bead_look(p: int) -> Look:
    """A fuse bead after ironing: a rounded square that touches its neighbours, its hole nearly closed."""
    u, v = _plane(p)
    outline = (np.abs(u) / 0.5) ** 4.5 + (np.abs(v) / 0.5) ** 4.5
    r = np.hypot(u, v)
    light = (-u - v) / np.sqrt(2) / np.maximum(r, 1e-6)
    shade = np.where(outline > 0.72, np.where(light > 0, 0.10, 0.20) * light, 0.0)
    shade = np.where((r > 0.11) & (r < 0.16), -0.18 * light - 0.06, shade)
    return Look(
        shade=_smooth(shade)[None],
        cover=_smooth((outline < 1.0) & (r > 0.11)),
        under=_flat(p),
        surface=_PAPER,
    )


def peg_bead_look(p: int) -> Look:
    """A fuse bead on its peg, before ironing: a ring."""
    u, v = _plane(p)
    r = np.hypot(u, v)
    light = (-u - v) / np.sqrt(2) / np.maximum(r, 1e-6)
    shade = np.where(r > 0.40, 0.22 * light, np.where(r < 0.30, -0.26 * light - 0.04, 0.06))
    under = np.where(r < 0.16, -0.10, 0.0)
    return Look(
        shade=_smooth(shade)[None], cover=_smooth((r < 0.48) & (r > 0.22)), under=_smooth(under), surface=_PAPER
    )


def drill_look(p: int) -> Look:
    """A square diamond drill: four slanted facets around a flat top."""
    u, v = _plane(p)
    side = np.where(np.abs(u) > np.abs(v), np.where(u < 0, 0.16, -0.20), np.where(v < 0, 0.24, -0.26))
    reach = np.maximum(np.abs(u), np.abs(v))
    shade = np.where(reach < 0.24, 0.10 - 0.10 * (u + v), side)
    return Look(shade=_smooth(shade)[None], cover=_smooth(reach < 0.485), under=_flat(p) - 0.12, surface=_PAPER)


def cross_look(p: int) -> Look:
    """A cross-stitch: one thread over the other, the cloth between."""
    u, v = _plane(p)
    up, down = (u + v) / np.sqrt(2), (u - v) / np.sqrt(2)  # distance to each diagonal
    thick = 0.25
    below, above = np.abs(up) < thick, np.abs(down) < thick
    reach = (np.abs(u) < 0.47) & (np.abs(v) < 0.47)
    strand = np.where(above, _thread(down / thick), _thread(up / thick) - 0.10)
    beside = ~above & below & (np.abs(down) < thick + 0.07)
    shade = np.where(beside, strand - 0.18, strand)
    return Look(
        shade=_smooth(np.clip(shade, -1, 1))[None],
        cover=_smooth((below | above) & reach),
        under=_cloth_shade(p),
        surface=_CLOTH,
    )


def _thread(across: Floats) -> Floats:
    """Shade of a round thread, ``across`` -1 to 1 from edge to edge, with two strands showing."""
    body = 0.16 - 0.40 * across**2
    return np.asarray(body - 0.16 * np.exp(-((across / 0.12) ** 2)), np.float32)


def _cloth_shade(p: int) -> Floats:
    """Aida cloth: a hole in each corner, a faint weave."""
    u, v = _plane(p)
    corner = np.hypot(0.5 - np.abs(u), 0.5 - np.abs(v))
    weave = 0.02 * (np.sign(np.sin(u * 8 * np.pi)) * np.sign(np.sin(v * 8 * np.pi)))
    return _smooth(np.where(corner < 0.10, -0.45, weave - 0.03))


def thread_look(p: int) -> Look:
    """A field of satin stitches: rows of thread with a sheen."""
    _, v = _plane(p)
    across = np.mod(v * 5 + 0.5, 1.0) * 2 - 1
    return Look(shade=_smooth(0.12 - 0.34 * across**2)[None], cover=_flat(p) + 1, under=_flat(p) - 0.02, surface=_CLOTH)


def square_look(p: int) -> Look:
    """A plain pixel."""
    return Look(shade=_flat(p)[None], cover=_flat(p) + 1, under=_flat(p), surface=_PAPER)


LOOKS: Mapping[str, LookMaker] = MappingProxyType(
    {
        "plate": plate_look,
        "brick": plate_look,
        "tile": tile_look,
        "round_plate": round_plate_look,
        "round_brick": round_plate_look,
        "round_tile": round_tile_look,
        "bead": bead_look,
        "peg_bead": peg_bead_look,
        "drill": drill_look,
        "stitch": cross_look,
        "embroider": thread_look,
        "pixel": square_look,
    }
)


# -- the file --------------------------------------------------------------------------------------


def export(document: Document, options: ExportOptions) -> dict[str, bytes]:
    """``preview.png``: about 1000 pixels on the longer side, or ``scale`` pixels a cell. Carries the document.

    A document's option ``background`` is no matter here: empty cells show the base, the cloth or white paper.
    """
    pattern = document.pattern
    side = max(pattern.width, pattern.height)
    cell = min(200, options.scale or max(1, min(48, _TARGET_SIDE // side)))
    look, surface = _choice(document)
    picture = render(pattern, look, cell=cell, seams=_seams(document), surface=surface)
    if pattern.cell.shape == "hexagon":
        picture = _slid(picture, pattern, cell)
    return {"preview.png": encode_png(picture, options.document)}


def _slid(picture: Bytes, pattern: Pattern, cell: int) -> Bytes:
    """The rows of a hexagon board, every second one half a cell to the right and closer together, the middle one and
    those an even number of rows away from it where they are."""
    tall = cell * 3**0.5 / 2
    out = np.full((round((pattern.height - 1) * tall) + cell, picture.shape[1], 3), 255, np.uint8)
    for row in range(pattern.height):
        by = (cell // 2) if (row - pattern.height // 2) % 2 else 0
        strip = picture[row * cell : (row + 1) * cell]
        strip = np.roll(strip, by, axis=1)
        top = round(row * tall)
        filled = np.roll(np.repeat(pattern.index[row] != EMPTY, cell), by)
        out[top : top + cell, filled] = np.minimum(out[top : top + cell, filled], strip[:, filled])
    return out


def _seams(document: Document) -> NDArray[np.uint8] | None:
    """Where pieces end, when a brick document's are larger than one stud."""
    if document.craft != "brick" or not document.options.get("merge"):
        return None
    from .brick.plan import plan_from_document

    plan = plan_from_document(document)
    return seam_map(plan.pieces.table[:, 2:], document.pattern.index.shape)


def _choice(document: Document) -> tuple[str, RGB | None]:
    """The look of a document's craft, and its surface where that differs from the look's own."""
    if document.craft == "brick":
        from .brick.parts import find_part

        bare: RGB | None = _PAPER if document.options.get("base") == "none" else None
        return find_part(str(document.options.get("part", "plate"))).kind, bare
    if document.craft == "bead":
        board = document.options.get("board")
        drills = board == "diamond" or (isinstance(board, Mapping) and board.get("kind") == "canvas")
        return ("drill" if drills else "bead"), None
    return (document.craft if document.craft in LOOKS else "pixel"), None


def encode_png(rgb: Bytes, document: bytes = b"") -> bytes:
    """A PNG file; ``document`` is carried in an ``iTXt`` chunk named ``pixl``."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if document:
        info.add_itxt(PNG_KEYWORD, document.decode("utf-8"), zip=True)
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", pnginfo=info, compress_level=3)
    return file.getvalue()
