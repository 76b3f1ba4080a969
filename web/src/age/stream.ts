/**
 * The binary age v1 payload: ChaCha20-Poly1305 in 64 KiB chunks (C2SP age.md, "Payload").
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { CHUNK_SIZE, TAG_SIZE } from "../generated/constants.ts";
import { ascii, type Bytes } from "./bytes.ts";
import { PayloadError } from "./errors.ts";

/** Size in bytes of every sealed chunk but the last. */
export const SEALED_CHUNK_SIZE = CHUNK_SIZE + TAG_SIZE;
/** Highest chunk number this page counts to (256 TiB of plaintext). */
export const MAX_CHUNK_INDEX = 0xffff_ffff;

/** Derives the 32-byte payload key from the 16-byte file key and the 16-byte payload nonce. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Bytes {
  return hkdf(sha256, fileKey, nonce, ascii("payload"), 32);
}

function chunkNonce(index: number, last: boolean): Bytes {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(7, index);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/**
 * Seals chunk number `index`; the result is 16 bytes longer.
 *
 * The same key, index and `last` with other bytes gives both plaintexts away: the caller must prevent it.
 */
export function sealChunk(key: Uint8Array, index: number, bytes: Uint8Array, last: boolean): Bytes {
  return chacha20poly1305(key, chunkNonce(index, last)).encrypt(bytes);
}

function openChunk(key: Uint8Array, index: number, sealed: Uint8Array, last: boolean): Bytes | null {
  try {
    return chacha20poly1305(key, chunkNonce(index, last)).decrypt(sealed);
  } catch {
    return null;
  }
}

/**
 * Opens a payload (what follows the payload nonce) chunk by chunk, each at most 64 KiB.
 *
 * Chunks come before it is known that the file is whole: nothing may act on them until the last has come.
 * A full chunk is first taken for one in the middle, as readers of an endless stream must, so that what
 * is released before an error is the same bytes in every implementation.
 *
 * @throws PayloadError at the first chunk that does not verify, for a missing or empty last chunk, and
 *   for anything after it.
 */
export function* openPayload(key: Uint8Array, payload: Uint8Array): Generator<Bytes, void, void> {
  let last = false;
  let at = 0;
  for (let index = 0; !last; index++) {
    const sealed = payload.subarray(at, at + SEALED_CHUNK_SIZE);
    at += sealed.length;
    const middle = sealed.length === SEALED_CHUNK_SIZE ? openChunk(key, index, sealed, false) : null;
    last = middle === null;
    const chunk = middle ?? openChunk(key, index, sealed, true);
    if (chunk === null) throw new PayloadError("a chunk is damaged, missing or out of place");
    if (chunk.length === 0 && index > 0) throw new PayloadError("the last chunk is empty");
    yield chunk;
  }
  if (at < payload.length) throw new PayloadError("something follows the last chunk");
}

/** Size in bytes of the sealed chunks of `plainSize` bytes (an empty plaintext is one empty chunk). */
export function payloadSize(plainSize: number): number {
  return plainSize + TAG_SIZE * Math.max(1, Math.ceil(plainSize / CHUNK_SIZE));
}
