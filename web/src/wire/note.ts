/**
 * Signed notes (C2SP signed-note.md, Ed25519 only), read strictly: SPEC.md section 4.
 *
 * A note's first line is its purpose, so a key that signs one kind of note cannot be made to sign another.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import {
  ED25519_KEY_SIZE,
  ED25519_SIGNATURE_SIZE,
  NOTE_KEY_ID_SIZE,
  NOTE_MAX_SIZE,
  NOTE_NAME_PATTERN,
  NOTE_SIGNATURES_MAX,
} from "../generated/constants.ts";
import { type Bytes, concat, equal, fromBase64, fromUtf8, toBase64, toUtf8 } from "./bytes.ts";
import { BadSignature, errorsAs, NoteInvalid } from "./errors.ts";

/** One signature line. */
export interface Signature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Bytes;
  /** 64 bytes. */
  readonly signature: Bytes;
}

/** A parsed note whose signatures are NOT verified. */
export interface Note {
  /** Ends in a newline. */
  readonly text: string;
  readonly signatures: readonly Signature[];
}

const DASH = "— ";
const NAME = new RegExp(`^${NOTE_NAME_PATTERN}$`);
const ED25519_TYPE = 1;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
const FORBIDDEN = /[\u0000-\u0009\u000b-\u001f<]|^\n|\n\n/;

/** The 4-byte key id of a 32-byte Ed25519 public key under `name`. */
export function keyId(name: string, key: Uint8Array): Bytes {
  return sha256(concat(toUtf8(`${name}\n`), Uint8Array.of(ED25519_TYPE), key)).slice(0, NOTE_KEY_ID_SIZE);
}

/** Returns `name` when it may name a key; throws NoteInvalid otherwise. */
export function checkName(name: string): string {
  if (!NAME.test(name)) throw new NoteInvalid("a key name has characters that are not allowed");
  return name;
}

function checkText(text: string): string {
  if (!text.endsWith("\n") || FORBIDDEN.test(text)) throw new NoteInvalid("the text may not stand in a note");
  return text;
}

function parseSignature(line: string): Signature {
  const [dash, name, blob, ...more] = line.split(" ");
  if (`${dash} ` !== DASH || name === undefined || blob === undefined || more.length > 0) {
    throw new NoteInvalid("a line is not a signature");
  }
  const size = NOTE_KEY_ID_SIZE + ED25519_SIGNATURE_SIZE;
  const raw = errorsAs(NoteInvalid, () => fromBase64(blob, size));
  return {
    name: checkName(name),
    keyId: raw.slice(0, NOTE_KEY_ID_SIZE),
    signature: raw.slice(NOTE_KEY_ID_SIZE),
  };
}

/**
 * Parses bytes as a signed note without verifying it.
 *
 * @throws NoteInvalid for anything that {@link writeNote} does not write.
 */
export function parseNote(untrusted: Uint8Array): Note {
  if (untrusted.length > NOTE_MAX_SIZE) throw new NoteInvalid("the note is too long");
  const whole = errorsAs(NoteInvalid, () => fromUtf8(untrusted));
  const end = whole.indexOf("\n\n");
  if (end < 0 || !whole.endsWith("\n")) throw new NoteInvalid("the note is not signed or does not end");
  const lines = whole.slice(end + 2, -1).split("\n");
  if (lines.length > NOTE_SIGNATURES_MAX) throw new NoteInvalid("a note carries 1 to 16 signatures");
  return { text: checkText(whole.slice(0, end + 1)), signatures: lines.map(parseSignature) };
}

/** Writes a note; throws NoteInvalid for a text it may not carry and for other than 1 to 16 signatures. */
export function writeNote({ text, signatures }: Note): Bytes {
  if (signatures.length < 1 || signatures.length > NOTE_SIGNATURES_MAX) {
    throw new NoteInvalid("a note carries 1 to 16 signatures");
  }
  const lines = signatures.map(
    ({ name, keyId: id, signature }) => `${DASH}${checkName(name)} ${toBase64(concat(id, signature))}\n`,
  );
  return toUtf8(`${checkText(text)}\n${lines.join("")}`);
}

/**
 * Whether S B = R + k A holds as it stands, not only times 8 as noble checks it: OpenSSL, on the server and the
 * laptops, refuses the rest, and a signer could show phones what nobody else takes for signed.
 */
function isExact(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  const { Point } = ed25519;
  const [r, s] = [signature.subarray(0, ED25519_KEY_SIZE), signature.subarray(ED25519_KEY_SIZE)];
  const k = Point.Fn.create(bytesToNumberLE(sha512(concat(r, key, message))));
  const sum = Point.fromBytes(r).add(Point.fromBytes(key).multiplyUnsafe(k));
  return sum.equals(Point.BASE.multiplyUnsafe(bytesToNumberLE(s)));
}

/** Whether a 64-byte signature by a 32-byte Ed25519 key holds (RFC 8032, strict, not ZIP 215, no cofactor). */
export function verifies(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key, { zip215: false }) && isExact(key, signature, message);
  } catch {
    return false;
  }
}

/**
 * The names of `keys` (name -> 32-byte public key) that signed the note; unknown signatures are ignored.
 *
 * @throws BadSignature when one by a known name and key id does not verify.
 */
export function verifiedNames(note: Note, keys: ReadonlyMap<string, Bytes>): ReadonlySet<string> {
  const names = new Set<string>();
  const message = toUtf8(note.text);
  for (const { name, keyId: id, signature } of note.signatures) {
    const key = keys.get(name);
    if (key === undefined || !equal(keyId(name, key), id)) continue;
    if (!verifies(key, signature, message)) throw new BadSignature("a signature does not verify");
    names.add(name);
  }
  return names;
}
