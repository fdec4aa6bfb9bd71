"""What a pairing shows and asks."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from ._errors import EasySetupError, parameters
from ._library import lib, text
from ._membership import Scope, scope


class StateKind(IntEnum):
    """The kinds of states. `UNKNOWN` is one of a newer library."""

    UNKNOWN = 0
    CONNECTING = 1
    RETRYING = 2
    OFFERED = 3
    WRONG_PROOF = 4
    CODE_KNOWN = 5
    IN_LINE = 6
    GREETING = 7
    DECIDING = 8
    WAITING = 9
    ACCEPTING = 10
    GIVEN = 11
    PEER_AWAY = 12
    RECONNECTING = 13
    PAIRED = 14
    FAILED = 15
    RELAY_MESSAGE = 16
    """`parameters["message"]` is a sentence of the relay's operator. It replaces no state."""

    @classmethod
    def _missing_(cls, value: object) -> "StateKind":
        return cls.UNKNOWN


@dataclass(frozen=True)
class Peer:
    """The other device: what it says of itself."""

    name: str
    platform: str


@dataclass(frozen=True)
class State:
    """A state of a pairing, for the screen. The last one is `PAIRED` or `FAILED`."""

    kind: StateKind
    name: str
    """The stable name, such as `in-line`."""
    sentence: str
    advice: str
    key: str
    parameters: dict[str, str]
    look_at_other: bool
    """Whether the user should look at the other device now."""
    code: str | None = field(repr=False)
    """The code to show. Printing a state does not print it, nor the link."""
    link: str | None = field(repr=False)
    """The link for a QR code."""
    number: int
    """The number of the code, of wrong codes, or the place in line."""
    remaining: float | None
    """Seconds until the state's deadline, when it was reported."""
    peer: Peer | None
    words: tuple[str, ...]
    """The two words that both devices show; empty where this device must not show them."""
    fingerprint: str | None
    role: str | None
    """`holder` or `receiver`, once paired."""
    scope: Scope | None
    """What the receiving device gets, while it is asked and once paired. Show it where it is not everything."""
    error: EasySetupError | None
    """Why it failed, or is tried again."""


class QuestionKind(IntEnum):
    """The kinds of questions."""

    APPROVAL = 1
    ACCEPTANCE = 2


class Mistake(IntEnum):
    """What was wrong with the last typed word."""

    NONE = 0
    NOTHING = 1
    SLIP = 2
    OTHER = 3


class Answer(Enum):
    """An answer to a question. For a question that needs a word, the typed text is the answer."""

    YES = 1
    NO = 2
    UNCLEAR = 3
    NOBODY = 4


@dataclass(frozen=True)
class Question:
    """A question to this device's user. The default answer must be no."""

    id: int
    kind: QuestionKind
    peer: Peer
    words: tuple[str, ...]
    """The words on both screens; empty where the user has to type one from the other screen."""
    needs_word: bool
    attempt: int
    mistake: Mistake
    fingerprint: str | None
    scope: Scope
    """What the receiving device gets. The question names it where it is not everything."""
    code_age: float
    remaining: float


def state(handle: int) -> State:
    """Reads a state of the library's."""
    name = text(lib.easysetup_state_peer_name(handle))
    error = lib.easysetup_state_error(handle)
    remaining = lib.easysetup_state_remaining(handle)
    return State(
        kind=StateKind(lib.easysetup_state_kind(handle)),
        name=text(lib.easysetup_state_name(handle)) or "",
        sentence=text(lib.easysetup_state_sentence(handle)) or "",
        advice=text(lib.easysetup_state_advice(handle)) or "",
        key=text(lib.easysetup_state_key(handle)) or "",
        parameters=parameters(lib.easysetup_state_parameter_name, lib.easysetup_state_parameter, handle),
        look_at_other=lib.easysetup_state_look_at_other(handle),
        code=text(lib.easysetup_state_offer_code(handle)),
        link=text(lib.easysetup_state_offer_link(handle)),
        number=lib.easysetup_state_number(handle),
        remaining=None if remaining < 0 else remaining / 1000,
        peer=None if name is None else Peer(name, text(lib.easysetup_state_peer_platform(handle)) or ""),
        words=_words(lib.easysetup_state_word, handle),
        fingerprint=text(lib.easysetup_state_fingerprint(handle)),
        role=text(lib.easysetup_state_role(handle)),
        scope=scope(lib.easysetup_state_scope(handle)),
        error=EasySetupError(error) if error else None,
    )


def question(handle: int) -> Question:
    """Reads a question of the library's."""
    return Question(
        id=lib.easysetup_question_id(handle),
        kind=QuestionKind(lib.easysetup_question_kind(handle)),
        peer=Peer(
            text(lib.easysetup_question_peer_name(handle)) or "",
            text(lib.easysetup_question_peer_platform(handle)) or "",
        ),
        words=_words(lib.easysetup_question_word, handle),
        needs_word=lib.easysetup_question_needs_word(handle),
        attempt=lib.easysetup_question_attempt(handle),
        mistake=Mistake(lib.easysetup_question_mistake(handle)),
        fingerprint=text(lib.easysetup_question_fingerprint(handle)),
        scope=scope(lib.easysetup_question_scope(handle)) or Scope("everything", None, None),
        code_age=lib.easysetup_question_code_age(handle) / 1000,
        remaining=lib.easysetup_question_remaining(handle) / 1000,
    )


def _words(function: object, handle: int) -> tuple[str, ...]:
    found = (function(handle, index) for index in (0, 1))  # type: ignore[operator]
    return tuple(word.decode() for word in found if word is not None)
