"""The operators that PyTorch's dispatcher sees in a step: of each its class, work and time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from harness.features.operators import Convolution, Counted, NotCounted, Operator, attention, product
from harness.meters.composition import modules_in
from harness.model.features import OperatorClass

if TYPE_CHECKING:
    import torch

HOW = "TorchDispatchMode around each operator that no other one is made of"

_FUSED = ("_native_multi_head_attention", "_transformer_encoder_layer_fwd", "mkldnn_rnn_layer", "_cudnn_rnn")
_ATTENTION = ("scaled_dot_product_attention", "_scaled_dot_product")
_TABLES = ("embedding", "index_select", "gather", "index")
_IN_PLACES = ("index_put_", "_index_put_impl_", "index_copy_", "index_add_", "scatter_", "scatter_add_")
"""They write what they are given into places of a larger tensor."""
_OVERWRITING = ("copy_", "fill_", "zero_")
"""What was in their first argument is not read."""
_FEW_BITS = ("_weight_int8pack_mm", "_weight_int4pack_mm_for_cpu")
"""Products of rows with weights in few bits, whose second argument is no matrix of the product's shape."""
_NO_DATA = ("empty", "empty_like", "empty_strided", "new_empty")

Watch = Callable[[], None]


def count(call: Any, inputs: Any, step: Callable[[], Any], passes: int, wait: Watch | None) -> Counted:
    """Run ``step`` so many times and note the operators of each; weights are those of the modules in ``call``.

    ``wait`` waits for the device, where it is not the CPU. Raises NotCounted where one operator hides several.
    """
    weights = frozenset(_storages(call, *inputs))
    found = []
    for _ in range(passes):
        mode, seen = _mode(weights, wait)
        with mode:
            step()
        found.append(tuple(seen))
    return Counted(tuple(found), HOW)


def _storages(*subjects: Any) -> Iterator[int]:
    """What the parameters and buffers of all modules lie in."""
    for module in (found for subject in subjects for found in modules_in(subject)):
        for tensor in (*module.parameters(), *module.buffers()):
            yield _storage(tensor)


def _mode(weights: frozenset[int], wait: Watch | None) -> tuple[Any, list[Operator]]:
    from torch.utils import _python_dispatch

    base: Any = _python_dispatch.TorchDispatchMode
    seen: list[Operator] = []

    class Watching(base):  # type: ignore[misc]
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # else torch would import its compiler, for a second and more, to be kept out of it

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            named = kwargs or {}
            if _hides_others(func):
                with self:
                    return func._op_dk(_composite(), *args, **named)
            output, seconds = _timed(lambda: func(*args, **named), wait)
            seen.append(_operator(func, (args, named), output, seconds, weights))
            return output

    return Watching(), seen


def _composite() -> Any:
    import torch

    return torch._C.DispatchKey.CompositeImplicitAutograd


def _hides_others(func: Any) -> bool:
    """Whether it is made of other operators, which inference mode does not show; attention counts as one."""
    import torch

    if _name(func).startswith(_ATTENTION):
        return False
    return bool(torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd"))


def _timed(run: Callable[[], Any], wait: Watch | None) -> tuple[Any, float]:
    if wait is not None:
        wait()
    start = time.perf_counter_ns()
    output = run()
    if wait is not None:
        wait()
    return output, (time.perf_counter_ns() - start) / 1e9


def _name(func: Any) -> str:
    """``convolution`` of ``aten::convolution``."""
    return str(func._schema.name).partition("::")[2]


def _operator(func: Any, given: Any, output: Any, seconds: float, weights: frozenset[int]) -> Operator:
    name, (args, named) = _name(func), given
    kept = args[1:] if name in _OVERWRITING else args
    given_to_read = (kept, {k: v for k, v in named.items() if k != "out"})
    read = list({id(t): t for t in _tensors(given_to_read)}.values())
    written = list(_tensors(output))
    if name.startswith(_FUSED):
        raise NotCounted(f"{name} does the work of several operators at once")
    if name in _NO_DATA or _is_view(func, read, written):
        return Operator(None, seconds=seconds, name=name)
    kind, flop = _class(name, args, output)
    known, others = _read_and_written(name, read, written, weights)
    return Operator(kind, flop, known, others, seconds, name, _shapes(read))


def _read_and_written(
    name: str, read: list[torch.Tensor], written: list[torch.Tensor], weights: frozenset[int]
) -> tuple[int, int]:
    """Bytes of weights that are read; those of all else that is read or written."""
    made = sum(map(_bytes, written))
    if name in _TABLES:
        return (made, made) if _storage(read[0]) in weights else (0, 2 * made)
    if name in _IN_PLACES:
        return 0, 2 * sum(map(_bytes, read[1:]))
    known = sum(_bytes(t) for t in read if _storage(t) in weights)
    return known, sum(map(_bytes, read)) - known + made


def _is_view(func: Any, read: list[torch.Tensor], written: list[torch.Tensor]) -> bool:
    """Whether its outputs are its inputs in another shape."""
    if func._schema.is_mutable or not written:
        return False
    sources = {_storage(t) for t in read}
    return all(_storage(t) in sources for t in written)


def _class(name: str, args: Any, output: Any) -> tuple[OperatorClass, int]:
    if name in {"convolution", "_convolution"}:
        return _convolution(args, output)
    if name == "convolution_backward":
        return _convolution_backward(args)
    if name.startswith(_ATTENTION):
        return "attention", _attention(*args[1:4]) * 5 // 2 if "_backward" in name else _attention(*args[:3])
    if name in _FEW_BITS:
        return product(args[0].shape[-2], args[0].shape[-1], output.shape[-1])
    matrices = _matrices(name, args)
    if matrices is None:
        return "elementwise", 0
    left, right = matrices
    return product(left.shape[-2], left.shape[-1], right.shape[-1], math.prod(left.shape[:-2]))


def _attention(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> int:
    """FLOP of its two products; backward there are five, one of them the forward's once more."""
    heads = math.prod(query.shape[:-2])
    return attention(heads, query.shape[-2], key.shape[-2], query.shape[-1], value.shape[-1])


def _matrices(name: str, args: Any) -> tuple[Any, Any] | None:
    """The two matrices of a product, with a vector as a matrix of one row."""
    if name in {"mm", "bmm", "_int_mm"}:
        return args[0], args[1]
    if name in {"addmm", "baddbmm", "addbmm", "_addmm_activation"}:
        return args[1], args[2]
    if name in {"mv", "dot"}:
        return args[1].reshape(1, -1), args[0].reshape(-1, args[1].numel()).t()
    if name == "addmv":
        return args[2].reshape(1, -1), args[1].t()
    return None


def _convolution(args: Any, output: torch.Tensor) -> tuple[OperatorClass, int]:
    """Of ``(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)``."""
    given, weight, _, stride, _, dilation, transposed, _, groups = args[:9]
    ends = (given.shape[1], output.shape[1])
    spread = given if transposed else output
    made = Convolution(
        inputs=ends[0],
        outputs=ends[1],
        groups=groups,
        kernel=tuple(weight.shape[2:]),
        elements=spread.numel() // spread.shape[1],
        plain={*stride, *dilation} == {1},
        transposed=transposed,
    )
    return made.kind, made.flop


def _convolution_backward(args: Any) -> tuple[OperatorClass, int]:
    """Of ``(gradient, input, weight, bias sizes, stride ... groups, mask)``: the forward, for each that is asked."""
    gradient, given, weight, _, *rest = args
    kind, flop = _convolution((given, weight, None, *rest[:6]), gradient)
    return kind, flop * sum(rest[6][:2])


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _bytes(tensor: torch.Tensor) -> int:
    """What there is to read of it: of one that repeats itself, its storage."""
    return min(tensor.numel() * tensor.itemsize, tensor.untyped_storage().nbytes())


def _shapes(tensors: Iterable[torch.Tensor]) -> str:
    return " ".join(str(list(t.shape)) for t in tensors)
