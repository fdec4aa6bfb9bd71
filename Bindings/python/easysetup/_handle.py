"""What all objects with a handle have in common."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, ClassVar, TypeVar

Self = TypeVar("Self", bound="Owner")


class Owner:
    """An object with a handle of the library's. It is freed by `close`, at the end of a `with`, or with the object."""

    _release: ClassVar[Callable[[int], Any]]

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._closing = threading.Lock()

    def close(self) -> None:
        """Frees what the object holds. A second call has no effect, and other calls then raise `bad-argument`."""
        with self._closing:
            handle, self._handle = self._handle, 0
        if handle:
            type(self)._release(handle)

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", 0):
            self.close()
