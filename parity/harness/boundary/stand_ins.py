"""Counts constructions and attribute accesses of a native module's classes while a block runs.

The interpreter's profiling hook reports neither. So a stand-in replaces such a class in every module that holds it as a
global: it counts calls of the class and behaves like the class otherwise. A counting descriptor replaces each attribute
of the class. Both are undone at the end of the block.

Stands alone (standard library only), because V1's worker imports it as a file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import GetSetDescriptorType
from typing import Any

#: Called with the name of a constructor or attribute and the access itself; returns what the access returns.
Through = Callable[[str, Callable[[], Any]], Any]


class _StandIn(type):
    """The metaclass of what takes a class's place in the modules that imported it."""

    _real: Any
    _through: Through

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls._through(f"{cls._real.__name__}.__new__", lambda: cls._real(*args, **kwargs))

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls._real)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls._real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real, name)


class _Attribute:
    """A counting descriptor around a native one."""

    def __init__(self, name: str, real: GetSetDescriptorType, through: Through) -> None:
        self._name, self._real, self._through = name, real, through

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self._real
        return self._through(self._name, lambda: self._real.__get__(instance, owner))

    def __set__(self, instance: Any, value: Any) -> None:
        self._through(self._name, lambda: self._real.__set__(instance, value))


def _stand_in(real: type, through: Through) -> _StandIn:
    return _StandIn(real.__name__, (), {"_real": real, "_through": staticmethod(through)})


@contextmanager
def counted(types: Iterable[type], through: Through) -> Iterator[list[str]]:
    """Calls ``through`` for every construction and attribute access of ``types``.

    Yields the names of the attributes that cannot be replaced, and so are not counted.
    """
    unrecorded: list[str] = []
    globals_put: list[tuple[Any, str, type]] = []
    attributes_put: list[tuple[type, str, Any]] = []
    try:
        for real in types:
            stand_in = _stand_in(real, through)
            for module in list(sys.modules.values()):
                for name, value in list(getattr(module, "__dict__", {}).items()):
                    if value is real:
                        setattr(module, name, stand_in)
                        globals_put.append((module, name, real))
            for name, value in list(vars(real).items()):
                if isinstance(value, GetSetDescriptorType) and not name.startswith("__"):
                    attribute = f"{real.__name__}.{name}"
                    try:
                        setattr(real, name, _Attribute(attribute, value, through))
                    except TypeError:  # a class that cannot be changed
                        unrecorded.append(attribute)
                    else:
                        attributes_put.append((real, name, value))
        yield unrecorded
    finally:
        for module, name, real in globals_put:
            setattr(module, name, real)
        for real, name, value in attributes_put:
            setattr(real, name, value)
