/** Fixed keys and randomness for the tests, and the age strings of them for the oracle. */

import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import { ascii, type Bytes, concat } from "../../src/age/bytes.ts";
import { HeaderError, MacError, NoMatchError, PayloadError } from "../../src/age/errors.ts";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import type { Random } from "../../src/age/seal.ts";

/** `size` bytes that depend on nothing but the label. */
export function bytesOf(label: string, size: number): Bytes {
  const blocks: Bytes[] = [];
  for (let i = 0; i * 32 < size; i++) blocks.push(sha256(ascii(`${label} ${i}`)));
  return concat(...blocks).slice(0, size);
}

/** A generator that hands out the given bytes in order and refuses to give more. */
export function replay(randomness: Uint8Array): Random {
  let at = 0;
  return (size) => {
    if (at + size > randomness.length) throw new Error("the vector has no more randomness");
    at += size;
    return randomness.slice(at - size, at);
  };
}

/** Size in bytes of all the randomness one file takes. */
export function randomnessSize(recipientCount: number): number {
  return 16 + 64 * recipientCount + 16;
}

/** A generator with enough fixed bytes for 3 recipients. */
export function fixedRandom(label: string): Random {
  return replay(bytesOf(label, randomnessSize(3)));
}

/** The first `count` of our test seeds. */
export function seeds(count: number): Bytes[] {
  return Array.from({ length: count }, (_, i) => bytesOf(`seed ${i}`, 32));
}

/** Recipients of {@link seeds}. */
export function recipients(count: number): Bytes[] {
  return seeds(count).map((seed) => new HybridIdentity(seed).recipient());
}

/** `AGE-SECRET-KEY-PQ-1...` of a seed. */
export function identityText(seed: Uint8Array): string {
  return bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase();
}

/** `age1pq1...` of a recipient. */
export function recipientText(recipient: Uint8Array): string {
  return bech32.encode("age1pq", bech32.toWords(recipient), false);
}

/** Plaintext sizes around every boundary of the 64 KiB chunks. */
export const BOUNDARY_SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072];

/** What the public suite calls a failure to open; anything unknown is thrown on. */
export function failureClass(error: unknown): string {
  if (error instanceof HeaderError) return "header failure";
  if (error instanceof NoMatchError) return "no match";
  if (error instanceof MacError) return "HMAC failure";
  if (error instanceof PayloadError) return "payload failure";
  throw error;
}
