"""From a pattern to files an embroidery machine sews.

What is here: the two plans (``cross``, ``fill``) with the order of colours and their bounds, what a maker's limits do
to a pattern (``budget``, ``cost``), the machines (``machines.toml``), the writers (``write``: the only module that
imports pyembroidery), the decoders and checks of ``pixl verify`` (``decode``, ``verify``: no import of pyembroidery),
and what is drawn from a decoded file (``preview``, ``job_sheet``). What may enter: stitches, and what a maker needs
beside a machine.

Everywhere inside: integers of 0.1 mm, x right, y down, the origin at the design's centre.
"""
