"""`reviewer reply`: an answer, signed, sealed to the return code's holder and kept until an outbox carries it."""

from datetime import date
from os import urandom

from sqlalchemy import Connection, insert

from intake.reviewer.errors import CannotAnswer
from intake.reviewer.models import SLOTS
from intake.reviewer.services.events import append_event, read_events
from intake.reviewer.services.reports import Item
from intake.reviewer.services.state import Answer, fold
from intake.wire.constants import BUILD, ED25519_KEY_SIZE, ED25519_SIGNATURE_SIZE, PART_ID_SIZE
from intake.wire.frame import Common, Reply, recipient_hash
from intake.wire.mailbox import mailbox_id
from keys.replies import check_reply_text, seal_reply
from keys.ring import Keyring

_EPOCH_DAY = date(1970, 1, 1)


def compose_reply(connection: Connection, ring: Keyring, item: Item, text: str, today: date) -> Answer:
    """Sign, seal and keep an answer to an item; return it with its number within the mailbox.

    Raises CannotAnswer, ReplyInvalid for text outside 1..2,187 bytes, KeyTextError when the code's key is none.
    """
    text = check_reply_text(text.strip())
    block = item.block
    if block is None:
        raise CannotAnswer
    mailbox = mailbox_id(block.follow_up_key)
    number = fold(read_events(connection)).next_answer(mailbox.hex())
    report_id = item.parts[0].report_id
    unsigned = Reply(
        Common(0, BUILD, report_id, urandom(PART_ID_SIZE), number),
        (today - _EPOCH_DAY).days,
        mailbox,
        recipient_hash(block.recipient),
        bytes(ED25519_KEY_SIZE),
        bytes(ED25519_SIGNATURE_SIZE),
        text,
    )
    slot = seal_reply(ring.reply_signer.sign(unsigned), block)
    connection.execute(insert(SLOTS).values(mailbox_id=mailbox, number=number, data=slot))
    append_event(
        connection,
        ring,
        "reply",
        item=item.number,
        report=report_id.hex(),
        mailbox=mailbox.hex(),
        number=number,
        text=text,
    )
    return Answer(item.number, mailbox.hex(), number, text)
