"""Memberships: what a device has in place of the seed, and how a device with the seed gives one."""

import ctypes
from dataclasses import dataclass
from datetime import datetime, timezone

from ._errors import call, make
from ._handle import Owner
from ._library import lib, text
from ._seed import Seed


@dataclass(frozen=True)
class Scope:
    """What a device may do: everything, or the collections of a membership. A screen shows it where it is not everything."""

    text: str
    """For a person to read, such as `notes, bookmarks (read only), until 2027-01-31`."""
    collections: dict[str, bool] | None
    """The collections that the device may read, and whether it may write there, too; None with the seed."""
    until: datetime | None
    """The last second in which it may, in UTC; None if that does not end."""

    @property
    def is_everything(self) -> bool:
        """Whether the device has the seed."""
        return self.collections is None


class Membership(Owner):
    """The keys and rights of a device that has no seed. Printing it shows nothing.

    Python can't wipe `bytes`, so what `to_bytes` returns stays in memory until it is overwritten.
    """

    _release = lib.easysetup_membership_free

    @classmethod
    def from_bytes(cls, data: bytes) -> "Membership":
        """Reads what `to_bytes` returned."""
        return cls(make(lib.easysetup_membership_from_bytes, data, len(data)))

    def copy(self) -> "Membership":
        """A second object with the same membership. The keys are wiped with the last one."""
        return Membership(lib.easysetup_membership_copy(self._handle))

    def to_bytes(self) -> bytes:
        """The membership as bytes, for a store of the app's own. They are as secret as the keys in them."""
        count = lib.easysetup_membership_size(self._handle)
        buffer = ctypes.create_string_buffer(count)
        call(lib.easysetup_membership_copy_bytes, self._handle, buffer, count)
        return buffer.raw

    @property
    def scope(self) -> Scope:
        """The rights of the device."""
        return scope(lib.easysetup_membership_scope(self._handle)) or Scope("", {}, None)

    @property
    def fingerprint(self) -> str:
        """The user ID of the chain, which is that of its seed, in hex."""
        return text(lib.easysetup_membership_fingerprint(self._handle)) or ""

    @property
    def device(self) -> str:
        """The id of the device in its chain."""
        return text(lib.easysetup_membership_device(self._handle)) or ""


class Gift(Owner):
    """The collections that a device with the seed gives in place of the seed, by `Client.offer(..., giving=gift)`."""

    _release = lib.easysetup_gift_free

    def __init__(
        self,
        seed: Seed,
        collections: dict[str, bool],
        *,
        until: datetime | None = None,
        generations: dict[str, int] | None = None,
    ) -> None:
        """
        :param seed: the seed that the client's store has.
        :param collections: what the other device may read, and whether it may write there, too.
        :param until: the last second in which it may; None if that does not end. Without a time zone it is this machine's time.
        :param generations: the newest generations of the keys of collections, where a device was removed that could read them.
        """
        super().__init__(lib.easysetup_gift_new(seed._handle) or 0)
        try:
            for name, may_write in collections.items():
                generation = (generations or {}).get(name, 1)
                call(lib.easysetup_gift_add, self._handle, name.encode(), may_write, generation)
            if until is not None:
                call(lib.easysetup_gift_set_until, self._handle, int(until.timestamp()))
        except BaseException:
            self.close()
            raise


def scope(handle: int | None) -> Scope | None:
    """Reads a scope of the library's."""
    if not handle:
        return None
    collections: dict[str, bool] | None = None
    if not lib.easysetup_scope_is_everything(handle):
        collections = {}
        while name := lib.easysetup_scope_collection(handle, len(collections)):
            collections[name.decode()] = bool(lib.easysetup_scope_may_write(handle, len(collections)))
    until = lib.easysetup_scope_until(handle)
    return Scope(
        text=text(lib.easysetup_scope_text(handle)) or "",
        collections=collections,
        until=datetime.fromtimestamp(until, timezone.utc) if until else None,
    )
