"""The sizes of constants.py, added up from their parts as SPEC.md writes them."""

import pytest

from intake.wire import constants as c
from intake.wire import frame, padding, section
from tests.wire.cases_frame import BLOCK, COMMON


def unpadded_base64(size):
    return -(-size * 4 // 3)


def test_stanza_is_its_two_lines():
    first = len(f"-> {c.AGE_STANZA_TYPE} ") + unpadded_base64(c.ENC_SIZE) + len("\n")
    assert first + unpadded_base64(c.STANZA_BODY_SIZE) + len("\n") == c.STANZA_SIZE
    assert c.STANZA_BODY_SIZE == c.FILE_KEY_SIZE + c.TAG_SIZE


def test_header_base_is_first_line_and_mac_line():
    mac_line = len("--- ") + unpadded_base64(c.SHA256_SIZE) + len("\n")
    assert len(c.AGE_VERSION_LINE) + mac_line == c.HEADER_BASE_SIZE
    assert padding.header_size(3) == 4741


def test_recipient_and_enc_are_ml_kem_768_and_x25519():
    assert c.RECIPIENT_SIZE == 1184 + 32
    assert c.ENC_SIZE == 1088 + 32


def test_frame_prefix_and_common_header_are_their_fields():
    assert len(c.FRAME_MAGIC) + 1 + 1 + 2 == c.FRAME_PREFIX_SIZE
    assert 8 + 4 + 4 + c.REPORT_ID_SIZE + c.PART_ID_SIZE + 2 == c.COMMON_HEADER_SIZE


def test_header_lengths_are_common_and_own_fields():
    signature = c.ED25519_SIGNATURE_SIZE
    assert c.COMMON_HEADER_SIZE + 2 + 2 + 1 == c.SECTION_HEADER_SIZE
    assert c.COMMON_HEADER_SIZE + 1 == c.MEDIA_HEADER_SIZE
    assert c.COMMON_HEADER_SIZE + 2 == c.CLOSING_HEADER_SIZE
    assert c.COMMON_HEADER_SIZE + c.ED25519_KEY_SIZE + signature == c.FOLLOW_UP_HEADER_SIZE
    own = 4 + c.MAILBOX_ID_SIZE + c.SHA256_SIZE + c.ED25519_KEY_SIZE + signature
    assert c.COMMON_HEADER_SIZE + own == c.REPLY_HEADER_SIZE


def test_closing_entry_and_reply_block_are_their_fields():
    assert c.PART_ID_SIZE + 8 + c.SHA256_SIZE == c.CLOSING_ENTRY_SIZE
    assert c.RECIPIENT_SIZE + c.ED25519_KEY_SIZE + 32 == c.REPLY_BLOCK_SIZE


def test_largest_closing_fits_a_small_object():
    frame_size = c.FRAME_PREFIX_SIZE + c.CLOSING_HEADER_SIZE + c.CLOSING_ENTRIES_MAX * c.CLOSING_ENTRY_SIZE
    assert padding.small_class(frame_size, c.RECIPIENTS_MAX) == c.SMALL_CLASSES[-1]


def test_reply_text_fills_a_reply():
    around = padding.header_size(1) + c.PAYLOAD_NONCE_SIZE + c.TAG_SIZE
    assert around == 1659
    head = c.FRAME_PREFIX_SIZE + c.REPLY_HEADER_SIZE
    assert head == 222
    assert c.REPLY_SEALED_SIZE - around - head == c.REPLY_TEXT_MAX_SIZE == 4068 - 1659 - 222
    assert padding.sealed_size(1, head + c.REPLY_TEXT_MAX_SIZE) == c.REPLY_SEALED_SIZE


def test_reply_fills_a_slot_and_slots_a_mailbox():
    assert c.SLOT_NONCE_SIZE + c.REPLY_SEALED_SIZE + c.TAG_SIZE == c.SLOT_SIZE
    assert c.SLOTS * c.SLOT_SIZE == c.MAILBOX_SIZE
    assert c.ED25519_KEY_SIZE + c.ED25519_SIGNATURE_SIZE + c.SLOTS * c.SHA256_SIZE == c.MAILBOX_DELETE_SIZE


def test_envelope_header_is_its_fields():
    assert c.OBJECT_ID_SIZE + 4 + c.SHA256_SIZE == c.ENVELOPE_HEADER_SIZE


def test_code_digits_are_random_ones_and_two():
    assert c.CODE_RANDOM_DIGITS + 2 == c.CODE_DIGITS == 8 * c.CODE_GROUP_DIGITS


def test_small_capacities_are_those_of_the_spec():
    assert [padding.small_plain_size(size, 3) for size in c.SMALL_CLASSES] == [3419, 11611, 60763]


def test_8_kib_hold_900_cyrillic_letters_and_a_reply_block_for_3_recipients():
    body = section.SectionBody(
        "saw", "kk", "2026-11-22T18:30", {"who": "Ә" * 60, "where": "ң" * 80, "story": "ұ" * 760}
    )
    written = section.write_section(body)
    packed = frame.pack(frame.Section(COMMON, 0, 1, BLOCK, written))
    assert written.decode().count("ұ") + 140 == 900
    assert padding.small_class(len(packed), 3) == 8192


@pytest.mark.parametrize("label", [value for name, value in vars(c).items() if name.startswith("LABEL_")])
def test_label_is_ascii_and_ends_in_its_only_newline(label):
    assert label.isascii()
    assert label.index("\n") == len(label) - 1


def test_labels_and_purposes_differ():
    labels = [value for name, value in vars(c).items() if name.startswith(("LABEL_", "PURPOSE_", "CODE_INFO_"))]
    assert len(labels) == len(set(labels)) >= 17
