"""From a pattern to the files a maker needs at the table.

One room per craft (``brick``, ``bead``, ``stitch``, ``embroider``), each with a pure ``plan`` and one module per file
format, and the rooms they share: ``sheet`` (pages in millimetres), ``guide`` (the interactive build guide) and
``plain`` (what every pattern can be without a plan). Every exporter is a pure function from a plan or pattern and its
options to ``{file name: bytes}``, byte for byte the same on every run; nothing here writes to disk.
"""
