"""The stitch room: from a pattern to a cross-stitch chart.

``fabric`` and ``floss`` know cloth and thread, ``plan`` is the answer (crosses, thread and skeins of every colour),
``confetti`` mends single stitches, ``oxs`` and ``oxs_read`` speak the exchange format of other programs, and the
remaining modules lay out pages or write one file. What may enter: rules of the craft and its file formats. What may
not: reading photos, choosing colours, writing to disk.
"""
