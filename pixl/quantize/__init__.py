"""Engine "quantize": from a picture to a grid of palette colours, in NumPy alone.

Five steps with arrays between them, one module each: downscale, tone, subset, assign, tidy. What may enter: anything
that chooses the colour of a cell from a photo without a model. SciPy is imported only where stock is limited.
"""

from __future__ import annotations

from .solve import QuantizeEngine

__all__ = ["QuantizeEngine"]
