/**
 * The one accepted spelling of bytes, text and days (SPEC.md, first paragraph): every reader here refuses
 * what its writer would not produce. Integers are unsigned and big-endian.
 */

import { type Bytes, encodeBase64 as unpadded } from "../age/bytes.ts";
import { EncodingInvalid } from "./errors.ts";

export { ascii, type Bytes, concat, equal, wipe } from "../age/bytes.ts";

const HIGH = 2 ** 32;

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * Decodes lower-case hex of exactly `size` bytes.
 *
 * @throws EncodingInvalid for upper case, white space or another size.
 */
export function fromHex(text: string, size: number): Bytes {
  if (text.length !== 2 * size || !/^[0-9a-f]*$/.test(text)) throw new EncodingInvalid("not lower-case hex");
  return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Encodes as base64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  const text = unpadded(bytes);
  return text + "=".repeat(-text.length & 3);
}

/**
 * Decodes canonical padded base64 of exactly `size` bytes.
 *
 * @throws EncodingInvalid for stray bits, white space, missing padding or another size.
 */
export function fromBase64(text: string, size: number): Bytes {
  let bytes: Bytes;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new EncodingInvalid("not base64");
  }
  // atob forgives white space, lost padding and stray bits: one value must not have two spellings.
  if (bytes.length !== size || toBase64(bytes) !== text) throw new EncodingInvalid("not canonical base64");
  return bytes;
}

/** UTF-8 bytes of a text. Half surrogate pairs become U+FFFD. */
export function toUtf8(text: string): Bytes {
  return Uint8Array.from(new TextEncoder().encode(text));
}

/**
 * The text of UTF-8 bytes; a byte order mark stays a character.
 *
 * @throws EncodingInvalid for overlong forms, surrogates and cut-off characters.
 */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new EncodingInvalid("not UTF-8");
  }
}

/** Number of Unicode characters, not of UTF-16 halves: what SPEC.md's limits count. */
export function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 2 bytes. */
export function u16(value: number): Bytes {
  return Uint8Array.of(value >>> 8, value);
}

/** 4 bytes. */
export function u32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  view(bytes).setUint32(0, value);
  return bytes;
}

/** 8 bytes of an integer up to 2^53 - 1. */
export function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  view(bytes).setUint32(0, Math.floor(value / HIGH));
  view(bytes).setUint32(4, value % HIGH);
  return bytes;
}

/** Reads 2 bytes. */
export function readU16(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint16(at);
}

/** Reads 4 bytes. */
export function readU32(bytes: Uint8Array, at: number): number {
  return view(bytes).getUint32(at);
}

/** Reads 8 bytes; above 2^53 - 1 the result is only good for being too large. */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) * HIGH + readU32(bytes, at + 4);
}

/**
 * Checks a day written `YYYY-MM-DD`, from 0001-01-01 on, and returns it.
 *
 * @throws EncodingInvalid for any other spelling and for days that do not exist.
 */
export function checkDay(text: string): string {
  const exists = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) && !text.startsWith("0000");
  const time = exists ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time) || dayText(time) !== text) throw new EncodingInvalid("not a day as YYYY-MM-DD");
  return text;
}

/** The UTC day of milliseconds since 1970, `YYYY-MM-DD`. */
export function dayText(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
