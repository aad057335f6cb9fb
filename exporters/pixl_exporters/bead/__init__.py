"""The bead room: from a pattern to boards of fuse beads, or sheets of diamond drills.

``boards`` reads the pegboards there are (boards.toml, and the user's own), ``plan`` is the answer (what lies on which
board, what to buy, what will not hold), ``holding`` and ``certainty`` are its two hard questions, and the remaining
modules lay out one kind of page or write one file. What may enter: rules of the craft and its file formats. What may
not: reading photos, choosing colours, writing to disk.
"""
