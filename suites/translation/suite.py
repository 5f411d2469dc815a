"""Translation of a sentence, and speech to text: encoder-decoders that write greedily or with beams; who speaks when.

Every step does the same work: lengths are fixed and nothing ends early.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from harness import Marks, Model, Place, Raw, Workload
from harness.processing import VALUES, Staged
from harness.weights import BITS, load

from .decoding import write
from .frontend import RATE, log_mel
from .text import as_bytes, pieces

MARIAN = {
    "vocab_size": 58101,
    "d_model": 512,
    "encoder_layers": 6,
    "decoder_layers": 6,
    "encoder_attention_heads": 8,
    "decoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
    "decoder_ffn_dim": 2048,
    "activation_function": "swish",
    "scale_embedding": True,
    "max_position_embeddings": 512,
}
"""Helsinki-NLP/opus-mt-en-de: 74.4 M parameters."""

T5 = {"vocab_size": 32128, "d_model": 512, "d_kv": 64, "d_ff": 2048, "num_layers": 6, "num_heads": 8}
"""google-t5/t5-small: 60.5 M parameters."""

WHISPER = {
    "vocab_size": 51865,
    "d_model": 384,
    "encoder_layers": 4,
    "decoder_layers": 4,
    "encoder_attention_heads": 6,
    "decoder_attention_heads": 6,
    "encoder_ffn_dim": 1536,
    "decoder_ffn_dim": 1536,
}
"""openai/whisper-tiny: 37.8 M parameters with the encoder's fixed positions."""

SECONDS = 30
"""Of Whisper's window."""


class _Writer(Staged):
    """Reads a source, then writes ``new`` tokens: tokens are marked, and with raw input the stages around them."""

    dtypes = ("float32", "bfloat16")
    shape: ClassVar[dict[str, Any]]
    begin: ClassVar[tuple[int, ...]]
    """Tokens that the decoder starts with."""

    def _model(self, module: Any, raw: Any, place: Place, new: int, beams: int, processing: str) -> Model:
        """The module with inputs, or raw input, for a step: the source's first, then how much to write."""
        model = self.staged(module, (raw,), place, processing)
        given = None if model.raw is None else Raw((*model.raw, new, beams))
        return Model(module, (*model.inputs, new, beams), given)

    def step(self, call: Callable[..., Any], inputs: tuple[Any, ...], marks: Marks) -> Any:
        """Write; returns the scores behind the last token, with raw input the text too."""
        if not isinstance(inputs, Raw):
            source, start, new, beams = inputs
            return write(call, source, start, new, beams, marks)[1]
        raw, new, beams = inputs
        source, start = self.prepare(raw)
        marks("preprocessed")
        tokens, scores = write(call, source, start, new, beams, marks)
        marks("inferred")
        text = self.finish(tokens)
        marks("postprocessed")
        return scores, text

    def finish(self, tokens: list[int]) -> str:
        """The text that the tokens stand for."""
        return pieces(self.shape["vocab_size"]).decode(tokens)

    def start(self) -> Any:
        """What the decoder starts with, as an array of 1 x tokens."""
        import numpy

        return numpy.array([self.begin])


class _Translator(_Writer):
    family = "translation"
    items_unit = "tokens"
    parameters = {"beams": (1, 4), "source": (32,), "new": (32,), "processing": VALUES}
    deadline_seconds = 0.25
    end: ClassVar[int]

    def text(self, place: Place, source: int) -> Any:
        """A sentence of ``source`` words in UTF-8."""
        return as_bytes(pieces(self.shape["vocab_size"]).text(source, place.seed))

    def prepare(self, text: Any) -> tuple[Any, Any]:
        """The source's tokens (1 x as many as it has words), and what the decoder starts with."""
        import numpy

        tokens = pieces(self.shape["vocab_size"]).encode(text.tobytes().decode(), self.end)
        return numpy.array([tokens]), self.start()

    def items(self, beams: int, source: int, new: int, processing: str) -> float:
        """Tokens written a step, of the text that is kept."""
        return float(new)


class Marian(_Translator):
    """A sentence from English to German with OPUS-MT's Transformer-base."""

    name = "opus-mt"
    requires = ("torch", "tokenizers", "transformers.models.marian.modeling_marian")
    shape = MARIAN
    quick = {"beams": 1, "source": 32, "new": 32, "processing": "off"}
    begin, end = (58100,), 0

    def build(self, place: Place, beams: int, source: int, new: int, processing: str) -> Model:
        """The model of ``Helsinki-NLP/opus-mt-en-de`` and a sentence of ``source`` tokens."""
        from transformers.models.marian.configuration_marian import MarianConfig
        from transformers.models.marian.modeling_marian import MarianMTModel

        module = load(MarianMTModel, MarianConfig(**self.shape), place)
        return self._model(module, self.text(place, source), place, new, beams, processing)


class T5Small(_Translator):
    """A sentence from one language to another with T5-small."""

    name = "t5-small"
    requires = ("torch", "tokenizers", "transformers.models.t5.modeling_t5")
    shape = T5
    begin, end = (0,), 1

    def build(self, place: Place, beams: int, source: int, new: int, processing: str) -> Model:
        """The model of ``google-t5/t5-small`` and a sentence of ``source`` tokens."""
        from transformers.models.t5.configuration_t5 import T5Config
        from transformers.models.t5.modeling_t5 import T5ForConditionalGeneration

        module = load(T5ForConditionalGeneration, T5Config(**self.shape), place)
        return self._model(module, self.text(place, source), place, new, beams, processing)


class WhisperTiny(_Writer):
    """Thirty seconds of speech to text with Whisper-tiny."""

    name = "whisper-tiny"
    family = "speech"
    requires = ("torch", "tokenizers", "transformers.audio_utils", "transformers.models.whisper.modeling_whisper")
    parameters = {"beams": (1, 5), "new": (100, 25), "processing": VALUES}
    quick = {"beams": 1, "new": 25, "processing": "off"}
    items_unit = "audio seconds"
    deadline_seconds = 1.0
    shape = WHISPER
    begin = (50258, 50259, 50359, 50363)

    def build(self, place: Place, beams: int, new: int, processing: str) -> Model:
        """The model of ``openai/whisper-tiny`` and a window of 16-bit samples."""
        import numpy
        from transformers.models.whisper.configuration_whisper import WhisperConfig
        from transformers.models.whisper.modeling_whisper import WhisperForConditionalGeneration

        module = load(WhisperForConditionalGeneration, WhisperConfig(**self.shape), place)
        noise = numpy.random.default_rng(place.seed).normal(0, 3000, SECONDS * RATE)
        return self._model(module, noise.clip(-32768, 32767).astype("int16"), place, new, beams, processing)

    def prepare(self, samples: Any) -> tuple[Any, Any]:
        """The spectrogram (1 x 80 x 3000), and what the decoder starts with: language, task, no time stamps."""
        return log_mel(samples), self.start()

    def items(self, beams: int, new: int, processing: str) -> float:
        """Seconds of audio a step: per second they are how many times faster than real time it is."""
        return float(SECONDS)


class SileroVad(Workload):
    """Whether someone speaks, in 32 ms of sound, with a trained network: few bits cost it what they cost in earnest."""

    name = "silero-vad"
    family = "speech"
    requires = ("torch",)
    runtimes = ("torch-eager", "onnxruntime")
    dtypes = ("float32", "bfloat16", *BITS)
    items_unit = "audio seconds"
    deadline_seconds: ClassVar[float] = 0.032

    def build(self, place: Place) -> Model:
        """The network of the package ``silero-vad``, a hop of speech, and the state that the hops before it left."""
        from . import voice

        module, facts = voice.loaded(place)
        return Model(module, voice.inputs(place), facts=facts)

    def items(self) -> float:
        """Seconds of audio a step: it must be done before the next ones are there."""
        return self.deadline_seconds
