"""Every number and label that crosses machines, once. Sizes are in bytes; labels end in a newline (SPEC.md).

`typescript.py` generates web/src/generated/constants.ts from the public names of this module.
"""

from typing import Final

# Sealed object (section 1)
AGE_VERSION_LINE: Final = "age-encryption.org/v1\n"
AGE_STANZA_TYPE: Final = "mlkem768x25519"
AGE_HPKE_INFO: Final = "age-encryption.org/mlkem768x25519"
RECIPIENT_SIZE: Final = 1216
IDENTITY_SEED_SIZE: Final = 32
ENC_SIZE: Final = 1120
FILE_KEY_SIZE: Final = 16
STANZA_BODY_SIZE: Final = 32
STANZA_SIZE: Final = 1557
HEADER_BASE_SIZE: Final = 70
PAYLOAD_NONCE_SIZE: Final = 16
CHUNK_SIZE: Final = 65536
TAG_SIZE: Final = 16
RECIPIENTS_MAX: Final = 3
SMALL_CLASSES: Final = (8192, 16384, 65536)
MEDIA_FLOOR_SIZE: Final = 65536
MEDIA_SEALED_MAX_SIZE: Final = 4 * 1024**3
REPLY_SEALED_SIZE: Final = 4068
CARRY_EPOCH_FIRST: Final = 2**31
EPOCH_MAX: Final = 2**32 - 1

# Plaintext frame (section 2)
FRAME_MAGIC: Final = "INTK"
FRAME_VERSION: Final = 1
KIND_SECTION: Final = 1
KIND_MEDIA: Final = 2
KIND_CLOSING: Final = 3
KIND_FOLLOW_UP: Final = 4
KIND_REPLY: Final = 5
FRAME_PREFIX_SIZE: Final = 8
COMMON_HEADER_SIZE: Final = 50
SECTION_HEADER_SIZE: Final = 55
MEDIA_HEADER_SIZE: Final = 51
CLOSING_HEADER_SIZE: Final = 52
FOLLOW_UP_HEADER_SIZE: Final = 146
REPLY_HEADER_SIZE: Final = 214
REPORT_ID_SIZE: Final = 16
PART_ID_SIZE: Final = 16
CLOSING_ENTRY_SIZE: Final = 56
CLOSING_ENTRIES_MAX: Final = 1024
SECTION_FLAG_REPLY_BLOCK: Final = 1
REPLY_BLOCK_SIZE: Final = 1280
REPLY_TEXT_MAX_SIZE: Final = 2187
MEDIA_TYPES: Final = (
    "application/octet-stream",
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/heic",
    "image/gif",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/3gpp",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/amr",
    "application/pdf",
)

# Section body (section 3)
LANGUAGES: Final = ("kk", "ru", "en")
ANSWER_MAX_CHARACTERS: Final = 20_000
ANSWER_LIST_MAX: Final = 64
ANSWER_ID_PATTERN: Final = "[a-z][a-z0-9_]{0,31}"
CLOCK_STEP_MINUTES: Final = 15
JSON_DEPTH_MAX: Final = 16
JSON_INTEGER_MAX: Final = 2**53 - 1

# Signed note and manifest (section 4)
ED25519_KEY_SIZE: Final = 32
ED25519_SIGNATURE_SIZE: Final = 64
NOTE_KEY_ID_SIZE: Final = 4
NOTE_SIGNATURES_MAX: Final = 16
NOTE_NAME_PATTERN: Final = "[A-Za-z0-9._/-]{1,64}"
NOTE_MAX_SIZE: Final = 64 * 1024**2
MANIFEST_MAX_SIZE: Final = 65536
PURPOSE_MANIFEST: Final = "intake-manifest/v1"
PURPOSE_LOG: Final = "intake-log/"
PURPOSE_BUNDLE: Final = "intake-bundle/v1"
PURPOSE_ACKS: Final = "intake-acks/v1"
PURPOSE_HANDOVER: Final = "intake-handover/v1"
PURPOSE_REPLIES: Final = "intake-replies/v1"
PURPOSE_RECEIPT: Final = "intake-receipt/v1"
PURPOSE_COURIER: Final = "intake-courier/v1"
LABEL_DEPLOYMENT: Final = "intake/deployment/v1\n"
ROOTS_MAX: Final = 7
MANIFEST_GRACE_DAYS: Final = 3

# Return code (section 5)
CODE_RANDOM_DIGITS: Final = 30
CODE_DIGITS: Final = 32
CODE_GROUP_DIGITS: Final = 4
CODE_SEPARATORS: Final = " \t\r\n\u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014\u2212"
CODE_SALT: Final = "intake/return-code/v1"
CODE_INFO_IDENTITY: Final = "reply-identity"
CODE_INFO_SLOT: Final = "slot-key"
CODE_INFO_FOLLOW_UP: Final = "follow-up"

# Mailbox (section 6)
LABEL_MAILBOX: Final = "intake/mailbox/v1\n"
LABEL_SLOT: Final = "intake/slot/v1\n"
LABEL_DECOY: Final = "intake/decoy/v1\n"
LABEL_MAILBOX_DELETE: Final = "intake/mailbox-delete/v1\n"
LABEL_FOLLOW_UP: Final = "intake/follow-up/v1\n"
LABEL_REPLY: Final = "intake/reply/v1\n"
LABEL_RECIPIENT: Final = "intake/recipient/v1\n"
MAILBOX_ID_SIZE: Final = 32
SLOTS: Final = 4
SLOT_SIZE: Final = 4096
SLOT_NONCE_SIZE: Final = 12
MAILBOX_SIZE: Final = 16384
DECOY_SECRET_SIZE: Final = 32
MAILBOX_DELETE_SIZE: Final = 224

# Requests (section 7)
OBJECT_ID_SIZE: Final = 16
SHA256_SIZE: Final = 32
ENVELOPE_HEADER_SIZE: Final = 52
EPOCH_HEADER: Final = "Intake-Epoch"
RECEIPT_HEADER: Final = "Intake-Receipt"
PROBLEM_PREFIX: Final = "urn:intake:problem:"

# Puzzle (section 13)
LABEL_PUZZLE: Final = "intake/puzzle/v1\n"
LABEL_PUZZLE_SEED: Final = "intake/puzzle-seed/v1\n"
LABEL_UPLOAD_ID: Final = "intake/upload-id/v1\n"
WORK_HEADER: Final = "Intake-Work"
PUZZLE_SEED_SIZE: Final = 16
PUZZLE_PARTS: Final = 16
PUZZLE_BASE_BITS: Final = 14
PUZZLE_BITS_MAX: Final = 26
PUZZLE_WINDOW_SECONDS: Final = 3600
WORK_CLASS_BITS: Final = 2
WORK_CLASS_MAX: Final = 3
SOLUTION_SIZE: Final = 149

# Intake log, bundle, outbox (sections 8 to 10)
LABEL_LEAF: Final = "intake/leaf/v1\n"
SALT_SIZE: Final = 32
OBJECT_SMALL: Final = 1
OBJECT_MEDIA: Final = 2
KIND_WORDS: Final = ("report", "media")
REHEARSAL_NOTICE: Final = "TRAINING, no real names"
REPLIES_BATCH: Final = 8
HOLD_DAYS: Final = 7
EPOCH_DAYS: Final = 7
EPOCH_GRACE_DAYS: Final = 14
CARRY_DAYS: Final = 90
BUNDLE_SEGMENT_MAX_SIZE: Final = 2**26
BUNDLE_SEGMENTS_MAX: Final = 10_000
BUNDLE_PART_SIZE: Final = 2**31
BUNDLE_WORK_MAX: Final = 255

# Courier (section 12)
LABEL_CHALLENGE: Final = "intake/courier-challenge/v1\n"
COURIER_CHALLENGE_SIZE: Final = 56
COURIER_CHALLENGE_SECONDS: Final = 600
COURIER_CHALLENGE_HEADER: Final = "Intake-Challenge"
COURIER_NOTE_MAX_SIZE: Final = 2048
COURIER_PIECE_MAX_SIZE: Final = 2**22
COURIER_OFFER_MAX_SIZE: Final = 2**26

BUILD: Final = 1
