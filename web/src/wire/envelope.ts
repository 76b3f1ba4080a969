/** The body of `POST /reports` (SPEC.md section 7). */

import { OBJECT_ID_SIZE, SHA256_SIZE } from "../generated/constants.ts";
import { type Bytes, concat, u32 } from "./bytes.ts";
import { EnvelopeInvalid } from "./errors.ts";

/** A small sealed object on its way. */
export interface Envelope {
  /** 16 random bytes; a repeat under the same id is no second report. */
  readonly objectId: Bytes;
  /** The epoch label. */
  readonly epoch: number;
  /** SHA-256 of `sealed`, 32 bytes. */
  readonly sha256: Bytes;
  readonly sealed: Bytes;
}

/** Writes the body: 52 bytes, then the sealed object. */
export function writeEnvelope({ objectId, epoch, sha256, sealed }: Envelope): Bytes {
  if (objectId.length !== OBJECT_ID_SIZE || sha256.length !== SHA256_SIZE) {
    throw new EnvelopeInvalid("a field that does not fit");
  }
  return concat(objectId, u32(epoch), sha256, sealed);
}
