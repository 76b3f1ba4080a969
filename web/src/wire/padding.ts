/**
 * How large sealed objects are, so that their sizes say little about what is inside (SPEC.md section 1).
 * All sizes are in bytes; `recipients` is 1, 2 or 3.
 */

import { headerSize, sealedSize } from "../age/seal.ts";
import { MEDIA_FLOOR_SIZE, MEDIA_SEALED_MAX_SIZE, SMALL_CLASSES, TAG_SIZE } from "../generated/constants.ts";
import { WrongSize } from "./errors.ts";

/**
 * Rounds up so that a size tells O(log log size) bits, at most 12 % more (Padmé, PETS 2019).
 *
 * @throws WrongSize below 1.
 */
export function padme(size: number): number {
  if (size < 1) throw new WrongSize("Padmé starts at one byte");
  const exponent = floorLog2(size);
  const step = 2 ** (exponent - floorLog2(Math.max(1, exponent)) - 1);
  return step <= 1 ? size : Math.ceil(size / step) * step;
}

// Not Math.log2, which engines round differently beside the powers of two.
function floorLog2(value: number): number {
  let exponent = 0;
  while (2 ** (exponent + 1) <= value) exponent++;
  return exponent;
}

/**
 * Plaintext size inside a small object of `total` bytes.
 *
 * @throws WrongSize when `total` is no small class.
 */
export function smallPlainSize(total: number, recipients: number): number {
  if (!SMALL_CLASSES.includes(total)) throw new WrongSize("not a class of small objects");
  return total - headerSize(recipients) - TAG_SIZE;
}

/**
 * The smallest small class that holds a frame of `frameSize` bytes.
 *
 * @throws WrongSize when none does.
 */
export function smallClass(frameSize: number, recipients: number): number {
  for (const total of SMALL_CLASSES) if (frameSize <= smallPlainSize(total, recipients)) return total;
  throw new WrongSize("more than the largest small object holds");
}

/** Plaintext size of a media object around a frame of `frameSize` bytes. */
export function mediaPlainSize(frameSize: number): number {
  return padme(Math.max(MEDIA_FLOOR_SIZE, frameSize));
}

/**
 * Sealed size of a media object around a frame of `frameSize` bytes.
 *
 * @throws WrongSize above 4 GiB.
 */
export function mediaSealedSize(frameSize: number, recipients: number): number {
  const total = sealedSize(mediaPlainSize(frameSize), recipients);
  if (total > MEDIA_SEALED_MAX_SIZE) throw new WrongSize("a file is larger than 4 GiB");
  return total;
}
