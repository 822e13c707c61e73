"""V1's typed exceptions.

OmegaError
 +-- ValidationError   1xxx
 +-- ComputationError  2xxx
 +-- IoError           3xxx
 +-- InternalError     4xxx
 +-- FfiError          5xxx
 +-- ResourceError     6xxx
"""

from __future__ import annotations

from typing import Any

from shared.error_codes import ErrorCode


class OmegaError(Exception):
    """Base: a message, a code of ``shared.error_codes`` and a context."""

    default_code = ErrorCode.INTERNAL_ERROR

    def __init__(self, message: str, error_code: int | None = None, context: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = int(self.default_code if error_code is None else error_code)
        self.context = dict(context or {})


class ValidationError(OmegaError):
    default_code = ErrorCode.VALIDATION_FAILED

    def __init__(self, message: str, field: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.field = field


class ComputationError(OmegaError):
    default_code = ErrorCode.COMPUTATION_FAILED

    def __init__(self, message: str, operation: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.operation = operation


class IoError(OmegaError):
    default_code = ErrorCode.IO_ERROR

    def __init__(self, message: str, path: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.path = path


class InternalError(OmegaError):
    default_code = ErrorCode.INTERNAL_ERROR


class FfiError(OmegaError):
    default_code = ErrorCode.FFI_ERROR

    def __init__(self, message: str, rust_error: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.rust_error = rust_error


class ResourceError(OmegaError):
    default_code = ErrorCode.RESOURCE_ERROR

    def __init__(self, message: str, resource: str | None = None, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)
        self.resource = resource


class MissingRateError(ValueError):
    """No static rate leads from one currency to the other."""

    error_code = int(ErrorCode.MISSING_REQUIRED_FIELD)


class NoBarsError(ValueError):
    """The load window holds no bar that could be traded."""

    error_code = int(ErrorCode.EMPTY_INPUT)


_PYTHON_CODES: tuple[tuple[type[BaseException], ErrorCode], ...] = (
    (FileNotFoundError, ErrorCode.FILE_NOT_FOUND),
    (PermissionError, ErrorCode.PERMISSION_DENIED),
    (TimeoutError, ErrorCode.TIMEOUT),
    (MemoryError, ErrorCode.OUT_OF_MEMORY),
    (NotImplementedError, ErrorCode.NOT_IMPLEMENTED),
    (ZeroDivisionError, ErrorCode.DIVISION_BY_ZERO),
    (OverflowError, ErrorCode.OVERFLOW),
    (IndexError, ErrorCode.OUT_OF_BOUNDS),
    (KeyError, ErrorCode.MISSING_REQUIRED_FIELD),
    (ValueError, ErrorCode.INVALID_ARGUMENT),
    (TypeError, ErrorCode.TYPE_MISMATCH),
)

_CATEGORIES = {0: "ok", 1: "validation", 2: "computation", 3: "io", 4: "internal", 5: "ffi", 6: "resource"}


def code_of(error: BaseException) -> int:
    """The code of any exception: its own, or the one its Python class stands for."""
    if isinstance(error, (OmegaError, MissingRateError, NoBarsError)):
        return error.error_code
    for kind, code in _PYTHON_CODES:
        if isinstance(error, kind):
            return int(code)
    return int(ErrorCode.INTERNAL_ERROR)


def category_of(code: int) -> str:
    """The range's name of a code."""
    return _CATEGORIES.get(code // 1000, "internal")
