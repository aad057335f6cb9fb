"""Fill mode: rows of stitches over every cell, all ways hidden, as few threads as the order of colours allows.

Colours are sewn in the best order found (``order``). One thread sews every region that it can reach under later
colours (``links``), block by block down a tree (``blocks``, ``sewer``), so that each way lies under fill that is sewn
after it.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pixl.pattern import EMPTY, Pattern

from .blocks import threads_of
from .links import Link, link_regions
from .order import RegionGraph, best_order
from .plan import Bounds, EmbroideryOptions, EmbroideryPlan, SewnThread, cell_units, light_first, with_locks
from .regions import label_regions
from .sewer import Ground, Sewer


def fill_order(pattern: Pattern, options: EmbroideryOptions) -> tuple[tuple[int, ...], Bounds]:
    """The order of colours and what bounds say of it: everything about the threads but their stitches."""
    index = pattern.index
    rank = light_first(pattern)
    graph = RegionGraph(index, rank)
    if options.order is not None:
        order, exact, over = options.order, False, graph.threads(options.order)
    else:
        best = best_order(index, rank)
        order, exact, over = best.colors, best.exact, best.threads
    needed = graph.threads(order)
    capped = needed
    if options.travel_cap_mm is not None:
        capped = graph.strict - sum(len(links) for _color, _labels, links in _ways(pattern, options, order))
    return order, Bounds(strict=graph.strict, for_order=needed, over_orders=over, capped_for_order=capped, exact=exact)


def _ways(
    pattern: Pattern, options: EmbroideryOptions, order: tuple[int, ...]
) -> Iterator[tuple[int, NDArray[np.int32], list[Link]]]:
    """For each colour as sewn: its regions (labels from 1) and the hidden ways that join them."""
    cap = None if options.travel_cap_mm is None else options.travel_cap_mm * 10 / cell_units(pattern)
    later = pattern.index != EMPTY
    for color in order:
        mask = pattern.index == color
        later = later & ~mask
        labels, _colors = label_regions(np.where(mask, pattern.index, np.int16(EMPTY)))
        yield color, labels, link_regions(labels, later, cap)


def plan_fill(pattern: Pattern, options: EmbroideryOptions) -> EmbroideryPlan:
    """Plan in fill mode. The pattern has at least one cell to sew."""
    order, bounds = fill_order(pattern, options)
    cell = cell_units(pattern)
    threads: list[SewnThread] = []
    travel = 0.0
    here = (pattern.width * cell // 2, pattern.height * cell // 2)
    for color, labels, links in _ways(pattern, options, order):
        travel += sum(link.length for link in links) * cell / 10
        ground = Ground(labels, links, cell, options)
        sewers = [Sewer(ground, group) for group in threads_of(range(1, int(labels.max()) + 1), links)]
        while sewers:
            sewer = min(sewers, key=lambda s: (abs(s.start[0] - here[0]) + abs(s.start[1] - here[1]), s.start))
            sewers.remove(sewer)
            points = np.array(sewer.points, np.int32)
            here = sewer.points[-1]
            threads.append(SewnThread(color=color, points=with_locks(points)))
    return EmbroideryPlan(
        pattern=pattern,
        options=options,
        threads=tuple(threads),
        order=order,
        corner=(0, 0),
        bounds=bounds,
        travel_mm=travel,
    )
