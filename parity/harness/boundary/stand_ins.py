"""Counts constructions and attribute accesses of a native module's classes while a block runs.

The interpreter's profiling hook reports neither. So a stand-in replaces such a class in every module that holds it as a
global: it counts calls of the class and behaves like the class otherwise. A counting descriptor replaces each attribute
of the class. Both are undone at the end of the block.

Stands alone (standard library only), because V1's worker imports it as a file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from types import GetSetDescriptorType
from typing import Any

#: Called with the name of a constructor or attribute and the access itself; returns what the access returns.
Through = Callable[[str, Callable[[], Any]], Any]
#: What held a name before: the holder, the name, and its value.
Undo = tuple[Any, str, Any]


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


def _replace_classes(types: Iterable[type], through: Through, undo: list[Undo]) -> None:
    """Puts a stand-in for each class into every module that holds it as a global."""
    stand_ins = {id(real): _stand_in(real, through) for real in types}
    # One pass over all modules: there are thousands.
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in stand_ins:
                setattr(module, name, stand_ins[id(value)])
                undo.append((module, name, value))


def _replace_attributes(real: type, through: Through, undo: list[Undo]) -> list[str]:
    """Puts a counting descriptor in place of each attribute of a class; the attributes that cannot be replaced."""
    unrecorded = []
    for name, value in list(vars(real).items()):
        if isinstance(value, GetSetDescriptorType) and not name.startswith("__"):
            attribute = f"{real.__name__}.{name}"
            try:
                setattr(real, name, _Attribute(attribute, value, through))
            except TypeError:  # a class that cannot be changed
                unrecorded.append(attribute)
            else:
                undo.append((real, name, value))
    return unrecorded


@contextmanager
def counted(
    types: Collection[type], through: Through, *, constructors: bool = True, attributes: bool = True
) -> Iterator[list[str]]:
    """Calls ``through`` for every construction and attribute access of ``types``.

    Yields the names of the attributes that cannot be replaced, and so are not counted.
    """
    unrecorded: list[str] = []
    undo: list[Undo] = []
    try:
        if constructors:
            _replace_classes(types, through, undo)
        for real in types if attributes else ():
            unrecorded += _replace_attributes(real, through, undo)
        yield unrecorded
    finally:
        for holder, name, value in undo:
            setattr(holder, name, value)
