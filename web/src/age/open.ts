/**
 * Opening age v1 files that are whole in memory: replies to a return code.
 */

import { FILE_KEY_SIZE, PAYLOAD_NONCE_SIZE } from "../generated/constants.ts";
import { type Bytes, concat, wipe } from "./bytes.ts";
import { HeaderError, NoMatchError } from "./errors.ts";
import { checkMac, parseHeader, type Stanza } from "./header.ts";
import type { Identity } from "./hybrid.ts";
import { openPayload, payloadKey } from "./stream.ts";

function unwrapFileKey(stanzas: readonly Stanza[], identities: readonly Identity[]): Bytes {
  for (const identity of identities) {
    const fileKey = identity.unwrap(stanzas);
    if (fileKey === null) continue;
    if (fileKey.length !== FILE_KEY_SIZE) throw new HeaderError("the file key has a wrong size");
    return fileKey;
  }
  throw new NoMatchError("none of the keys opens this file");
}

/**
 * Opens a file chunk by chunk; see {@link openPayload} for what chunks may be used for.
 *
 * @throws HeaderError, NoMatchError, MacError before the first chunk; PayloadError at any.
 */
export function* openChunks(file: Uint8Array, identities: readonly Identity[]): Generator<Bytes, void, void> {
  const header = parseHeader(file);
  const fileKey = unwrapFileKey(header.stanzas, identities);
  checkMac(header, fileKey);
  const start = header.size + PAYLOAD_NONCE_SIZE;
  if (file.length < start) throw new HeaderError("the file ends inside the payload nonce");
  const key = payloadKey(fileKey, file.subarray(header.size, start));
  wipe(fileKey);
  try {
    yield* openPayload(key, file.subarray(start));
  } finally {
    wipe(key);
  }
}

/**
 * Opens a whole file with the first identity that fits, and returns its plaintext only if all of it verified.
 *
 * @throws HeaderError if it is not a well-formed age file, or an identity refuses its recipients.
 * @throws NoMatchError if it is for none of the identities.
 * @throws MacError if the header was changed after sealing.
 * @throws PayloadError if the contents are damaged, cut short or followed by more bytes.
 */
export function open(file: Uint8Array, identities: readonly Identity[]): Bytes {
  return concat(...openChunks(file, identities));
}
