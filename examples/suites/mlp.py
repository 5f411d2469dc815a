"""A small network: all that a suite needs."""

from harness import Model, Place, Workload


class Mlp(Workload):
    """Three linear layers with a ReLU between them."""

    name = "mlp"
    requires = ("torch",)
    parameters = {"width": (256, 1024), "batch": (1, 32)}
    quick = {"width": 256, "batch": 1}
    items_unit = "rows"

    def build(self, place: Place, width: int, batch: int) -> Model:
        import torch
        from torch import nn

        torch.manual_seed(place.seed)
        layers = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)
        )
        rows = torch.randn(batch, width)
        dtype = getattr(torch, place.dtype)
        return Model(layers.eval().to(place.device, dtype), (rows.to(place.device, dtype),))
