"""The brick room: from a pattern to an interlocking-brick mosaic.

``parts`` reads what exists (palettes/lego), ``plan`` is the answer of the hard part (which piece lies where, what to
buy), ``merge`` and ``stock`` change that answer, and each remaining module writes one file format. What may enter:
rules of the craft and its file formats. What may not: reading photos, choosing colours, writing to disk.
"""
