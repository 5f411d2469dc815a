"""Events: what a child tells its parent (JSON Lines on a descriptor of its own) and what the engine tells a screen."""

from __future__ import annotations

from msgspec import Struct

from harness.model.case import Trial
from harness.model.features import Features
from harness.model.measure import Finding, Measurement, Stage
from harness.model.outcome import Outcome
from harness.model.record import Enforced, Record


class Said(Struct, frozen=True, tag="said"):
    """Facts about the child: versions, threads, parameter count."""

    facts: dict[str, str]


class StageBegan(Struct, frozen=True, tag="stage_began"):
    """The child entered a stage."""

    stage: Stage


class Measured(Struct, frozen=True, tag="measured"):
    """A measurement is complete."""

    measurement: Measurement


class Found(Struct, frozen=True, tag="found"):
    """An instrument in the child has something to say."""

    finding: Finding


class Capped(Struct, frozen=True, tag="capped"):
    """The child set a limit of its own and read it back."""

    enforced: Enforced


class Counted(Struct, frozen=True, tag="counted"):
    """The operators of a step were counted."""

    features: Features


class StepDone(Struct, frozen=True, tag="step_done"):
    """A step of a memory trial ended: its wall time and the page faults that read from disk."""

    seconds: float
    major_faults: int


class Ended(Struct, frozen=True, tag="ended"):
    """The child's own account of how it ended."""

    outcome: Outcome
    items: float | None = None


ChildEvent = Said | StageBegan | Measured | Found | Capped | Counted | StepDone | Ended


class TrialStarted(Struct, frozen=True, tag="trial_started"):
    """Trial ``number`` of ``total`` (from 1) is about to run."""

    trial: Trial
    number: int
    total: int


class TrialStage(Struct, frozen=True, tag="trial_stage"):
    """The running trial entered a stage."""

    trial: Trial
    stage: Stage


class TrialEnded(Struct, frozen=True, tag="trial_ended"):
    """A trial's record has been written."""

    record: Record
    number: int
    total: int


class Notice(Struct, frozen=True, tag="notice"):
    """A sentence for the user."""

    text: str


EngineEvent = TrialStarted | TrialStage | TrialEnded | Notice
