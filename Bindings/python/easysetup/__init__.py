"""EasySetup: adds a device by a short code.

    with FileStore("/home/me/.app") as store, Client("old laptop", store) as client:
        with client.offer("wss://relay.example", approve=ask) as pairing:
            for state in pairing:
                print(state.code or state.sentence)
"""

from ._client import Client, check_code, check_relay, handle_count
from ._codes import Code
from ._errors import EasySetupError, StoreFailure
from ._library import lib as _lib
from ._membership import Gift, Membership, Scope
from ._pairing import Ask, Pairing
from ._seed import Seed, verify
from ._states import Answer, Mistake, Peer, Question, QuestionKind, State, StateKind
from ._store import FileStore, MemoryStore, Store
from ._version import VERSION as __version__

library_version: str = _lib.easysetup_version().decode()

__all__ = [
    "Answer",
    "Ask",
    "Client",
    "Code",
    "EasySetupError",
    "FileStore",
    "Gift",
    "Membership",
    "MemoryStore",
    "Mistake",
    "Pairing",
    "Peer",
    "Question",
    "QuestionKind",
    "Scope",
    "Seed",
    "State",
    "StateKind",
    "Store",
    "StoreFailure",
    "__version__",
    "check_code",
    "check_relay",
    "handle_count",
    "library_version",
    "verify",
]
