"""Moving pictures: frames in, patterns that agree from frame to frame out.

What may enter: reading frames, finding which cells of a frame show what an earlier frame showed, asking an engine for
one frame after the other with that knowledge, and the files of a moving picture. No torch; the engine "distill" is
loaded only where it is asked for.
"""

from __future__ import annotations

from .solve import animate

__all__ = ["animate"]
