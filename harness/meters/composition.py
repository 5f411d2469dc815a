"""What the tensors of a torch workload are: weights, gradients, optimizer state, key-value cache, activations.

Every storage is followed from the first operator that sees it until it is freed. What it is may be known only later (a
product is a gradient once it lies in ``.grad``), so births and deaths are kept in order, and the peak is found at the
end. Memory that an operator takes and frees inside itself is no tensor and is not seen.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

WEIGHTS, GRADIENTS, OPTIMIZER_STATE = "weights", "gradients", "optimizer_state"
KV_CACHE, ACTIVATIONS = "kv_cache", "activations"
_FIRST_WINS = (KV_CACHE, WEIGHTS, OPTIMIZER_STATE, GRADIENTS, ACTIVATIONS)
_DEPTH = 4


class StorageLog:
    """Births and deaths of the storages on one device, in order, and what each of them is."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._events: list[tuple[int, int]] = []
        self._alive: dict[int, tuple[int, int, weakref.ref[Any]]] = {}
        self._kinds: dict[int, str] = {}
        self._start = 0

    def see(self, value: Any) -> None:
        """Note the storages of the tensors in ``value`` (tensors, lists and tuples of them)."""
        for storage in _storages(value):
            self._number(storage)

    def name(self, value: Any, kind: str) -> None:
        """Say what the storages of ``value`` are, from their birth on; what was said before may weigh more."""
        for storage in _storages(value):
            number = self._number(storage)
            if number is not None:
                before = self._kinds.get(number, ACTIVATIONS)
                self._kinds[number] = min(before, kind, key=_FIRST_WINS.index)

    def start(self) -> None:
        """Peaks count from here on; what is alive stays on the account."""
        self._start = len(self._events)

    def peak(self) -> dict[str, int]:
        """Bytes by kind at the moment when all of them together were the most."""
        total = highest = sum(size for _, size in self._events[: self._start])
        end = self._start
        for position, (_, size) in enumerate(self._events[self._start :], self._start + 1):
            total += size
            if total > highest:
                highest, end = total, position
        found: Counter[str] = Counter()
        for number, size in self._events[:end]:
            found[self._kinds.get(number, ACTIVATIONS)] += size
        return {kind: found[kind] for kind in _FIRST_WINS}

    def _number(self, storage: Any) -> int | None:
        key, size = storage._cdata, storage.nbytes()
        known = self._alive.get(key)
        if known is None:
            return self._born(storage, key, size)
        number, before, ref = known
        if size != before:
            self._events.append((number, size - before))
            self._alive[key] = (number, size, ref)
        return number

    def _born(self, storage: Any, key: int, size: int) -> int | None:
        if storage.device.type != self._device:
            return None
        number = len(self._events)
        self._events.append((number, size))
        self._alive[key] = (number, size, weakref.ref(storage, self._death(key)))
        return number

    def _death(self, key: int) -> Callable[[Any], None]:
        def died(_: Any) -> None:
            number, size, _ref = self._alive.pop(key)
            self._events.append((number, -size))

        return died


def _storages(value: Any) -> Iterator[Any]:
    import torch

    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _storages(part)
    elif isinstance(value, torch.Tensor):
        yield from _of_tensor(value)


def _of_tensor(tensor: torch.Tensor) -> Iterator[Any]:
    from torch.utils._python_dispatch import is_traceable_wrapper_subclass

    wrapper: Any = tensor
    if is_traceable_wrapper_subclass(wrapper):
        for name in wrapper.__tensor_flatten__()[0]:
            yield from _of_tensor(getattr(wrapper, name))
        return
    try:
        yield tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):
        return  # sparse and opaque tensors have no storage: they stay in the remainder


class Account:
    """Follows the tensors of one device while it is entered. ``begin_steps`` starts the peak; ``peak`` ends it."""

    def __init__(self, device: str) -> None:
        self.log = StorageLog(device)
        self._mode = _mode(self.log)
        self._handles: list[Any] = []
        self._modules: list[torch.nn.Module] = []

    def __enter__(self) -> Account:
        from torch.optim.optimizer import register_optimizer_step_post_hook

        self._handles.append(register_optimizer_step_post_hook(self._stepped))
        self._mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._mode.__exit__(*exception)
        for handle in self._handles:
            handle.remove()

    def begin_steps(self, subject: Any, inputs: Any) -> None:
        """The model is loaded: ``subject`` is a module, or holds modules; ``inputs`` are what it is called with."""
        self._modules = list(modules_in(subject))
        self.log.see(inputs)
        for module in self._modules:
            self._handles.append(module.register_forward_hook(self._called, with_kwargs=True))
            for parameter in module.parameters():
                if parameter.requires_grad:
                    register: Any = parameter.register_post_accumulate_grad_hook
                    self._handles.append(register(self._accumulated))
        self._name_modules()
        self.log.start()

    def peak(self) -> dict[str, int]:
        """Bytes by kind at the tensors' peak since ``begin_steps``."""
        self._name_modules()
        return self.log.peak()

    def _name_modules(self) -> None:
        for root in self._modules:
            for module in root.modules():
                kind = KV_CACHE if _is_cache(module) else WEIGHTS
                own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
                self.log.name(own, kind)
                self.log.name([t.grad for t in own], GRADIENTS)

    def _called(self, _module: Any, args: Any, kwargs: Any, output: Any) -> None:
        for tensor in _cached((args, kwargs, output)):
            self.log.name(tensor, KV_CACHE)

    def _accumulated(self, parameter: Any) -> None:
        self.log.name(parameter.grad, GRADIENTS)

    def _stepped(self, optimizer: Any, *_: Any) -> None:
        for group in optimizer.param_groups:
            self.log.name(group["params"], WEIGHTS)
            self.log.name([p.grad for p in group["params"]], GRADIENTS)
        for state in optimizer.state.values():
            self.log.name(list(_tensors_in(state)), OPTIMIZER_STATE)


def _mode(log: StorageLog) -> AbstractContextManager[Any]:
    from torch.utils import _python_dispatch

    base: Any = _python_dispatch.TorchDispatchMode

    class Watch(base):  # type: ignore[misc]
        """Sees every operator's inputs and outputs, the operators that a composite one is made of included."""

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # else torch would import its compiler, and the peak have it, to be kept out of it

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            named = kwargs or {}
            with self:  # in inference mode a composite operator comes whole, and hides what it makes inside
                output = func.decompose(*args, **named)
            if output is NotImplemented:
                log.see(args)
                output = func(*args, **named)
            log.see(output)
            return output

    made: AbstractContextManager[Any] = Watch()
    return made


def modules_in(subject: Any, depth: int = 2) -> Iterator[torch.nn.Module]:
    """The outermost torch modules in ``subject``: itself, or held by attributes, a method's owner, a closure."""
    import torch

    if isinstance(subject, torch.nn.Module):
        yield subject
        return
    if depth == 0:
        return
    cells = [cell.cell_contents for cell in getattr(subject, "__closure__", None) or ()]
    owner = [getattr(subject, "__self__", None)]
    for held in (*getattr(subject, "__dict__", {}).values(), *cells, *owner):
        yield from modules_in(held, depth - 1)


def _is_cache(value: Any) -> bool:
    """Libraries call it so: DynamicCache, StaticCache, KVCache, EncoderDecoderCache."""
    return type(value).__name__.endswith("Cache")


def _cached(value: Any, depth: int = _DEPTH) -> Iterator[Any]:
    """Tensors that a cache object in ``value`` holds."""
    if _is_cache(value):
        yield from _tensors_in(value)
    elif depth and isinstance(value, (list, tuple, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _cached(part, depth - 1)


def _tensors_in(value: Any, depth: int = _DEPTH) -> Iterator[Any]:
    import torch

    if isinstance(value, torch.Tensor):
        yield value
    elif depth:
        for part in _parts(value):
            yield from _tensors_in(part, depth - 1)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple)):
        return value
    return list(getattr(value, "__dict__", {}).values())
