"""Stores: in a folder, in memory, and an app's own."""

import itertools
import logging
import os
from abc import ABC, abstractmethod
from typing import Any

from ._codes import Code
from ._errors import EasySetupError, StoreFailure, call, make
from ._handle import Owner
from ._library import (
    CheckCallback,
    LoadCallback,
    LoadMembershipCallback,
    ReleaseCallback,
    SaveCallback,
    SaveMembershipCallback,
    lib,
)
from ._membership import Membership
from ._seed import Seed, _encoded

_logger = logging.getLogger("easysetup")


class Store(ABC):
    """The place where this device keeps its seed or its membership. An app derives a class of its own, for a keychain or a database.

    The library calls the methods of such a store one after the other, on threads of its own. They may take as long as they need.
    They raise `StoreFailure`; any other exception is logged without its text, and the pairing fails with `app-exception`.
    """

    @abstractmethod
    def load(self) -> Seed | None:
        """The stored seed, or None."""

    @abstractmethod
    def save(self, seed: Seed, replacing: bool) -> None:
        """Saves durably. Where another seed is stored and `replacing` is false, it raises
        `StoreFailure(Code.OTHER_SEED_STORED)`. The seed is valid until this method returns; `seed.copy()` lives longer."""

    def load_membership(self) -> Membership | None:
        """The stored membership, or None. A store that does not say otherwise keeps seeds alone."""
        return None

    def save_membership(self, membership: Membership, replacing: bool) -> None:
        """Saves a membership durably. A seed of the same chain stays, and a membership of the same chain is replaced; for another
        chain the rule is that of `save`, which also replaces a membership of its own chain. A store that does not say otherwise
        keeps seeds alone."""
        raise StoreFailure(Code.MEMBERSHIP_NOT_KEPT)

    def check(self) -> None:
        """Raises what `save` would raise, as far as that can be known."""


class _NativeStore(Owner, Store):
    _release = lib.easysetup_store_free

    def load(self) -> Seed | None:
        handle = make(lib.easysetup_store_load, self._handle)
        return Seed(handle) if handle else None

    def save(self, seed: Seed, replacing: bool = False) -> None:
        call(lib.easysetup_store_save, self._handle, seed._handle, replacing)

    def load_membership(self) -> Membership | None:
        handle = make(lib.easysetup_store_load_membership, self._handle)
        return Membership(handle) if handle else None

    def save_membership(self, membership: Membership, replacing: bool = False) -> None:
        call(lib.easysetup_store_save_membership, self._handle, membership._handle, replacing)

    def check(self) -> None:
        call(lib.easysetup_store_check, self._handle)


class FileStore(_NativeStore):
    """A store in a folder that only its owner can enter. With a passphrase, every seed that is saved is sealed under it."""

    def __init__(self, path: str | os.PathLike[str], passphrase: str | bytes | None = None) -> None:
        secret = None if passphrase is None else _encoded(passphrase)
        super().__init__(make(lib.easysetup_store_new_file, os.fsencode(path), secret, len(secret or b"")))


class MemoryStore(_NativeStore):
    """A store in memory, for tests."""

    def __init__(self, seed: Seed | None = None) -> None:
        super().__init__(lib.easysetup_store_new_memory(seed._handle if seed else None))


class StoreHandle(Owner):
    """The library's handle of a store, which `of` makes of any store."""

    _release = lib.easysetup_store_free

    @classmethod
    def of(cls, store: Store) -> Owner:
        if isinstance(store, _NativeStore):
            return store
        key = next(_keys)
        _stores[key] = store
        try:
            handle = cls(make(lib.easysetup_store_new, *_callbacks, key))
        except BaseException:
            _stores.pop(key, None)
            raise
        call(lib.easysetup_store_on_membership, handle._handle, *_membership_callbacks)
        return handle


# The stores of the app that the library may call, by the context that it gives back.
_stores: dict[int, Store] = {}
_keys = itertools.count(1)


def _failed(error: BaseException, out: Any) -> int:
    if isinstance(error, StoreFailure) and error.texts is None:
        return int(error.code)
    if isinstance(error, EasySetupError) and error.code is not Code.APP:
        return int(error.code)
    if isinstance(error, StoreFailure) and error.texts is not None:
        name, description, advice, retry_helps = error.texts
    else:
        # Without the exception's text, in which a seed could be.
        _logger.error("the store raised %s", type(error).__name__)
        name, description, advice, retry_helps = (
            "app-exception",
            "The app's store failed.",
            "Tell the app's developers.",
            False,
        )
    out[0] = lib.easysetup_error_new(name.encode(), description.encode(), advice.encode(), retry_helps)
    return int(Code.APP)


def _load(context: int, seed: Any, error: Any) -> int:
    try:
        loaded = _stores[context].load()
        # The library frees this handle, and the app's object keeps its own.
        seed[0] = lib.easysetup_seed_copy(loaded._handle) if loaded is not None else None
        return 0
    except BaseException as failure:
        return _failed(failure, error)


def _save(context: int, seed: int, replacing: bool, error: Any) -> int:
    try:
        with Seed(lib.easysetup_seed_copy(seed)) as saved:
            _stores[context].save(saved, replacing)
        return 0
    except BaseException as failure:
        return _failed(failure, error)


def _load_membership(context: int, membership: Any, error: Any) -> int:
    try:
        loaded = _stores[context].load_membership()
        membership[0] = lib.easysetup_membership_copy(loaded._handle) if loaded is not None else None
        return 0
    except BaseException as failure:
        return _failed(failure, error)


def _save_membership(context: int, membership: int, replacing: bool, error: Any) -> int:
    try:
        with Membership(lib.easysetup_membership_copy(membership)) as saved:
            _stores[context].save_membership(saved, replacing)
        return 0
    except BaseException as failure:
        return _failed(failure, error)


def _check(context: int, error: Any) -> int:
    try:
        _stores[context].check()
        return 0
    except BaseException as failure:
        return _failed(failure, error)


def _released(context: int) -> None:
    _stores.pop(context, None)


# The functions above as C calls them. They live as long as Python.
_callbacks = (LoadCallback(_load), SaveCallback(_save), CheckCallback(_check), ReleaseCallback(_released))
_membership_callbacks = (LoadMembershipCallback(_load_membership), SaveMembershipCallback(_save_membership))
