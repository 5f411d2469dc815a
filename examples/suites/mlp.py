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
        from torch.nn import Linear, ReLU, Sequential

        torch.manual_seed(place.seed)
        dtype = getattr(torch, place.dtype)
        layers = Sequential(Linear(width, width), ReLU(), Linear(width, width), ReLU(), Linear(width, 10))
        return Model(layers.to(dtype), (torch.randn(batch, width).to(dtype),))
