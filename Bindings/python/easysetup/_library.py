"""The C library, and the types of its functions. Nothing outside of this package uses this module."""

import ctypes
import os
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_bool,
    c_char_p,
    c_int32,
    c_int64,
    c_size_t,
    c_ubyte,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from typing import Any

Code = c_int32
Handle = c_void_p
HandleOut = POINTER(c_void_p)
Bytes = POINTER(c_ubyte)

LoadCallback = CFUNCTYPE(Code, c_void_p, HandleOut, HandleOut)
SaveCallback = CFUNCTYPE(Code, c_void_p, Handle, c_bool, HandleOut)
CheckCallback = CFUNCTYPE(Code, c_void_p, HandleOut)
ReleaseCallback = CFUNCTYPE(None, c_void_p)
LoadMembershipCallback = CFUNCTYPE(Code, c_void_p, HandleOut, HandleOut)
SaveMembershipCallback = CFUNCTYPE(Code, c_void_p, Handle, c_bool, HandleOut)
StateCallback = CFUNCTYPE(None, c_void_p, Handle, Handle)
QuestionCallback = CFUNCTYPE(None, c_void_p, Handle, Handle)
WithdrawnCallback = CFUNCTYPE(None, c_void_p, Handle, c_uint64)
EndCallback = CFUNCTYPE(None, c_void_p, Handle)

_text = (c_char_p, [Handle])
_number = (c_int32, [Handle])
_flag = (c_bool, [Handle])
_time = (c_int64, [Handle])
_word = (c_char_p, [Handle, c_int32])
_free = (None, [Handle])
_copy = (Handle, [Handle])
_out = (Code, [Handle, c_void_p, c_size_t, HandleOut])

FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "version": (c_char_p, []),
    "handle_count": (c_size_t, []),
    "error_code": (Code, [Handle]),
    "error_name": _text,
    "error_cause": _text,
    "error_description": _text,
    "error_advice": _text,
    "error_key": _text,
    "error_parameter": (c_char_p, [Handle, c_char_p]),
    "error_parameter_name": _word,
    "error_retry_helps": _flag,
    "error_retry_after": _time,
    "error_new": (Handle, [c_char_p, c_char_p, c_char_p, c_bool]),
    "error_free": _free,
    "seed_random": (Handle, [c_uint64]),
    "seed_from_bytes": (Code, [c_void_p, c_size_t, c_uint64, HandleOut, HandleOut]),
    "seed_read": (Code, [c_char_p, c_size_t, c_uint64, HandleOut, HandleOut]),
    "seed_copy": _copy,
    "seed_free": _free,
    "seed_copy_bytes": _out,
    "seed_write": (Code, [Handle, c_int32, c_void_p, c_size_t, POINTER(c_size_t), HandleOut]),
    "seed_created_at": (c_uint64, [Handle]),
    "seed_is_same": (c_bool, [Handle, Handle]),
    "seed_user_id": _out,
    "seed_fingerprint": _out,
    "seed_derive_key": (Code, [Handle, c_char_p, c_void_p, c_size_t, HandleOut]),
    "seed_secretbox_key": _out,
    "seed_secretbox_key_fingerprint": _out,
    "seed_sign": (Code, [Handle, c_char_p, c_size_t, c_void_p, c_size_t, HandleOut]),
    "verify": (c_bool, [c_char_p, c_char_p, c_char_p, c_size_t]),
    "scope_is_everything": _flag,
    "scope_text": _text,
    "scope_collection": _word,
    "scope_may_write": (c_bool, [Handle, c_int32]),
    "scope_until": (c_uint64, [Handle]),
    "membership_from_bytes": (Code, [c_void_p, c_size_t, HandleOut, HandleOut]),
    "membership_copy": _copy,
    "membership_free": _free,
    "membership_size": (c_size_t, [Handle]),
    "membership_copy_bytes": _out,
    "membership_scope": _copy,
    "membership_fingerprint": _text,
    "membership_device": _text,
    "gift_new": _copy,
    "gift_add": (Code, [Handle, c_char_p, c_bool, c_uint32, HandleOut]),
    "gift_set_until": (Code, [Handle, c_uint64, HandleOut]),
    "gift_free": _free,
    "store_new_file": (Code, [c_char_p, c_char_p, c_size_t, HandleOut, HandleOut]),
    "store_new_memory": _copy,
    "store_new": (
        Code,
        [LoadCallback, SaveCallback, CheckCallback, ReleaseCallback, c_void_p, HandleOut, HandleOut],
    ),
    "store_on_membership": (Code, [Handle, LoadMembershipCallback, SaveMembershipCallback, HandleOut]),
    "store_load": (Code, [Handle, HandleOut, HandleOut]),
    "store_save": (Code, [Handle, Handle, c_bool, HandleOut]),
    "store_load_membership": (Code, [Handle, HandleOut, HandleOut]),
    "store_save_membership": (Code, [Handle, Handle, c_bool, HandleOut]),
    "store_check": (Code, [Handle, HandleOut]),
    "store_free": _free,
    "client_new": (Code, [c_char_p, Handle, HandleOut, HandleOut]),
    "client_set_platform": (Code, [Handle, c_char_p, HandleOut]),
    "client_set_authorities": (Code, [Handle, c_char_p, HandleOut]),
    "client_set_proxy": (Code, [Handle, c_char_p, HandleOut]),
    "client_set_limit": (Code, [Handle, c_char_p, c_int64, HandleOut]),
    "client_free": _free,
    "options_new": (Handle, [c_void_p]),
    "options_on_state": (None, [Handle, StateCallback]),
    "options_on_approval": (None, [Handle, QuestionCallback]),
    "options_on_acceptance": (None, [Handle, QuestionCallback]),
    "options_on_withdrawn": (None, [Handle, WithdrawnCallback]),
    "options_on_end": (None, [Handle, EndCallback]),
    "options_allow_plain": (None, [Handle, c_bool]),
    "options_give": (Code, [Handle, Handle, HandleOut]),
    "options_free": _free,
    "relay_check": (Code, [c_char_p, c_bool, HandleOut]),
    "code_check": (Code, [c_char_p, c_size_t, HandleOut]),
    "offer": (Code, [Handle, c_char_p, Handle, HandleOut, HandleOut]),
    "join": (Code, [Handle, c_char_p, c_size_t, c_char_p, Handle, HandleOut, HandleOut]),
    "pairing_answer": (Code, [Handle, c_uint64, c_int32, HandleOut]),
    "pairing_answer_word": (Code, [Handle, c_uint64, c_char_p, c_size_t, HandleOut]),
    "pairing_device": _text,
    "pairing_cancel": _free,
    "pairing_wait": (Code, [Handle, c_int64, HandleOut]),
    "pairing_free": _free,
    "state_kind": _number,
    "state_name": _text,
    "state_sentence": _text,
    "state_advice": _text,
    "state_key": _text,
    "state_parameter": (c_char_p, [Handle, c_char_p]),
    "state_parameter_name": _word,
    "state_look_at_other": _flag,
    "state_offer_code": _text,
    "state_offer_link": _text,
    "state_number": _number,
    "state_remaining": _time,
    "state_peer_name": _text,
    "state_peer_platform": _text,
    "state_word": _word,
    "state_fingerprint": _text,
    "state_role": _text,
    "state_scope": _copy,
    "state_error": _copy,
    "state_copy": _copy,
    "state_free": _free,
    "question_id": (c_uint64, [Handle]),
    "question_kind": _number,
    "question_peer_name": _text,
    "question_peer_platform": _text,
    "question_word": _word,
    "question_needs_word": _flag,
    "question_attempt": _number,
    "question_mistake": _number,
    "question_fingerprint": _text,
    "question_scope": _copy,
    "question_code_age": _time,
    "question_remaining": _time,
}


def _open() -> ctypes.CDLL:
    beside = Path(__file__).with_name("libeasysetup.so.0")
    # The library inside the wheel; without one, that of the system, or one that the developer names.
    name = os.environ.get("LIBEASYSETUP") or (str(beside) if beside.exists() else "libeasysetup.so.0")
    library = ctypes.CDLL(name)
    for function, (result, arguments) in FUNCTIONS.items():
        declared = getattr(library, f"easysetup_{function}")
        declared.restype = result
        declared.argtypes = arguments
    return library


lib: Any = _open()


def text(value: bytes | None) -> str | None:
    """A text of the library's."""
    return None if value is None else value.decode()
