"""What a city's sensors are asked for: traffic, air, a building's energy, and many machines each with its own model."""

from __future__ import annotations

from typing import Any, ClassVar

from harness import Model, Place
from harness.processing import VALUES, Staged
from harness.weights import load, load_module

from . import readings

NODES = 207
"""Loop detectors of METR-LA."""
STATIONS, POLLUTANTS = 12, 6


class _City(Staged):
    family = "city"
    dtypes = ("float32",)
    runtimes: ClassVar[tuple[str, ...]] = ("torch-eager", "onnxruntime")


class GraphWaveNet(_City):
    """An hour of traffic speeds at 207 detectors from the hour before, by Graph WaveNet."""

    name = "graph-wavenet"
    requires = ("torch",)
    parameters = {"processing": VALUES}
    quick = {"processing": "off"}
    items_unit = "detectors"
    deadline_seconds = 300.0

    def build(self, place: Place, processing: str) -> Model:
        """The network for METR-LA's graph, and an hour of readings."""
        from .graph_wavenet import GraphWaveNet as Network

        module = load_module(lambda: Network(NODES), "city-graph-wavenet", place)
        return self.staged(module, readings.speeds(place.seed, NODES), place, processing)

    def prepare(self, read: Any, moment: Any) -> tuple[Any, ...]:
        """Scaled, with the time of day."""
        return (readings.scaled_speeds(read, moment),)

    def finish(self, found: Any) -> Any:
        """Miles an hour of the twelve moments ahead."""
        return readings.speeds_ahead(found)

    def items(self, **_: Any) -> float:
        """Detectors a step."""
        return NODES


class PatchTst(_City):
    """Four days of air quality at twelve stations from the two weeks before, by PatchTST."""

    name = "patchtst"
    requires = ("torch", "transformers.models.patchtst.modeling_patchtst")
    parameters = {"processing": VALUES}
    quick = {"processing": "off"}
    items_unit = "series"
    deadline_seconds = 3600.0

    def build(self, place: Place, processing: str) -> Model:
        """PatchTST/42 and 336 hours of 72 series."""
        from transformers.models.patchtst.configuration_patchtst import PatchTSTConfig
        from transformers.models.patchtst.modeling_patchtst import PatchTSTForPrediction

        config = PatchTSTConfig(
            num_input_channels=STATIONS * POLLUTANTS,
            context_length=336,
            prediction_length=96,
            patch_length=16,
            patch_stride=8,
            num_hidden_layers=3,
            d_model=128,
            num_attention_heads=16,
            ffn_dim=256,
            pooling_type=None,
        )
        raw = readings.pollutants(place.seed, config.context_length, config.num_input_channels)
        return self.staged(load(PatchTSTForPrediction, config, place), (raw,), place, processing)

    def prepare(self, read: Any) -> tuple[Any, ...]:
        """Without gaps; the network scales each series itself."""
        return (readings.without_gaps(read),)

    def finish(self, found: Any, *_: Any) -> Any:
        """Means by day."""
        return readings.daily(found)

    def items(self, **_: Any) -> float:
        """Series a step."""
        return STATIONS * POLLUTANTS


class BuildingEnergy(_City):
    """A day of load from the week before for each building, and with ``processing`` what its battery is to do."""

    name = "building-energy"
    requires = ("torch",)
    parameters = {"buildings": (1, 64), "processing": VALUES}
    items_unit = "buildings"
    deadline_seconds = 3600.0

    def build(self, place: Place, buildings: int, processing: str) -> Model:
        """The small transformer of BuildingsBench and a week of readings."""
        from .load_transformer import PAST, LoadTransformer

        module = load_module(LoadTransformer, "city-load-transformer", place)
        return self.staged(module, readings.meters(place.seed, buildings, PAST), place, processing)

    def prepare(self, *read: Any) -> tuple[Any, ...]:
        """Scaled, with the calendar of the day to come."""
        return readings.scaled_meters(*read)

    def finish(self, found: Any) -> Any:
        """The control step: what each battery takes in, or gives, in the hour to come."""
        return readings.charge(found)

    def items(self, buildings: int, **_: Any) -> float:
        """Buildings a step."""
        return float(buildings)


class ManyMachines(_City):
    """Many small models: each machine's sound is looked at by a network of its own, one after the other."""

    name = "many-machines"
    requires = ("torch",)
    runtimes = ("torch-eager", "onnxruntime", "ncnn")
    parameters = {"machines": (16, 128), "processing": VALUES}
    quick = {"machines": 16, "processing": "off"}
    items_unit = "models"
    deadline_seconds = 0.032

    def build(self, place: Place, machines: int, processing: str) -> Model:
        """So many networks of MLPerf Tiny's, and a moment of sound for each."""
        from .machines import Machines

        module = load_module(lambda: Machines(machines), f"city-machines-{machines}", place)
        return self.staged(module, (readings.sounds(place.seed, machines),), place, processing)

    def prepare(self, samples: Any) -> tuple[Any, ...]:
        """Mel bands in decibels."""
        return (readings.bands(samples),)

    def finish(self, errors: Any) -> Any:
        """The machines' numbers, the strangest first."""
        return (-errors).argsort(kind="stable")

    def items(self, machines: int, **_: Any) -> float:
        """Models a step."""
        return float(machines)
