"""The client: this device."""

import os

from ._codes import Code
from ._errors import EasySetupError, call, make
from ._handle import Owner
from ._library import lib
from ._membership import Gift
from ._pairing import Ask, Pairing
from ._seed import _encoded
from ._store import Store, StoreHandle


class Client(Owner):
    """This device: its name, its store, and how it reaches a relay. `store` is one of the library's or an app's own."""

    _release = lib.easysetup_client_free

    def __init__(
        self,
        name: str,
        store: Store,
        *,
        platform: str | None = None,
        authorities: str | os.PathLike[str] | None = None,
        proxy: str | None = "environment",
        limits: dict[str, int] | None = None,
    ) -> None:
        """
        :param name: the person's name for this device, which the other device shows.
        :param platform: the kind of system, such as `linux`; by default this one's.
        :param authorities: a PEM file of the certificate authorities to trust in place of the system's.
        :param proxy: `http://host:port` of an HTTP proxy, None for none; by default what the environment says.
        :param limits: limits by their names in `Protocol/limits.md`, "Devices"; times in milliseconds.
        """
        # The client keeps the library's handle of an app's store, and the store itself.
        self._store = StoreHandle.of(store)
        super().__init__(make(lib.easysetup_client_new, name.encode(), self._store._handle))
        if platform is not None:
            call(lib.easysetup_client_set_platform, self._handle, platform.encode())
        if authorities is not None:
            call(lib.easysetup_client_set_authorities, self._handle, os.fsencode(authorities))
        if proxy != "environment":
            call(lib.easysetup_client_set_proxy, self._handle, proxy.encode() if proxy is not None else None)
        for limit, value in (limits or {}).items():
            call(lib.easysetup_client_set_limit, self._handle, limit.encode(), value)

    def offer(
        self,
        relay: str,
        *,
        approve: Ask | None = None,
        accept: Ask | None = None,
        allow_plain: bool = False,
        giving: Gift | None = None,
    ) -> Pairing:
        """Shows a code.

        :param approve: asks the user of a device that holds a seed before it gives it. Without it, this device only receives.
        :param accept: asks the user of a device without a seed before it keeps the other one's. Without it, the seed of anybody
            who read the code from the screen is stored.
        :param allow_plain: whether a relay on another machine may do without TLS.
        :param giving: some collections to give, and not the seed. It needs `approve`.
        """
        return Pairing(
            lambda options, out, error: lib.easysetup_offer(self._handle, relay.encode(), options, out, error),
            approve,
            accept,
            allow_plain,
            giving,
        )

    def join(
        self,
        code: str | bytes,
        relay: str | None = None,
        *,
        approve: Ask | None = None,
        allow_plain: bool = False,
        giving: Gift | None = None,
    ) -> Pairing:
        """Pairs with the device that shows a code. `code` is what the user typed, or a link, which has the relay's address."""
        typed = _encoded(code)
        address = None if relay is None else relay.encode()
        return Pairing(
            lambda options, out, error: lib.easysetup_join(
                self._handle, typed, len(typed), address, options, out, error
            ),
            approve,
            None,
            allow_plain,
            giving,
        )

    def close(self) -> None:
        super().close()
        if isinstance(getattr(self, "_store", None), StoreHandle):
            self._store.close()


def check_code(code: str | bytes) -> EasySetupError | None:
    """What is wrong with a typed code, without connecting; None if nothing is."""
    typed = _encoded(code)
    try:
        call(lib.easysetup_code_check, typed, len(typed))
    except EasySetupError as error:
        return error
    return None


def check_relay(address: str, allow_plain: bool = False) -> EasySetupError | None:
    """What is wrong with a relay's address, without connecting; None if nothing is."""
    try:
        call(lib.easysetup_relay_check, address.encode(), allow_plain)
    except EasySetupError as error:
        return error
    return None


def handle_count() -> int:
    """The number of handles that this process has and has not freed: for tests that look for leaks."""
    return int(lib.easysetup_handle_count())


__all__ = ["Client", "Code", "check_code", "check_relay", "handle_count"]
