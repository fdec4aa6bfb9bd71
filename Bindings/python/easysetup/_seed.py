"""The seed: 32 secret bytes, from which all keys of a person's devices are derived."""

import ctypes
import time

from ._errors import call, make
from ._handle import Owner
from ._library import lib

_FORM_BYTES = 256
_DIGITS = 65


class Seed(Owner):
    """A seed, in locked memory of the library's. Printing it shows nothing, and only the methods below copy anything out.

    Python can't wipe `bytes` and `str`, so what they return stays in memory until it is overwritten.
    """

    _release = lib.easysetup_seed_free

    @classmethod
    def random(cls, created_at: int | None = None) -> "Seed":
        """A new seed of the system's randomness."""
        return cls(lib.easysetup_seed_random(int(time.time()) if created_at is None else created_at))

    @classmethod
    def from_bytes(cls, data: bytes, created_at: int = 0) -> "Seed":
        """A seed of 32 bytes."""
        return cls(make(lib.easysetup_seed_from_bytes, data, len(data), created_at))

    @classmethod
    def read(cls, written: str | bytes, created_at: int = 0) -> "Seed":
        """Reads a recovery phrase, a seed link, hex or base64, in any layout."""
        data = _encoded(written)
        return cls(make(lib.easysetup_seed_read, data, len(data), created_at))

    def copy(self) -> "Seed":
        """A second object with the same seed. The memory is wiped with the last one."""
        return Seed(lib.easysetup_seed_copy(self._handle))

    def to_bytes(self) -> bytes:
        """The 32 secret bytes."""
        return self._bytes(lib.easysetup_seed_copy_bytes, 32)

    def phrase(self) -> str:
        """The recovery phrase of 24 words."""
        return self._form(1)

    def link(self) -> str:
        """The seed link, for a QR code."""
        return self._form(2)

    def hex(self) -> str:
        """The seed in 64 digits."""
        return self._form(3)

    def base64(self) -> str:
        """The seed in 44 characters."""
        return self._form(4)

    @property
    def created_at(self) -> int:
        """Seconds since 1970; 0 when it is not known."""
        return int(lib.easysetup_seed_created_at(self._handle))

    @property
    def user_id(self) -> bytes:
        """The public identity of the person's devices, 32 bytes."""
        return self._bytes(lib.easysetup_seed_user_id, 32)

    @property
    def fingerprint(self) -> str:
        """The user ID in hex, for people to compare."""
        return self._bytes(lib.easysetup_seed_fingerprint, _DIGITS)[:-1].decode()

    @property
    def secretbox_key_fingerprint(self) -> str:
        """The SHA-256 of `secretbox_key`, in hex. It reveals nothing of the key."""
        return self._bytes(lib.easysetup_seed_secretbox_key_fingerprint, _DIGITS)[:-1].decode()

    def secretbox_key(self) -> bytes:
        """The key of 32 bytes with which this person's devices encrypt records, by NaCl's secretbox."""
        return self._bytes(lib.easysetup_seed_secretbox_key, 32)

    def derive_key(self, info: str, count: int) -> bytes:
        """A key for the app's own purpose. `info` begins with `easysetup/` and goes on, but not with `chain/`."""
        # The library refuses a count outside of its limits before it writes.
        buffer = ctypes.create_string_buffer(max(1, min(count, 16_320)))
        call(lib.easysetup_seed_derive_key, self._handle, info.encode(), buffer, max(0, count))
        return buffer.raw

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of a message, 64 bytes. Put a text of your own before what others have chosen, such as a server's
        challenge: the same key signs the certificates of the chain. A message that begins with one byte and then `easysetup/`, as
        those do, is refused with `Code.SIGNATURE_REFUSED`."""
        buffer = ctypes.create_string_buffer(64)
        call(lib.easysetup_seed_sign, self._handle, message, len(message), buffer, 64)
        return buffer.raw

    def is_same(self, other: "Seed") -> bool:
        """Whether both seeds have the same bytes; takes the same time in any case."""
        return bool(lib.easysetup_seed_is_same(self._handle, other._handle))

    def _bytes(self, function: object, count: int) -> bytes:
        buffer = ctypes.create_string_buffer(count)
        call(function, self._handle, buffer, count)  # type: ignore[arg-type]
        return buffer.raw

    def _form(self, form: int) -> str:
        buffer = ctypes.create_string_buffer(_FORM_BYTES)
        length = ctypes.c_size_t()
        call(lib.easysetup_seed_write, self._handle, form, buffer, _FORM_BYTES, ctypes.byref(length))
        written = buffer.raw[: length.value].decode()
        ctypes.memset(buffer, 0, _FORM_BYTES)
        return written


def verify(user_id: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a signature for a message was made with the seed of this user ID."""
    if len(user_id) != 32 or len(signature) != 64:
        return False
    return bool(lib.easysetup_verify(user_id, signature, message, len(message)))


def _encoded(text: str | bytes) -> bytes:
    # A surrogate, which no text has, becomes bytes that are no UTF-8, and the library says so.
    return text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
