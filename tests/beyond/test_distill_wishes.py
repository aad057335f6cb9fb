"""Limits inside distill: stock met, colours learned, locks standing; the dial from prior to photo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from walks import some_palette

from pixl.errors import UsageError
from pixl.job import FREE, Job, Limits
from pixl.palette import Palette, load_palette
from pixl.pattern import Cell
from pixl.photo import over_background, photo_from_rgba
from pixl.quantize import QuantizeEngine
from pixl.units import GridSize

torch = pytest.importorskip("torch")

from pixl import icons  # noqa: E402
from pixl.distill import DistillEngine, fabrication  # noqa: E402
from pixl.distill import solve as distill_solve  # noqa: E402
from pixl.run import create_run, open_run  # noqa: E402

SIDE = 16
SHORT: dict[str, Any] = {"prior": "icons", "steps": 6, "inner": 8, "rounds": {"count": 1, "steps": 2, "tries": 1}}


def job_of(limits: Limits | None = None, *, photo: bool = True, prompt: str = "cat", **settings: Any) -> Job:
    picture = np.asarray(icons.picture("owl"))
    return Job(
        photo=photo_from_rgba(picture) if photo else None,
        size=GridSize(width=SIDE, height=SIDE),
        palette=some_palette(),
        cell=Cell(width_mm=5, height_mm=5),
        prompt=prompt,
        limits=limits or Limits(),
        settings={**SHORT, **settings},
    )


def solved(job: Job) -> NDArray[np.int16]:
    return DistillEngine().solve(job).index


def test_stock_is_met_exactly(palette: Palette) -> None:
    free = int((solved(job_of()) >= 0).sum())
    stock = np.full(len(palette), free // len(palette) + 3, np.int64)
    index = solved(job_of(Limits(stock=stock)))
    assert (np.bincount(index[index >= 0], minlength=len(palette)) <= stock).all()
    locked = np.full((SIDE, SIDE), FREE, np.int16)
    locked[4, 4:8] = 2
    index = solved(job_of(Limits(stock=stock, locked=locked)))
    assert (index[4, 4:8] == 2).all()
    assert (np.bincount(index[index >= 0], minlength=len(palette)) <= stock).all()


def test_short_stock_is_used_up(palette: Palette) -> None:
    stock = np.full(len(palette), 3, np.int64)
    index = solved(job_of(Limits(stock=stock)))
    assert (np.bincount(index[index >= 0], minlength=len(palette)) >= stock).all()


@pytest.mark.parametrize("subset", ["learned", "quantize"])
def test_colours_and_locks(subset: str) -> None:
    locked = np.full((SIDE, SIDE), FREE, np.int16)
    locked[0, 0], locked[1, 1] = 6, -1
    limits = Limits(colors=3, locked=locked, locked_colors=(4,))
    index = solved(job_of(limits, subset=subset))
    assert len(np.unique(index[index >= 0])) <= 3
    assert index[0, 0] == 6
    assert index[1, 1] == -1


def test_without_rare_moves_the_rarest_first() -> None:
    log_p = np.log(np.array([[[0.5, 0.3, 0.2]] * 4, [[0.1, 0.7, 0.2]] * 4]))
    index = np.array([[0, 0, 0, 2], [1, 1, 1, 1]], np.int16)
    free = np.ones((2, 4), bool)
    out = fabrication.without_rare(log_p, free, index, 2, ())
    assert out.tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]
    assert (fabrication.without_rare(log_p, free, index, 2, (2,)) == index).all()
    assert (fabrication.without_rare(log_p, free & (index != 2), index, 2, ()) == index).all()


def test_min_count_holds() -> None:
    counts = np.bincount(solved(job_of(Limits(min_count=9))).ravel() + 1)[1:]
    assert counts[counts > 0].min() >= 9
    stock = np.full(8, 70, np.int64)
    counts = np.bincount(solved(job_of(Limits(min_count=20, stock=stock))).ravel() + 1)[1:]
    assert counts[counts > 0].min() >= 20
    assert counts.max() <= 70


def test_chroma_weighs() -> None:
    """Neighbours' chroma goes where the photo's goes, or nearer to it than without."""
    from pixl.distill import fidelity, neighbours

    job = job_of(prompt="tiger")
    tints, seen = fidelity.chroma_of(fidelity.photo_task(job), np.arange(8, dtype=np.int16))

    def off(index: NDArray[np.int16]) -> float:
        p = torch.nn.functional.one_hot(torch.from_numpy(index.astype(np.int64)).clamp_min(0), 8).float()
        there = torch.from_numpy(index >= 0)
        return float(
            neighbours.relative_chroma(p, tints=torch.from_numpy(tints), target=torch.from_numpy(seen), mask=there)
        )

    assert off(solved(job_of(prompt="tiger", making={"chroma": 0.02}))) < 0.8 * off(solved(job))


def test_confetti_weighs_corners_as_neighbours() -> None:
    def alone_of_eight(index: NDArray[np.int16]) -> int:
        framed = np.pad(index, 1, constant_values=-9)
        height, width = index.shape
        near = [
            framed[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] == index
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if dy or dx
        ]
        return int(((index >= 0) & ~np.any(near, axis=0)).sum())

    before = alone_of_eight(solved(job_of(prompt="tiger")))
    assert before > 2
    assert alone_of_eight(solved(job_of(prompt="tiger", making={"confetti": 1.0}))) <= before / 3


def test_rectangles_weigh() -> None:
    def pieces(index: NDArray[np.int16]) -> float:
        from pixl.distill.neighbours import rectangles

        p = torch.nn.functional.one_hot(torch.from_numpy(index.astype(np.int64)).clamp_min(0), 8).double()
        return float(rectangles(p, mask=torch.from_numpy(index >= 0)))

    loose, tidy = solved(job_of(prompt="tiger")), solved(job_of(prompt="tiger", making={"rectangles": 0.4}))
    assert pieces(tidy) < 0.85 * pieces(loose)


def test_a_crafts_price_is_heard() -> None:
    """A price on one colour drives it out; the list is asked in palette indices of the job."""
    seen: list[int] = []

    def dear(index: NDArray[np.int16]) -> NDArray[np.float64]:
        seen.append(int(index.max()))
        price = np.zeros((SIDE, SIDE, 8))
        price[..., used] = 500.0
        return price

    before = solved(job_of())
    used = int(np.bincount(before[before >= 0]).argmax())
    after = solved(job_of(Limits(costs=(dear,))))
    assert (after == used).sum() < 0.1 * (before == used).sum()
    assert max(seen) < 8


def test_alone_weighs() -> None:
    from pixl.distill.neighbours import alone

    def lonely(index: NDArray[np.int16]) -> float:
        t = torch.from_numpy(index.astype(np.int64))
        return float(alone(torch.nn.functional.one_hot(t.clamp_min(0), 8).double(), mask=t >= 0))

    loose, tidy = solved(job_of(prompt="tiger")), solved(job_of(prompt="tiger", making={"alone": 1.0, "pairs": 0.5}))
    assert lonely(loose) > 2
    assert lonely(tidy) <= 0.5 * lonely(loose)


def test_a_crafts_weights_come_after_typed_ones_and_not_to_the_papers_recipe() -> None:
    job = job_of(prompt="tiger", craft={"alone": 1.0, "pairs": 0.5})
    typed = replace(job, settings={**job.settings, "making": {"alone": 0.0, "pairs": 0.0}})
    plain = replace(job, settings={**SHORT, "making": {"alone": 0.0}})
    assert (solved(job) != solved(plain)).any()
    assert (solved(typed) == solved(plain)).all()
    papers = {"prior": "icons", "recipe": "paper", "steps": 4}
    assert (
        solved(replace(job, settings=papers)) == solved(replace(job, settings={**papers, "craft": {"alone": 9}}))
    ).all()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("brick", "--size", "16x16"), {"alone": 0.01}),
        (("brick", "--size", "16x16", "--merge"), {"alone": 0.01, "rectangles": 0.005}),
        (("bead", "--size", "29x29"), {"alone": 0.01}),
        (("stitch", "--size", "20x20"), {"confetti": 0.01}),
    ],
)
def test_crafts_hand_in_their_weights(words: tuple[str, ...], wanted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from pixl.cli.app import app

    asked: list[Job] = []

    def solve(self: DistillEngine, job: Job, **kept: Any) -> Any:
        asked.append(job)
        return QuantizeEngine().solve(replace(job, photo=job_of().photo))

    monkeypatch.setattr(DistillEngine, "solve", solve)
    result = CliRunner().invoke(app, [*words, "--engine", "distill", "--prior", "icons", "--prompt", "owl", "-n", "-q"])
    assert result.exit_code == 0, result.output
    assert asked[0].settings["craft"] == wanted


@pytest.mark.slow
def test_colours_learned_reach_lower_energies_than_colours_chosen_first() -> None:
    """A few cases of bench/beyond_making.py --colors, smaller."""
    from pixl.distill.priors.icon import fit, on_white
    from pixl.distill.priors.patch import PatchPrior

    shown = ["tulip", "rose", "sunflower", "cat-face", "tropical-fish", "automobile"]
    bank = torch.cat([fit(on_white(icons.picture(name)[None]), (SIDE, SIDE)) for name in shown])
    prior = PatchPrior(bank, ["flower", "flower", "flower", "cat", "fish", "car"])
    table = torch.from_numpy(load_palette("perler").solid().rgb.astype(np.float32) / 255)
    better = 0
    for prompt, photo in (("flower", "hibiscus"), ("cat", "kissing-cat"), ("fish", "fish"), ("car", "police-car")):
        energies = []
        for subset in ("learned", "quantize"):
            job = Job(
                photo=over_background(photo_from_rgba(np.asarray(icons.picture(photo))), (255, 255, 255)),
                size=GridSize(width=SIDE, height=SIDE),
                palette=load_palette("perler").solid(),
                cell=Cell(width_mm=5, height_mm=5),
                prompt=prompt,
                limits=Limits(colors=4),
                settings={"prior": "patch", "subset": subset},
            )
            index = distill_solve.solve(job, prior=prior).index
            assert len(np.unique(index)) <= 4
            image = table[torch.from_numpy(index.astype(np.int64))].permute(2, 0, 1)[None]
            energies.append(float(prior.energy(image, prior.condition(prompt))))
        better += energies[0] < energies[1]
    assert better >= 3


def test_embroidery_keeps_to_its_trims(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    from typer.testing import CliRunner

    from pixl.cli.app import app

    monkeypatch.chdir(tmp_path)
    words = [
        "embroider",
        "--prompt",
        "a fox",
        "--engine",
        "distill",
        "--prior",
        "icons",
        "--size",
        "24x24",
        "--steps",
        "3",
    ]
    result = CliRunner().invoke(app, [*words, "--max-trims", "2", "-n", "-q", "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["trims"] <= 2


def test_fidelity_one_is_quantize() -> None:
    job = job_of(fidelity=1)
    assert (solved(job) == QuantizeEngine().solve(replace(job, settings={})).index).all()
    wordless = job_of(prompt="", fidelity=1.0)
    assert (solved(wordless) == solved(job)).all()


@pytest.mark.parametrize("prompt", ["cat", ""])
def test_the_dial_moves_from_prior_to_photo(prompt: str) -> None:
    """Nearer to quantize's answer and dearer to the prior with each turn, with and without words."""
    from pixl.distill.priors import load_prior

    prior = load_prior("icons", (SIDE, SIDE))
    colors = torch.from_numpy(some_palette().rgb.astype(np.float32) / 255)
    grids = [solved(job_of(prompt=prompt, fidelity=f)) for f in (0.0, 0.5, 0.95, 1.0)]
    far = [float((one != grids[-1]).mean()) for one in grids]
    assert far[0] > far[1] > far[2] >= far[3] == 0
    dear = []
    for one in grids:
        place = torch.from_numpy(one.astype(np.int64))
        image = torch.where((place >= 0)[..., None], colors[place.clamp_min(0)], torch.ones(3)).permute(2, 0, 1)[None]
        dear.append(float(prior.energy(image, prior.condition(prompt))))
    assert dear[0] < dear[1] < dear[2]


def test_the_dial_at_zero_is_not_left_out() -> None:
    from pixl.cli.distilling import engine_settings
    from pixl.cli.options import Request

    assert engine_settings(Request(fidelity=0.0)) == {"fidelity": 0.0}
    assert engine_settings(Request(guidance=0.0, steps=3, gif=True)) == {"guidance": 0.0, "steps": 3, "gif": True}
    assert engine_settings(Request()) == {}


def test_a_photo_needs_no_words() -> None:
    pattern = DistillEngine().solve(job_of(prompt=""))
    assert (pattern.index >= 0).any()


@pytest.mark.parametrize(
    ("settings", "photo", "word"),
    [
        ({"fidelity": 2}, True, "fidelity 2"),
        ({"fidelity": 0.5}, False, "there is none"),
        ({"making": {"lonely": 1}}, True, "not weights of making"),
        ({"making": {"alone": -1}}, True, "alone is -1"),
        ({"subset": "guess"}, True, "'guess'"),
    ],
)
def test_what_cannot_be_meant_is_said(settings: dict[str, Any], photo: bool, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        DistillEngine().solve(job_of(Limits(colors=3), photo=photo, **settings))


def test_interrupted_and_gone_on_is_the_same(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With learned colours, a price and the dial: stopped after each step and gone on, the same index."""
    limits = Limits(colors=3, costs=(lambda index: (index[..., None] == np.arange(8)) * 1.0,))
    job = job_of(limits, fidelity=0.3, save_every=1, making={"alone": 0.2})
    whole = solved(job)
    original = distill_solve.Descent.advance
    folder = tmp_path / "run"
    create_run(folder, {})
    for stop in (3, 5):

        def advance(self: Any, stop: int = stop) -> Any:
            if self.step >= stop:
                raise KeyboardInterrupt
            return original(self)

        monkeypatch.setattr(distill_solve.Descent, "advance", advance)
        with pytest.raises(KeyboardInterrupt):
            DistillEngine().solve(job, run=open_run(folder))
    monkeypatch.setattr(distill_solve.Descent, "advance", original)
    assert (DistillEngine().solve(job, run=open_run(folder)).index == whole).all()
