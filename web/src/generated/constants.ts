// Generated from intake/wire/constants.py by `python -m intake.wire.typescript`. Do not edit.
// Sizes are in bytes; labels end in a newline; SPEC.md says where each belongs.

export const AGE_VERSION_LINE = "age-encryption.org/v1\n";
export const AGE_STANZA_TYPE = "mlkem768x25519";
export const AGE_HPKE_INFO = "age-encryption.org/mlkem768x25519";
export const RECIPIENT_SIZE = 1216;
export const IDENTITY_SEED_SIZE = 32;
export const ENC_SIZE = 1120;
export const FILE_KEY_SIZE = 16;
export const STANZA_BODY_SIZE = 32;
export const STANZA_SIZE = 1557;
export const HEADER_BASE_SIZE = 70;
export const PAYLOAD_NONCE_SIZE = 16;
export const CHUNK_SIZE = 65536;
export const TAG_SIZE = 16;
export const RECIPIENTS_MAX = 3;
export const SMALL_CLASSES: readonly number[] = [8192, 16384, 65536];
export const MEDIA_FLOOR_SIZE = 65536;
export const MEDIA_SEALED_MAX_SIZE = 4294967296;
export const REPLY_SEALED_SIZE = 4068;
export const CARRY_EPOCH_FIRST = 2147483648;
export const EPOCH_MAX = 4294967295;
export const FRAME_MAGIC = "INTK";
export const FRAME_VERSION = 1;
export const KIND_SECTION = 1;
export const KIND_MEDIA = 2;
export const KIND_CLOSING = 3;
export const KIND_FOLLOW_UP = 4;
export const KIND_REPLY = 5;
export const FRAME_PREFIX_SIZE = 8;
export const COMMON_HEADER_SIZE = 50;
export const SECTION_HEADER_SIZE = 55;
export const MEDIA_HEADER_SIZE = 51;
export const CLOSING_HEADER_SIZE = 52;
export const FOLLOW_UP_HEADER_SIZE = 146;
export const REPLY_HEADER_SIZE = 214;
export const REPORT_ID_SIZE = 16;
export const PART_ID_SIZE = 16;
export const CLOSING_ENTRY_SIZE = 56;
export const CLOSING_ENTRIES_MAX = 1024;
export const SECTION_FLAG_REPLY_BLOCK = 1;
export const REPLY_BLOCK_SIZE = 1280;
export const REPLY_TEXT_MAX_SIZE = 2187;
export const MEDIA_TYPES: readonly string[] = [
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
];
export const LANGUAGES: readonly string[] = ["kk", "ru", "en"];
export const ANSWER_MAX_CHARACTERS = 20000;
export const ANSWER_LIST_MAX = 64;
export const ANSWER_ID_PATTERN = "[a-z][a-z0-9_]{0,31}";
export const CLOCK_STEP_MINUTES = 15;
export const JSON_DEPTH_MAX = 16;
export const JSON_INTEGER_MAX = 9007199254740991;
export const ED25519_KEY_SIZE = 32;
export const ED25519_SIGNATURE_SIZE = 64;
export const NOTE_KEY_ID_SIZE = 4;
export const NOTE_SIGNATURES_MAX = 16;
export const NOTE_NAME_PATTERN = "[A-Za-z0-9._/-]{1,64}";
export const NOTE_MAX_SIZE = 67108864;
export const MANIFEST_MAX_SIZE = 65536;
export const PURPOSE_MANIFEST = "intake-manifest/v1";
export const PURPOSE_LOG = "intake-log/";
export const PURPOSE_BUNDLE = "intake-bundle/v1";
export const PURPOSE_ACKS = "intake-acks/v1";
export const PURPOSE_HANDOVER = "intake-handover/v1";
export const PURPOSE_REPLIES = "intake-replies/v1";
export const PURPOSE_RECEIPT = "intake-receipt/v1";
export const PURPOSE_COURIER = "intake-courier/v1";
export const LABEL_DEPLOYMENT = "intake/deployment/v1\n";
export const ROOTS_MAX = 7;
export const MANIFEST_GRACE_DAYS = 3;
export const CODE_RANDOM_DIGITS = 30;
export const CODE_DIGITS = 32;
export const CODE_GROUP_DIGITS = 4;
export const CODE_SEPARATORS = " \t\r\n\u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014\u2212";
export const CODE_SALT = "intake/return-code/v1";
export const CODE_INFO_IDENTITY = "reply-identity";
export const CODE_INFO_SLOT = "slot-key";
export const CODE_INFO_FOLLOW_UP = "follow-up";
export const LABEL_MAILBOX = "intake/mailbox/v1\n";
export const LABEL_SLOT = "intake/slot/v1\n";
export const LABEL_DECOY = "intake/decoy/v1\n";
export const LABEL_MAILBOX_DELETE = "intake/mailbox-delete/v1\n";
export const LABEL_FOLLOW_UP = "intake/follow-up/v1\n";
export const LABEL_REPLY = "intake/reply/v1\n";
export const LABEL_RECIPIENT = "intake/recipient/v1\n";
export const MAILBOX_ID_SIZE = 32;
export const SLOTS = 4;
export const SLOT_SIZE = 4096;
export const SLOT_NONCE_SIZE = 12;
export const MAILBOX_SIZE = 16384;
export const DECOY_SECRET_SIZE = 32;
export const MAILBOX_DELETE_SIZE = 224;
export const OBJECT_ID_SIZE = 16;
export const SHA256_SIZE = 32;
export const ENVELOPE_HEADER_SIZE = 52;
export const EPOCH_HEADER = "Intake-Epoch";
export const RECEIPT_HEADER = "Intake-Receipt";
export const PROBLEM_PREFIX = "urn:intake:problem:";
export const LABEL_PUZZLE = "intake/puzzle/v1\n";
export const LABEL_PUZZLE_SEED = "intake/puzzle-seed/v1\n";
export const LABEL_UPLOAD_ID = "intake/upload-id/v1\n";
export const WORK_HEADER = "Intake-Work";
export const PUZZLE_SEED_SIZE = 16;
export const PUZZLE_PARTS = 16;
export const PUZZLE_BASE_BITS = 14;
export const PUZZLE_BITS_MAX = 26;
export const PUZZLE_WINDOW_SECONDS = 3600;
export const WORK_CLASS_BITS = 2;
export const WORK_CLASS_MAX = 3;
export const SOLUTION_SIZE = 149;
export const LABEL_LEAF = "intake/leaf/v1\n";
export const SALT_SIZE = 32;
export const OBJECT_SMALL = 1;
export const OBJECT_MEDIA = 2;
export const KIND_WORDS: readonly string[] = ["report", "media"];
export const REHEARSAL_NOTICE = "TRAINING, no real names";
export const REPLIES_BATCH = 8;
export const HOLD_DAYS = 7;
export const EPOCH_DAYS = 7;
export const EPOCH_GRACE_DAYS = 14;
export const CARRY_DAYS = 90;
export const BUNDLE_SEGMENT_MAX_SIZE = 67108864;
export const BUNDLE_SEGMENTS_MAX = 10000;
export const BUNDLE_PART_SIZE = 2147483648;
export const BUNDLE_WORK_MAX = 255;
export const LABEL_CHALLENGE = "intake/courier-challenge/v1\n";
export const COURIER_CHALLENGE_SIZE = 56;
export const COURIER_CHALLENGE_SECONDS = 600;
export const COURIER_CHALLENGE_HEADER = "Intake-Challenge";
export const COURIER_NOTE_MAX_SIZE = 2048;
export const COURIER_PIECE_MAX_SIZE = 4194304;
export const COURIER_OFFER_MAX_SIZE = 67108864;
export const BUILD = 1;
