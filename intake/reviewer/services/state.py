"""The vault's state as a fold over its events: what is imported, what is still to be acked or sent."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from intake.reviewer.services.events import Event

ACKS = "acks"
REPLIES = "replies"


@dataclass
class Answer:
    """An answer as composed: number from 1 within its mailbox (32 hex-coded bytes), text, whether it went out."""

    item: int
    mailbox: str
    number: int
    text: str
    sent: bool = False


@dataclass
class State:
    """What the events add up to. Object ids, hashes and mailbox ids are hex."""

    bundles: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    reports: dict[str, Event] = field(default_factory=dict)
    to_ack: dict[str, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    serials: Counter[str] = field(default_factory=Counter)

    def next_answer(self, mailbox: str) -> int:
        """Return the number the next answer into a mailbox (64 hex) gets."""
        return 1 + max((each.number for each in self.answers if each.mailbox == mailbox), default=0)

    def to_send(self) -> list[Answer]:
        """Return the answers that no outbox carried yet."""
        return [each for each in self.answers if not each.sent]


def fold(events: Iterable[Event]) -> State:
    """Return the state after `events`, given in order."""
    state = State()
    for event in events:
        _STEPS[event.kind](state, event)
    return state


def _import(state: State, event: Event) -> None:
    bundle = event.text("bundle")
    for object_id, sha256, _ in event.rows("objects"):
        # Without an id it is a loose file, or one whose log entry was never shown here: there is nothing to ack.
        if bundle and object_id:
            state.bundles.setdefault(bundle, set()).add((object_id, sha256))
            # A server that lists an object again has not had our ack: it is given again.
            state.to_ack[object_id] = sha256


def _bundle(state: State, event: Event) -> None:
    state.bundles.setdefault(event.text("bundle"), set())
    state.reports[event.text("bundle")] = event


def _reply(state: State, event: Event) -> None:
    state.answers.append(
        Answer(event.integer("item"), event.text("mailbox"), event.integer("number"), event.text("text"))
    )


def _outbox(state: State, event: Event) -> None:
    purpose, entries = event.text("purpose"), event.rows("entries")
    state.serials[purpose] = event.integer("serial")
    if purpose == ACKS:
        for object_id, _ in entries:
            state.to_ack.pop(object_id, None)
        return
    sent = {(mailbox, int(number)) for mailbox, number in entries}
    for answer in state.answers:
        answer.sent = answer.sent or (answer.mailbox, answer.number) in sent


def _nothing(state: State, event: Event) -> None:
    """An export changes no state; it is in the chain to be read by people."""


_STEPS = {
    "import": _import,
    "bundle": _bundle,
    "reply": _reply,
    "outbox": _outbox,
    "media-exported": _nothing,
}
