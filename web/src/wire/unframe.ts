/**
 * Reading plaintext frames (SPEC.md section 2): strict, and only after the last chunk was verified.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  CLOSING_ENTRIES_MAX,
  CLOSING_ENTRY_SIZE,
  ED25519_KEY_SIZE,
  ED25519_SIGNATURE_SIZE,
  FRAME_MAGIC,
  FRAME_VERSION,
  KIND_CLOSING,
  KIND_FOLLOW_UP,
  KIND_MEDIA,
  KIND_REPLY,
  KIND_SECTION,
  LABEL_RECIPIENT,
  PART_ID_SIZE,
  RECIPIENT_SIZE,
  REPLY_BLOCK_SIZE,
  REPLY_TEXT_MAX_SIZE,
  REPORT_ID_SIZE,
  SECTION_FLAG_REPLY_BLOCK,
  SHA256_SIZE,
} from "../generated/constants.ts";
import { ascii, type Bytes, concat, fromUtf8, readU16, readU32, readU64, toHex } from "./bytes.ts";
import { errorsAs, FrameInvalid } from "./errors.ts";
import {
  bodyOffset,
  type ClosingEntry,
  type ClosingFrame,
  type Common,
  type FollowUpFrame,
  type Frame,
  HEADER_SIZES,
  type MediaFrame,
  type ReplyBlock,
  type ReplyFrame,
  type SectionFrame,
} from "./frame.ts";

const COMMON_END = 58;

function refuse(why: string): never {
  throw new FrameInvalid(why);
}

/** Hands out fields one after another; the caller has checked that they are all there. */
class Cursor {
  private readonly data: Uint8Array;
  private at: number;

  constructor(data: Uint8Array, at: number) {
    this.data = data;
    this.at = at;
  }

  bytes(size: number): Bytes {
    this.at += size;
    return Uint8Array.from(this.data.subarray(this.at - size, this.at));
  }

  u8(): number {
    return this.bytes(1)[0] ?? 0;
  }

  u16(): number {
    return readU16(this.bytes(2), 0);
  }

  u32(): number {
    return readU32(this.bytes(4), 0);
  }

  u64(): number {
    return readU64(this.bytes(8), 0);
  }
}

function checkedKind(data: Uint8Array): Frame["kind"] {
  const start = concat(ascii(FRAME_MAGIC), Uint8Array.of(FRAME_VERSION));
  if (data.length < COMMON_END || toHex(data.subarray(0, start.length)) !== toHex(start)) {
    refuse("no frame of this version");
  }
  const kind = data[start.length];
  for (const known of [KIND_SECTION, KIND_MEDIA, KIND_CLOSING, KIND_FOLLOW_UP, KIND_REPLY] as const) {
    if (kind === known && readU16(data, start.length + 1) === HEADER_SIZES[known]) return known;
  }
  return refuse("an unknown kind or a wrong header length");
}

function checkedBody(data: Uint8Array, kind: Frame["kind"]): Bytes {
  const start = bodyOffset(kind);
  const end = start + readU64(data, 8);
  if (end > data.length) refuse("the body does not fit");
  // Padding that may hold anything would be a second, hidden content.
  if (data.subarray(end).some((byte) => byte !== 0)) refuse("the padding is not zero");
  return Uint8Array.from(data.subarray(start, end));
}

function readCommon(data: Uint8Array): Common {
  const cursor = new Cursor(data, 16);
  const common = {
    epoch: cursor.u32(),
    build: cursor.u32(),
    reportId: cursor.bytes(REPORT_ID_SIZE),
    partId: cursor.bytes(PART_ID_SIZE),
    sequence: cursor.u16(),
  };
  return common.sequence === 0 ? refuse("the sequence is 0") : common;
}

/**
 * Reads a frame and the zeros that pad it.
 *
 * @throws FrameInvalid for every frame that SPEC.md section 2 says a reader must reject.
 */
export function unpack(data: Uint8Array): Frame {
  const kind = checkedKind(data);
  const body = checkedBody(data, kind);
  const common = readCommon(data);
  const cursor = new Cursor(data, COMMON_END);
  switch (kind) {
    case KIND_SECTION:
      return section(common, cursor, body);
    case KIND_MEDIA:
      return media(common, cursor, body);
    case KIND_CLOSING:
      return closing(common, cursor, body);
    case KIND_FOLLOW_UP:
      return followUp(common, cursor, body);
    case KIND_REPLY:
      return reply(common, cursor, body);
  }
}

/**
 * Reads a reply, the only frame a phone opens: the readers of the others are not in the page.
 *
 * @throws FrameInvalid as {@link unpack} does, and for every other kind.
 */
export function unpackReply(data: Uint8Array): ReplyFrame {
  if (checkedKind(data) !== KIND_REPLY) refuse("no reply");
  return reply(readCommon(data), new Cursor(data, COMMON_END), checkedBody(data, KIND_REPLY));
}

function section(common: Common, cursor: Cursor, whole: Bytes): SectionFrame {
  const [replaces, parts, flags] = [cursor.u16(), cursor.u16(), cursor.u8()];
  if (replaces >= common.sequence) refuse("a section replaces an earlier one");
  if (flags > SECTION_FLAG_REPLY_BLOCK) refuse("unknown flags");
  const blockSize = flags === SECTION_FLAG_REPLY_BLOCK ? REPLY_BLOCK_SIZE : 0;
  if (whole.length < blockSize) refuse("the reply block does not fit");
  const replyBlock = blockSize > 0 ? readReplyBlock(whole) : null;
  return { kind: KIND_SECTION, ...common, replaces, parts, replyBlock, body: whole.slice(blockSize) };
}

function readReplyBlock(body: Bytes): ReplyBlock {
  const cursor = new Cursor(body, 0);
  return {
    recipient: cursor.bytes(RECIPIENT_SIZE),
    followUpKey: cursor.bytes(ED25519_KEY_SIZE),
    slotKey: cursor.bytes(ED25519_KEY_SIZE),
  };
}

function media(common: Common, cursor: Cursor, body: Bytes): MediaFrame {
  return { kind: KIND_MEDIA, ...common, mediaType: cursor.u8(), body };
}

function closing(common: Common, cursor: Cursor, body: Bytes): ClosingFrame {
  const count = cursor.u16();
  if (count < 1 || count > CLOSING_ENTRIES_MAX || body.length !== CLOSING_ENTRY_SIZE * count) {
    refuse("a closing of a wrong size");
  }
  const parts = new Cursor(body, 0);
  const entries: ClosingEntry[] = [];
  for (let i = 0; i < count; i++) {
    entries.push({ partId: parts.bytes(PART_ID_SIZE), size: parts.u64(), sha256: parts.bytes(SHA256_SIZE) });
  }
  const named = new Set(entries.map(({ partId }) => toHex(partId)));
  if (named.size !== count || named.has(toHex(common.partId)))
    refuse("a closing names a part twice, or itself");
  return { kind: KIND_CLOSING, ...common, entries };
}

function followUp(common: Common, cursor: Cursor, body: Bytes): FollowUpFrame {
  const [key, signature] = [cursor.bytes(ED25519_KEY_SIZE), cursor.bytes(ED25519_SIGNATURE_SIZE)];
  return { kind: KIND_FOLLOW_UP, ...common, key, signature, body };
}

function reply(common: Common, cursor: Cursor, body: Bytes): ReplyFrame {
  if (common.epoch !== 0) refuse("a reply has no epoch");
  if (body.length < 1 || body.length > REPLY_TEXT_MAX_SIZE) refuse("a reply of a wrong length");
  return {
    kind: KIND_REPLY,
    ...common,
    day: cursor.u32(),
    mailboxId: cursor.bytes(SHA256_SIZE),
    recipientHash: cursor.bytes(SHA256_SIZE),
    replyKey: cursor.bytes(ED25519_KEY_SIZE),
    signature: cursor.bytes(ED25519_SIGNATURE_SIZE),
    text: errorsAs(FrameInvalid, () => fromUtf8(body)),
  };
}

/** The 32-byte hash by which a reply names the 1,216-byte recipient it is for. */
export function recipientHash(recipient: Uint8Array): Bytes {
  return Uint8Array.from(sha256(concat(ascii(LABEL_RECIPIENT), recipient)));
}
