"""Errors: those of the library, and those of an app's own store."""

import ctypes
from collections.abc import Callable
from typing import Any

from ._codes import Code
from ._library import lib, text


class EasySetupError(Exception):
    """An error of the library, with texts for a person. `name` and `cause` stay the same from version to version."""

    def __init__(self, handle: int) -> None:
        self.code = Code.of(lib.easysetup_error_code(handle))
        self.name: str = text(lib.easysetup_error_name(handle)) or "bad-argument"
        self.cause: str | None = text(lib.easysetup_error_cause(handle))
        self.description: str = text(lib.easysetup_error_description(handle)) or ""
        self.advice: str = text(lib.easysetup_error_advice(handle)) or ""
        self.key: str = text(lib.easysetup_error_key(handle)) or ""
        self.parameters = parameters(lib.easysetup_error_parameter_name, lib.easysetup_error_parameter, handle)
        self.retry_helps: bool = lib.easysetup_error_retry_helps(handle)
        self.retry_after: float = lib.easysetup_error_retry_after(handle) / 1000
        super().__init__(self.description)


class StoreFailure(Exception):
    """What an app's own store raises. The pairing fails with it, and the other device learns only that nothing was stored."""

    def __init__(self, code: Code) -> None:
        """An error that the library has texts for, such as `Code.STORE_FULL`."""
        super().__init__(code.name)
        self.code = code
        self.texts: tuple[str, str, str, bool] | None = None

    @classmethod
    def app(cls, name: str, description: str, advice: str, retry_helps: bool = False) -> "StoreFailure":
        """An error of the app's own. Its name begins with `app-`, and no text has a secret in it."""
        failure = cls(Code.APP)
        failure.texts = (name, description, advice, retry_helps)
        return failure


def parameters(name: Callable[..., Any], value: Callable[..., Any], handle: int) -> dict[str, str]:
    """The parameters of an error's or a state's texts."""
    found: dict[str, str] = {}
    while key := name(handle, len(found)):
        found[key.decode()] = value(handle, key).decode()
    return found


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function that returns a code and has an error as its last parameter."""
    error = ctypes.c_void_p()
    if function(*arguments, ctypes.byref(error)) == 0:
        return
    assert error.value is not None
    try:
        raise EasySetupError(error.value)
    finally:
        lib.easysetup_error_free(error)


def make(function: Callable[..., int], *arguments: Any) -> int:
    """Calls a function that makes a handle, and returns it; 0 if it is NULL."""
    handle = ctypes.c_void_p()
    call(function, *arguments, ctypes.byref(handle))
    return handle.value or 0
