"""Fill mode: rows of stitches over every cell, all ways hidden, as few threads as the order of colours allows.

Colours are sewn in the best order found (``order``). One thread sews every region that it can reach under later
colours (``links``), block by block down a tree (``blocks``, ``sewer``), so that each way lies under fill that is sewn
after it.
"""

from __future__ import annotations

import numpy as np

from pixl.pattern import EMPTY, Pattern

from .blocks import threads_of
from .links import link_regions
from .order import RegionGraph, best_order
from .plan import Bounds, EmbroideryOptions, EmbroideryPlan, SewnThread, cell_units, light_first, with_locks
from .regions import label_regions
from .sewer import Ground, Sewer


def plan_fill(pattern: Pattern, options: EmbroideryOptions) -> EmbroideryPlan:
    """Plan in fill mode. The pattern has at least one cell to sew."""
    index = pattern.index
    rank = light_first(pattern)
    graph = RegionGraph(index, rank)
    if options.order is not None:
        order, exact, over = options.order, False, graph.threads(options.order)
    else:
        best = best_order(index, rank)
        order, exact, over = best.colors, best.exact, best.threads
    cell = cell_units(pattern)
    cap = None if options.travel_cap_mm is None else options.travel_cap_mm * 10 / cell
    later = index != EMPTY
    threads: list[SewnThread] = []
    least_capped = 0
    travel = 0.0
    here = (pattern.width * cell // 2, pattern.height * cell // 2)
    for color in order:
        mask = index == color
        later = later & ~mask
        labels, _colors = label_regions(np.where(mask, index, np.int16(EMPTY)))
        links = link_regions(labels, later, cap)
        travel += sum(link.length for link in links) * cell / 10
        ground = Ground(labels, links, cell, options)
        groups = threads_of(range(1, int(labels.max()) + 1), links)
        least_capped += len(groups)
        sewers = [Sewer(ground, group) for group in groups]
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
        order=tuple(order),
        corner=(0, 0),
        bounds=Bounds(
            strict=graph.strict,
            for_order=graph.threads(order),
            over_orders=over,
            capped_for_order=least_capped,
            exact=exact,
        ),
        travel_mm=travel,
    )
