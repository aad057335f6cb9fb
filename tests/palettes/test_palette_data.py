"""The shipped palettes: each passes the validator, and its facts agree with each other."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from pixl.errors import PaletteError, UsageError
from pixl.palette import Color, Palette, load_palette, palette_folders
from pixl.palette_check import check, check_folder, check_palette

ROOT = Path(__file__).resolve().parents[2] / "palettes"
IDS = sorted(path.name for path in ROOT.iterdir() if path.is_dir())


def test_every_named_palette_is_shipped() -> None:
    named = (
        "lego perler perler_mini hama hama_mini hama_maxi artkal_a artkal_c artkal_m artkal_r artkal_s nabbi yant mard "
        "coco manman panpan mixiaowo diamond_dotz dmc_threads anchor isacord40 madeira_polyneon40 madeira_rayon40 "
        "robison_anton40 sulky40"
    )
    assert sorted(named.split()) == IDS
    assert set(IDS) <= set(palette_folders())


@pytest.mark.parametrize("palette_id", IDS)
def test_shipped_palette_has_no_error(palette_id: str) -> None:
    assert [str(f) for f in check_folder(ROOT / palette_id) if f.level == "error"] == []


@pytest.mark.parametrize("palette_id", IDS)
def test_twins_are_tagged_by_an_independent_measure(palette_id: str) -> None:
    palette = load_palette(palette_id)
    lab = rgb2lab(palette.rgb[None] / 255.0)[0]
    kind = np.array(["solid" if c.finish == "unknown" else c.finish for c in palette.colors])
    for later, color in enumerate(palette.colors):
        distances = deltaE_ciede2000(lab[:later], lab[later][None]) if later else np.zeros(0)
        twins = {
            palette.colors[int(i)].code for i in np.flatnonzero((distances < 0.49) & (kind[:later] == kind[later]))
        }
        tagged = {tag.removeprefix("near:") for tag in color.tags if tag.startswith("near:")}
        assert bool(twins) <= bool(tagged), (color.label, twins)
        assert all(float(distances[palette.find(code)]) < 0.51 for code in tagged)


@pytest.mark.parametrize("palette_id", IDS)
def test_every_row_has_a_source(palette_id: str) -> None:
    import tomllib

    sources = tomllib.loads((ROOT / palette_id / "palette.toml").read_text())["sources"]
    rows = list(csv.DictReader((ROOT / palette_id / "colors.csv").open()))
    assert all(len(text) > 5 for text in sources.values())
    assert {row.get("source", next(iter(sources))) for row in rows} == set(sources)


def test_lego_ids_lead_to_one_colour() -> None:
    lego = load_palette("lego")
    assert lego.colors[lego.find("bl:11")].name == "Black"
    assert lego.colors[lego.find("ldraw:19")].code == "5"
    assert lego.colors[lego.find("Light Bluish Gray")].code == "194"
    with pytest.raises(UsageError, match=r"28 .*141 "):
        lego.find("Dark Green")
    with pytest.raises(UsageError, match="names 2 colours"):
        load_palette("dmc_threads").find("sky blue very light")


def test_only_current_solid_bricks_match_by_themselves() -> None:
    lego = load_palette("lego")
    solid = lego.solid()
    assert len(solid) == 50
    assert len({color.code for color in solid.colors} & {"2", "27", "40", "297", "134"}) == 0
    assert sum("retired" not in color.tags for color in lego.colors) == 79


def test_variants_change_only_the_hex() -> None:
    for palette_id, variant in (("lego", "rebrickable"), ("dmc_threads", "consensus")):
        main, other = load_palette(palette_id), load_palette(f"{palette_id}:{variant}")
        assert [c.code for c in main.colors] == [c.code for c in other.colors]
        assert sum(a.rgb != b.rgb for a, b in zip(main.colors, other.colors, strict=True)) > len(main) // 4
    with pytest.raises(PaletteError, match="hex_nothing"):
        load_palette("lego:nothing")


def test_wrong_finishes_are_corrected() -> None:
    dotz, panpan = load_palette("diamond_dotz"), load_palette("panpan")
    assert {dotz.colors[dotz.find(str(code))].finish for code in range(7001, 7009)} == {"metallic"}
    white = panpan.colors[panpan.find("1")]
    assert (white.hex, white.finish, white.ids["mard"]) == ("#FFFFFF", "solid", "H2")
    assert load_palette("mard").colors[load_palette("mard").find("H1")].finish == "translucent"


def test_anchor_is_offered_with_its_distance_and_never_above_eight() -> None:
    dmc, anchor = load_palette("dmc_threads"), load_palette("anchor")
    pairs = [(color, color.ids["anchor"], color.ids["anchor_de"]) for color in dmc.colors if "anchor" in color.ids]
    assert len(pairs) == 209
    for color, code, stated in pairs:
        lab = rgb2lab(np.array([[color.rgb, anchor.colors[anchor.find(code)].rgb]]) / 255.0)[0]
        distance = float(deltaE_ciede2000(lab[0], lab[1]))
        assert abs(distance - float(stated)) < 0.06
        assert distance <= 8.05
    assert all(("anchor" in color.ids) == ("anchor_de" in color.ids) for color in dmc.colors)


def test_brick_tables_agree() -> None:
    parts = {row["part_id"]: row for row in csv.DictReader((ROOT / "lego/parts.csv").open())}
    assert {"3024", "3070b", "6141", "98138", "3005"} <= set(parts)
    assert "26" in parts["98138"]["current_color_ids"].split(";")
    elements = list(csv.DictReader((ROOT / "lego/elements.csv").open()))
    pairs = {(row["part_id"], row["lego_color_id"]) for row in elements}
    assert {part for part, _ in pairs} <= set(parts)
    sets = list(csv.DictReader((ROOT / "lego/sets.csv").open()))
    assert len({row["set_id"] for row in sets}) == 18
    assert sum(int(row["quantity"]) for row in sets if row["set_id"] == "31197") > 3000


def _two(first: tuple[int, int, int], second: tuple[int, int, int], **more: str) -> Palette:
    colors = (Color(code="a", name="Sky", rgb=first), Color(code="b", name="Sky", rgb=second, **more))  # type: ignore[arg-type]
    return Palette(id="own", version="1", name="own", colors=colors)


def test_validator_finds_what_it_should() -> None:
    twins = check_palette(_two((10, 20, 30), (10, 20, 30)), tagged=True)
    assert [f.level for f in twins] == ["error", "note"]
    assert "not tagged near:a" in twins[0].what
    assert "Sky".casefold() in twins[1].what
    assert check_palette(_two((10, 20, 30), (10, 20, 30)))[0].level == "note"
    assert not [f for f in check_palette(_two((10, 20, 30), (10, 20, 30), finish="pearl")) if "near" in f.what]
    tagged = _two((0, 0, 0), (255, 255, 255), tags=("near:a",))  # type: ignore[arg-type]
    assert "not near" in check_palette(tagged)[0].what
    neon = Palette(id="o", version="1", name="o", colors=(Color(code="n", name="Neon Pink", rgb=(255, 0, 128)),))
    assert check_palette(neon)[0].level == "error"


def test_validator_reads_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "palette.toml").write_text('id = "yours"\ncrafts = ["knit"]\n[cell]\nwidth_mm = 0\nshape = "star"\n')
    (folder / "colors.csv").write_text("code,name,hex\n1,One,#123456\n")
    what = " | ".join(str(f) for f in check(str(folder)))
    for part in (
        "'source' is empty",
        "not the folder's name",
        "crafts are not of",
        "width_mm",
        "shape",
        "no [sources]",
    ):
        assert part in what
    (folder / "colors.csv").write_text("code,name,hex\n1,One,#123456\n 1 ,Two,#654321\n")
    with pytest.raises(PaletteError, match=r"line 3.*line 2"):
        check(str(folder))
    (folder / "palette.toml").write_text("id = [" * 4000)
    with pytest.raises(PaletteError, match=r"palette\.toml"):
        check(str(folder))


def test_the_page_tells_the_palettes_as_they_are() -> None:
    page = (ROOT.parent / "docs" / "palettes.md").read_text()
    for palette_id in IDS:
        palette = load_palette(palette_id)
        assert f"| `{palette_id}` {palette.name} | {len(palette)} | {palette.source}" in page
    anchors = sum("anchor" in color.ids for color in load_palette("dmc_threads").colors)
    assert f"{anchors} of {len(load_palette('dmc_threads'))} threads" in page


def test_the_folder_of_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT.parent / "docs" / "palettes.md").read_text()
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, kind in (("palette.toml", "toml"), ("colors.csv", "csv")):
        (folder / name).write_text(page.split(f"```{kind}\n")[1].split("```")[0])
    monkeypatch.setenv("PIXL_PALETTES", str(tmp_path))
    assert load_palette("mine").colors[0].name == "Black"
    assert check("mine") == []
