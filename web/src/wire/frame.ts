/**
 * Plaintext frames (SPEC.md section 2): what is inside a sealed object. This file writes them.
 */

import {
  CLOSING_ENTRIES_MAX,
  CLOSING_HEADER_SIZE,
  FOLLOW_UP_HEADER_SIZE,
  FRAME_MAGIC,
  FRAME_PREFIX_SIZE,
  FRAME_VERSION,
  KIND_CLOSING,
  KIND_FOLLOW_UP,
  KIND_MEDIA,
  KIND_REPLY,
  KIND_SECTION,
  LABEL_FOLLOW_UP,
  LABEL_REPLY,
  MEDIA_HEADER_SIZE,
  REPLY_HEADER_SIZE,
  SECTION_FLAG_REPLY_BLOCK,
  SECTION_HEADER_SIZE,
} from "../generated/constants.ts";
import { ascii, type Bytes, concat, toUtf8, u16, u32, u64 } from "./bytes.ts";
import { FrameInvalid, WrongSize } from "./errors.ts";

/** What every frame says of itself. Report and part id are 16 random bytes; sequence is 1 to 65,535. */
export interface Common {
  readonly epoch: number;
  readonly build: number;
  readonly reportId: Bytes;
  readonly partId: Bytes;
  readonly sequence: number;
}

/** What a laptop needs to answer: recipient 1,216 bytes, follow-up public key 32, slot key 32. */
export interface ReplyBlock {
  readonly recipient: Bytes;
  readonly followUpKey: Bytes;
  readonly slotKey: Bytes;
}

export interface SectionFrame extends Common {
  readonly kind: typeof KIND_SECTION;
  /** The sequence it replaces, 0 for none. */
  readonly replaces: number;
  /** Objects of the report as sent together, itself included; 0 for an addition to a report sent before. */
  readonly parts: number;
  readonly replyBlock: ReplyBlock | null;
  /** The section body as bytes. */
  readonly body: Bytes;
}

export interface MediaFrame extends Common {
  readonly kind: typeof KIND_MEDIA;
  /** Place in MEDIA_TYPES, 0 for unknown. */
  readonly mediaType: number;
  readonly body: Bytes;
}

/** A part that a closing names: sealed size in bytes and SHA-256 (32 bytes) of the sealed object. */
export interface ClosingEntry {
  readonly partId: Bytes;
  readonly size: number;
  readonly sha256: Bytes;
}

export interface ClosingFrame extends Common {
  readonly kind: typeof KIND_CLOSING;
  /** Every other part of the report, by rising sequence. */
  readonly entries: readonly ClosingEntry[];
}

export interface FollowUpFrame extends Common {
  readonly kind: typeof KIND_FOLLOW_UP;
  /** Ed25519 public key, 32 bytes. */
  readonly key: Bytes;
  /** 64 bytes over {@link signedBytes}. */
  readonly signature: Bytes;
  readonly body: Bytes;
}

export interface ReplyFrame extends Common {
  readonly kind: typeof KIND_REPLY;
  /** Days since 1970-01-01. */
  readonly day: number;
  readonly mailboxId: Bytes;
  readonly recipientHash: Bytes;
  /** Ed25519 public key, 32 bytes. */
  readonly replyKey: Bytes;
  /** 64 bytes over {@link signedBytes}. */
  readonly signature: Bytes;
  readonly text: string;
}

export type Frame = SectionFrame | MediaFrame | ClosingFrame | FollowUpFrame | ReplyFrame;

/** Header length in bytes of each kind, counted from offset 8 to the body. */
export const HEADER_SIZES: Readonly<Record<Frame["kind"], number>> = {
  [KIND_SECTION]: SECTION_HEADER_SIZE,
  [KIND_MEDIA]: MEDIA_HEADER_SIZE,
  [KIND_CLOSING]: CLOSING_HEADER_SIZE,
  [KIND_FOLLOW_UP]: FOLLOW_UP_HEADER_SIZE,
  [KIND_REPLY]: REPLY_HEADER_SIZE,
};

const SEQUENCE_MAX = 65_535;

function header(kind: Frame["kind"], common: Common, bodySize: number, ...fields: Uint8Array[]): Bytes {
  if (common.sequence < 1 || common.sequence > SEQUENCE_MAX) {
    throw new FrameInvalid("a sequence is from 1 to 65,535");
  }
  return concat(
    ascii(FRAME_MAGIC),
    Uint8Array.of(FRAME_VERSION, kind),
    u16(HEADER_SIZES[kind]),
    u64(bodySize),
    u32(common.epoch),
    u32(common.build),
    common.reportId,
    common.partId,
    u16(common.sequence),
    ...fields,
  );
}

/** The 59 bytes that stand before a media file of `bodySize` bytes. */
export function mediaHeader(common: Common, mediaType: number, bodySize: number): Bytes {
  return header(KIND_MEDIA, common, bodySize, Uint8Array.of(mediaType));
}

/** The 1,280 bytes of a reply block. */
export function packReplyBlock({ recipient, followUpKey, slotKey }: ReplyBlock): Bytes {
  return concat(recipient, followUpKey, slotKey);
}

function packSection(frame: SectionFrame): Bytes {
  const block = frame.replyBlock === null ? new Uint8Array(0) : packReplyBlock(frame.replyBlock);
  const body = concat(block, frame.body);
  if (frame.replaces >= frame.sequence) throw new FrameInvalid("a section replaces an earlier one");
  const flags = Uint8Array.of(block.length > 0 ? SECTION_FLAG_REPLY_BLOCK : 0);
  return concat(header(KIND_SECTION, frame, body.length, u16(frame.replaces), u16(frame.parts), flags), body);
}

function packClosing(frame: ClosingFrame): Bytes {
  const count = frame.entries.length;
  if (count < 1 || count > CLOSING_ENTRIES_MAX) throw new FrameInvalid("a closing names 1 to 1,024 parts");
  const entries = frame.entries.map(({ partId, size, sha256 }) => concat(partId, u64(size), sha256));
  const body = concat(...entries);
  return concat(header(KIND_CLOSING, frame, body.length, u16(count)), body);
}

function unsignedFollowUp(frame: FollowUpFrame): Bytes {
  return header(KIND_FOLLOW_UP, frame, frame.body.length, frame.key);
}

function unsignedReply(frame: ReplyFrame, body: Bytes): Bytes {
  const { day, mailboxId, recipientHash, replyKey } = frame;
  return header(KIND_REPLY, frame, body.length, u32(day), mailboxId, recipientHash, replyKey);
}

/** What the signature of a follow-up or a reply covers: label, everything before the signature, body. */
export function signedBytes(frame: FollowUpFrame | ReplyFrame): Bytes {
  if (frame.kind === KIND_FOLLOW_UP) {
    return concat(ascii(LABEL_FOLLOW_UP), unsignedFollowUp(frame), frame.body);
  }
  const body = toUtf8(frame.text);
  return concat(ascii(LABEL_REPLY), unsignedReply(frame, body), body);
}

/** Writes a frame without padding; throws FrameInvalid for values it cannot hold. */
export function pack(frame: Frame): Bytes {
  switch (frame.kind) {
    case KIND_SECTION:
      return packSection(frame);
    case KIND_MEDIA:
      return concat(mediaHeader(frame, frame.mediaType, frame.body.length), frame.body);
    case KIND_CLOSING:
      return packClosing(frame);
    case KIND_FOLLOW_UP:
      return concat(unsignedFollowUp(frame), frame.signature, frame.body);
    case KIND_REPLY: {
      const body = toUtf8(frame.text);
      return concat(unsignedReply(frame, body), frame.signature, body);
    }
  }
}

/** Appends zeros up to `plainSize` bytes; throws WrongSize when the frame is larger. */
export function pad(frame: Bytes, plainSize: number): Bytes {
  if (frame.length > plainSize) throw new WrongSize("the frame does not fit its size class");
  const padded = new Uint8Array(plainSize);
  padded.set(frame);
  return padded;
}

/** Size in bytes of everything before the body of a kind. */
export function bodyOffset(kind: Frame["kind"]): number {
  return FRAME_PREFIX_SIZE + HEADER_SIZES[kind];
}
