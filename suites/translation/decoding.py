"""Writing with an encoder-decoder and its key-value cache, greedily or with beams: always so many tokens, no early end.

``call`` is the model's ``forward``; ``source`` goes into the encoder, ``start`` (1 x tokens) is what the decoder begins
with. Each token is brought to the host before its mark, as it is when it is shown to someone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness import Marks

Call = Callable[..., Any]


def write(call: Call, source: Any, start: Any, new: int, beams: int, marks: Marks) -> tuple[list[int], Any]:
    """``new`` tokens and the scores behind the last: logits (1 x vocabulary), with beams their log-probabilities."""
    if beams == 1:
        return greedy(call, source, start, new, marks)
    return beam_search(call, source, start, new, beams, marks)


def greedy(call: Call, source: Any, start: Any, new: int, marks: Marks) -> tuple[list[int], Any]:
    """Each time the likeliest token. Returns the tokens and the last one's logits."""
    out = call(source, None, start, use_cache=True)
    encoded = (out.encoder_last_hidden_state,)
    token = out.logits[:, -1:].argmax(-1)
    tokens = [int(token)]
    marks("first_token")
    while len(tokens) < new:
        out = _next(call, token, encoded, out.past_key_values)
        token = out.logits[:, -1:].argmax(-1)
        tokens.append(int(token))
        marks("token")
    return tokens, out.logits[:, -1]


def beam_search(call: Call, source: Any, start: Any, new: int, beams: int, marks: Marks) -> tuple[list[int], Any]:
    """The likeliest of the ``beams`` texts that are kept at each token: its tokens, and the log-probabilities of all.

    The decoder's own cache follows the texts that are kept. What it took from the source is the same for all of them:
    it is repeated once and never reordered.
    """
    out = call(source, None, start, use_cache=True)
    cache, hidden = out.past_key_values, out.encoder_last_hidden_state
    encoded = (hidden.expand(beams, *hidden.shape[1:]),)
    scores, kept, tokens = _best(0.0, out.logits, beams)
    written = tokens[:, None]
    cache.cross_attention_cache.batch_repeat_interleave(beams)
    tokens.tolist()
    marks("first_token")
    for _ in range(new - 1):
        cache.self_attention_cache.reorder_cache(kept)
        out = _next(call, tokens[:, None], encoded, cache)
        scores, kept, tokens = _best(scores[:, None], out.logits, beams)
        written = _join(written[kept], tokens)
        tokens.tolist()
        marks("token")
    return written[0].tolist(), scores


def _next(call: Call, tokens: Any, encoded: tuple[Any], cache: Any) -> Any:
    """One token more for each text (texts x 1), the encoder's output and the cache as they are."""
    return call(None, None, tokens, encoder_outputs=encoded, past_key_values=cache, use_cache=True)


def _best(scores: Any, logits: Any, beams: int) -> tuple[Any, Any, Any]:
    """The best continuations of all texts: log-probabilities, best first, the text that each continues, its token."""
    following = scores + logits[:, -1].float().log_softmax(-1)
    best, places = following.flatten().topk(beams)
    vocabulary = following.shape[-1]
    return best, places // vocabulary, places % vocabulary


def _join(texts: Any, tokens: Any) -> Any:
    import torch

    return torch.cat([texts, tokens[:, None]], dim=1)
