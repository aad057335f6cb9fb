"""KOALA: SDXL's words and sizes over a U-Net with six skips and no middle block."""

from __future__ import annotations

from typing import Any

from pixl.distill.diffusion.unet import UnetPrior
from pixl.errors import UsageError


class KoalaPrior(UnetPrior):
    """A guided U-Net that SDXL's ControlNets cannot steer. Raises UsageError where there are any.

    The libraries say nothing good here: the residuals of nine places are added to six by position, or a
    shape error comes from inside.
    """

    def __init__(self, unet: Any, **shared: Any) -> None:
        super().__init__(unet, **shared)
        if self.controls.branches:
            raise UsageError(
                f"{self.base} takes no ControlNets: it has no middle block and {self.skips} skips instead of nine",
                hint="leave out --control, or use --prior vega",
            )

    @property
    def skips(self) -> int:
        """Tensors the down path hands over."""
        from pixl.distill.diffusion.control import skip_channels

        return len(skip_channels(self.unet.config))
