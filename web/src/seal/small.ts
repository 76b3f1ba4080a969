/** Sealing what fits in one of the small size classes: sections, closings. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Random, seal } from "../age/seal.ts";
import { OBJECT_ID_SIZE } from "../generated/constants.ts";
import { type Bytes, wipe } from "../wire/bytes.ts";
import { type ClosingEntry, type Frame, pack, pad } from "../wire/frame.ts";
import type { VerifiedManifest } from "../wire/manifest.ts";
import { smallClass, smallPlainSize } from "../wire/padding.ts";

/** Which of a manifest's two sets of keys: of the running epoch, or those kept off the laptops. */
export type EpochChoice = "epoch" | "carry";

/** An epoch's number and its 1 to 3 recipients. */
export interface Target {
  readonly number: number;
  readonly recipients: readonly Bytes[];
}

/** A sealed section or closing, ready to be queued. No key to it exists on the phone any more. */
export interface SealedPart {
  /** 16 random bytes by which the server and the outbox know it; not the part id inside. */
  readonly objectId: Bytes;
  readonly partId: Bytes;
  readonly epoch: number;
  readonly sealed: Bytes;
  /** SHA-256 of `sealed`. */
  readonly sha256: Bytes;
}

/** The keys to seal to. They come from a verified manifest and from nowhere else. */
export function target({ manifest }: VerifiedManifest, choice: EpochChoice): Target {
  return choice === "carry" ? manifest.carry : manifest.epoch;
}

/** Draws an id; unlike secrets it is not wiped after use. */
export function drawId(random: Random, size: number = OBJECT_ID_SIZE): Bytes {
  return Uint8Array.from(random(size));
}

/**
 * Seals a frame into the smallest size class that holds it, and wipes the plaintext copies made here.
 *
 * @throws WrongSize when it does not fit the largest.
 */
export function sealSmall(frame: Frame, { number, recipients }: Target, random: Random): SealedPart {
  const packed = pack(frame);
  const total = smallClass(packed.length, recipients.length);
  const plain = pad(packed, smallPlainSize(total, recipients.length));
  const sealed = seal(recipients, plain, random);
  wipe(packed, plain);
  const digest = Uint8Array.from(sha256(sealed));
  return { objectId: drawId(random), partId: frame.partId, epoch: number, sealed, sha256: digest };
}

/** How a closing names a small part. */
export function entryOf({ partId, sealed, sha256: digest }: SealedPart): ClosingEntry {
  return { partId, size: sealed.length, sha256: digest };
}
