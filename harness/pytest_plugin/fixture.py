"""What stands in for pytest-benchmark's fixture: it forwards everything, and measures once theirs is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from harness.pytest_plugin.entry import Call
from harness.pytest_plugin.measure import Wanted, after, during, highest


class TheirFixture(Protocol):
    """What is used of pytest-benchmark's fixture: its documented attributes."""

    disabled: bool
    extra_info: dict[str, Any]

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Time a function."""

    def pedantic(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Time a function with rounds and iterations as told."""

    def weave(self, target: Any, **kwargs: Any) -> None:
        """Time a function that others call."""


class Measured:
    """The fixture that a test gets. It passes for theirs (``isinstance``), since pytest-benchmark insists on it.

    The functions are timed by theirs, untouched: what is added runs before the first or after the last of its calls.
    """

    _OWN = frozenset({"_fixture", "_wanted", "_key", "_woven"})

    def __init__(self, fixture: TheirFixture, wanted: Wanted, key: str) -> None:
        self._fixture, self._wanted, self._key = fixture, wanted, key
        self._woven: list[Callable[[], None]] = []

    @property  # type: ignore[misc]  # object's may be assigned to, which nobody needs here
    def __class__(self) -> Any:
        return type(self._fixture)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fixture, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._OWN:
            super().__setattr__(name, value)
        else:
            setattr(self._fixture, name, value)

    def __call__(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Time a function as theirs does, then measure; gives what the timed function returned."""
        __tracebackhide__ = True
        call = Call(function, args, kwargs)
        return self._measure(call, partial(self._fixture, function, *args, **kwargs))

    def pedantic(
        self,
        target: Callable[..., Any],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        setup: Callable[[], Any] | None = None,
        teardown: Callable[..., Any] | None = None,
        *more: Any,
        **options: Any,
    ) -> Any:
        """The same with theirs in its pedantic mode; ``setup`` and ``teardown`` run around the further call too."""
        __tracebackhide__ = True
        call = Call(target, args, kwargs or {}, setup, teardown)
        timed = partial(self._fixture.pedantic, target, args, kwargs, setup, teardown, *more, **options)
        return self._measure(call, timed)

    def weave(self, target: Any, **kwargs: Any) -> None:
        """Measure a function that others call: replaced until the test ends, as theirs does."""
        if find_spec("aspectlib") is None:
            self._fixture.weave(target, **kwargs)  # which says what to install
            return
        aspectlib = import_module("aspectlib")

        def aspect(function: Callable[..., Any]) -> Callable[..., Any]:
            return lambda *args, **given: self(function, *args, **given)

        self._woven.append(aspectlib.weave(target, aspect, **kwargs).rollback)

    patch = weave

    def unweave(self) -> None:
        """Put back what was woven."""
        while self._woven:
            self._woven.pop()()

    def _measure(self, call: Call, time: Callable[[], Any]) -> Any:
        __tracebackhide__ = True
        entry: dict[str, Any] = {}
        bare = call.setup is None and call.teardown is None  # else what these hold would be taken for the calls'
        beside = highest(entry) if bare and self._wanted.memory else nullcontext()
        with beside if self._wanted.extra_call else during(entry):
            result = time()
        if self._wanted.extra_call:
            entry = after(call, self._wanted) | entry
        self._fixture.extra_info[self._key] = entry
        return result
