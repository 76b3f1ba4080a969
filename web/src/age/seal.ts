/**
 * Sealing on the phone: one file key, one header, then chunks that can be made again byte for byte
 * from memory, so that a phone without room to spool can resume an upload.
 *
 * Randomness is asked for in this order: file key 16 bytes; for each recipient 64 bytes
 * (ML-KEM m 32, X25519 secret 32); payload nonce 16 bytes.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  CHUNK_SIZE,
  FILE_KEY_SIZE,
  HEADER_BASE_SIZE,
  PAYLOAD_NONCE_SIZE,
  RECIPIENTS_MAX,
  STANZA_SIZE,
} from "../generated/constants.ts";
import { type Bytes, concat, equal, wipe } from "./bytes.ts";
import { ChunkChangedError, RecipientError, SealerError } from "./errors.ts";
import { type Stanza, writeHeader } from "./header.ts";
import { ENCAPSULATION_RANDOMNESS_SIZE } from "./hpke.ts";
import { wrapFileKey } from "./hybrid.ts";
import { MAX_CHUNK_INDEX, payloadKey, payloadSize, SEALED_CHUNK_SIZE, sealChunk } from "./stream.ts";

/** Returns `size` fresh secret bytes in an array that is then wiped; vectors give fixed ones. */
export type Random = (size: number) => Uint8Array;

/** The browser's generator, present also where the page is not a secure context. */
export const browserRandom: Random = (size) => crypto.getRandomValues(new Uint8Array(size));

/**
 * Size in bytes of everything before the first chunk for 1 to 3 recipients: 1,643, 3,200 or 4,757.
 *
 * The same as {@link Sealer.header}: what SPEC.md calls `header_size`, and the 16-byte payload nonce.
 */
export function headerSize(recipientCount: number): number {
  return HEADER_BASE_SIZE + STANZA_SIZE * recipientCount + PAYLOAD_NONCE_SIZE;
}

/** Size in bytes of `plainSize` bytes sealed to 1 to 3 recipients, header and all. */
export function sealedSize(plainSize: number, recipientCount: number): number {
  return headerSize(recipientCount) + payloadSize(plainSize);
}

/**
 * Seals one file chunk by chunk. Each chunk is first asked for in order; any made before can be asked
 * for again, and must then come with the same bytes.
 */
export class Sealer {
  /** The header and the 16-byte payload nonce: everything before the first chunk. */
  readonly header: Bytes;
  private key: Bytes | null;
  private readonly digests: Bytes[] = [];
  private finished = false;

  /** Takes over `key`, the 32-byte payload key; made by {@link sealer}. */
  constructor(header: Bytes, key: Bytes) {
    this.header = header;
    this.key = key;
  }

  /** Size in bytes of the whole sealed file for `plainSize` bytes of plaintext. */
  sealedSize(plainSize: number): number {
    return this.header.length + payloadSize(plainSize);
  }

  /**
   * Seals chunk number `index`, the first being 0; the result is 16 bytes longer.
   *
   * @param bytes exactly 65,536 bytes, fewer only when `last`, none only when the whole file is empty.
   * @throws ChunkChangedError if this chunk was made before from other bytes; the keys are then dropped.
   * @throws SealerError if a chunk is skipped, of a wrong size, after the last, or after {@link drop}.
   */
  chunk(index: number, bytes: Uint8Array, last: boolean): Bytes {
    if (this.key === null) throw new SealerError("the keys of this file were dropped");
    this.checkTurn(index);
    checkChunkSize(index, bytes.length, last);
    const sealed = sealChunk(this.key, index, bytes, last);
    this.remember(index, sealed);
    this.finished ||= last;
    return sealed;
  }

  /** Overwrites the key; no chunk can be made afterwards. */
  drop(): void {
    if (this.key !== null) wipe(this.key);
    this.key = null;
  }

  private checkTurn(index: number): void {
    const made = this.digests.length;
    const next = index === made && !this.finished && index <= MAX_CHUNK_INDEX;
    const again = Number.isInteger(index) && index >= 0 && index < made;
    if (!next && !again) throw new SealerError("a chunk was asked for out of turn");
  }

  private remember(index: number, sealed: Bytes): void {
    const digest = sha256(sealed);
    const known = this.digests[index];
    if (known !== undefined && !equal(known, digest)) {
      // Two plaintexts under one key and nonce give both away and let chunks be forged: never let it out.
      wipe(sealed);
      this.drop();
      throw new ChunkChangedError("a chunk was made again from other bytes");
    }
    this.digests[index] = digest;
  }
}

function checkChunkSize(index: number, size: number, last: boolean): void {
  const smallest = last ? Math.min(index, 1) : CHUNK_SIZE;
  if (size < smallest || size > CHUNK_SIZE) throw new SealerError("a chunk has a wrong size");
}

function draw(random: Random, size: number): Uint8Array {
  const bytes = random(size);
  if (bytes.length !== size) throw new SealerError("the random generator gave a wrong number of bytes");
  return bytes;
}

/**
 * Starts sealing one file to 1 to 3 recipients of 1,216 bytes each, under a fresh file key.
 *
 * @throws RecipientError for none, for more than 3, and for one that is not a valid public key.
 */
export function sealer(recipients: readonly Uint8Array[], random: Random): Sealer {
  if (recipients.length < 1 || recipients.length > RECIPIENTS_MAX) {
    throw new RecipientError("a file is sealed to 1, 2 or 3 recipients");
  }
  const fileKey = draw(random, FILE_KEY_SIZE);
  const stanzas = recipients.map((recipient): Stanza => {
    const randomness = draw(random, ENCAPSULATION_RANDOMNESS_SIZE);
    const stanza = wrapFileKey(recipient, fileKey, randomness);
    wipe(randomness);
    return stanza;
  });
  const nonce = draw(random, PAYLOAD_NONCE_SIZE);
  const made = new Sealer(concat(writeHeader(stanzas, fileKey), nonce), payloadKey(fileKey, nonce));
  wipe(fileKey);
  return made;
}

/**
 * Seals bytes that are all in memory: a section, a closing, a follow-up.
 *
 * @throws RecipientError as {@link sealer} does.
 */
export function seal(recipients: readonly Uint8Array[], plaintext: Uint8Array, random: Random): Bytes {
  const started = sealer(recipients, random);
  const sealed = new Uint8Array(started.sealedSize(plaintext.length));
  sealed.set(started.header);
  const last = Math.max(0, Math.ceil(plaintext.length / CHUNK_SIZE) - 1);
  for (let index = 0; index <= last; index++) {
    const bytes = plaintext.subarray(index * CHUNK_SIZE, (index + 1) * CHUNK_SIZE);
    sealed.set(
      started.chunk(index, bytes, index === last),
      started.header.length + index * SEALED_CHUNK_SIZE,
    );
  }
  started.drop();
  return sealed;
}
