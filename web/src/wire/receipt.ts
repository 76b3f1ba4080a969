/**
 * Receipts: the server's signed word that it stored one object on one day (SPEC.md section 14).
 *
 * A receipt proves who sent what: the phone looks at it and forgets it.
 */

import {
  ED25519_SIGNATURE_SIZE,
  KIND_WORDS,
  NOTE_KEY_ID_SIZE,
  OBJECT_ID_SIZE,
  PURPOSE_RECEIPT,
  SHA256_SIZE,
} from "../generated/constants.ts";
import { type Bytes, fromBase64, toHex } from "./bytes.ts";
import { BadSignature, errorsAs, NoteInvalid } from "./errors.ts";
import { checkName, type Signature, verifiedNames } from "./note.ts";

/** What a receipt is about. */
export interface StoredObject {
  /** 64 hex. */
  readonly deployment: string;
  /** 16 bytes. */
  readonly objectId: Bytes;
  /** SHA-256 of the sealed object, 32 bytes. */
  readonly sha256: Bytes;
  /** 1 small, 2 media. */
  readonly kind: number;
  /** In bytes. */
  readonly size: number;
  /** The epoch label. */
  readonly epoch: number;
}

const DAY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

function checkDay(text: string): string {
  const isDay = DAY.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text);
  if (!isDay) throw new NoteInvalid("a receipt without a day");
  return text;
}

/** The note text that the receipt key signs. */
export function receiptText(stored: StoredObject, day: string): string {
  const { deployment, objectId, sha256, kind, size, epoch } = stored;
  const word = KIND_WORDS[kind - 1];
  if (objectId.length !== OBJECT_ID_SIZE || sha256.length !== SHA256_SIZE || word === undefined) {
    throw new NoteInvalid("a receipt about nothing");
  }
  const object = [`deployment ${deployment}`, `object ${toHex(objectId)}`, `sha256 ${toHex(sha256)}`];
  return [
    PURPOSE_RECEIPT,
    ...object,
    `kind ${word}`,
    `size ${size}`,
    `epoch ${epoch}`,
    `day ${day}`,
    "",
  ].join("\n");
}

function parseReceipt(untrusted: string): [string, Signature] {
  const [day, name, blob, ...more] = untrusted.split(" ");
  if (day === undefined || name === undefined || blob === undefined || more.length > 0) {
    throw new NoteInvalid("a receipt has three parts");
  }
  const raw = errorsAs(NoteInvalid, () => fromBase64(blob, NOTE_KEY_ID_SIZE + ED25519_SIGNATURE_SIZE));
  const keyId = raw.slice(0, NOTE_KEY_ID_SIZE);
  return [checkDay(day), { name: checkName(name), keyId, signature: raw.slice(NOTE_KEY_ID_SIZE) }];
}

/**
 * The day in a receipt that one of `keys` (name -> 32-byte public key) signed for `stored`.
 *
 * @throws NoteInvalid for another line, BadSignature when no such key signed, or signed something else.
 */
export function verifyReceipt(
  untrusted: string,
  stored: StoredObject,
  keys: ReadonlyMap<string, Bytes>,
): string {
  const [day, signature] = parseReceipt(untrusted);
  const text = receiptText(stored, day);
  if (verifiedNames({ text, signatures: [signature] }, keys).size === 0) {
    throw new BadSignature("no key that may sign this has signed it");
  }
  return day;
}
