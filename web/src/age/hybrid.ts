/**
 * The `mlkem768x25519` recipient type, the only one this project seals to or opens
 * (C2SP age.md, "The MLKEM768-X25519 hybrid post-quantum recipient type").
 */

import {
  AGE_HPKE_INFO,
  AGE_STANZA_TYPE,
  ENC_SIZE,
  IDENTITY_SEED_SIZE,
  RECIPIENT_SIZE,
  RECIPIENTS_MAX,
  STANZA_BODY_SIZE,
} from "../generated/constants.ts";
import { ascii, type Bytes, decodeBase64, encodeBase64, wipe } from "./bytes.ts";
import { HeaderError, RecipientError } from "./errors.ts";
import type { Stanza } from "./header.ts";
import { hpkeOpen, hpkeSeal, publicKey } from "./hpke.ts";

const INFO = ascii(AGE_HPKE_INFO);

/** One private key that may open a file. */
export interface Identity {
  /**
   * Returns the 16-byte file key, or null when no stanza is for this identity: try the next.
   *
   * @throws HeaderError when the stanzas are malformed or of a kind this identity refuses to stand beside.
   */
  unwrap(stanzas: readonly Stanza[]): Bytes | null;
}

/**
 * Wraps a 16-byte file key for one 1,216-byte recipient, with 64 bytes of fresh randomness.
 *
 * @throws RecipientError for a recipient that is not a valid public key.
 */
export function wrapFileKey(recipient: Uint8Array, fileKey: Uint8Array, randomness: Uint8Array): Stanza {
  if (recipient.length !== RECIPIENT_SIZE) throw new RecipientError("a recipient is not 1,216 bytes");
  try {
    const { encapsulated, ciphertext } = hpkeSeal(recipient, INFO, fileKey, randomness);
    return { args: [AGE_STANZA_TYPE, encodeBase64(encapsulated)], body: ciphertext };
  } catch {
    throw new RecipientError("a recipient is not a valid public key");
  }
}

function encapsulatedKey({ args, body }: Stanza): Bytes {
  const encapsulated = args.length === 2 ? decodeBase64(args[1] ?? "") : null;
  if (encapsulated?.length !== ENC_SIZE) throw new HeaderError("a hybrid stanza is malformed");
  // A longer body could be one ciphertext under several keys and tell an attacker which of them we hold.
  if (body.length !== STANZA_BODY_SIZE) throw new HeaderError("a hybrid stanza has a wrong body");
  return encapsulated;
}

/**
 * Tries one `mlkem768x25519` stanza with the 32-byte seed of an identity.
 *
 * @returns the 16-byte file key, or null when the stanza is for somebody else.
 * @throws HeaderError when the stanza is malformed or its X25519 share is of low order.
 */
export function unwrapStanza(stanza: Stanza, seed: Uint8Array): Bytes | null {
  const encapsulated = encapsulatedKey(stanza);
  try {
    return hpkeOpen(seed, INFO, encapsulated, stanza.body);
  } catch {
    throw new HeaderError("a hybrid stanza has a share of low order");
  }
}

/** Opens files sealed to one hybrid key, and refuses files that name any other type of recipient. */
export class HybridIdentity implements Identity {
  private seed: Bytes | null;

  /**
   * @param seed the 32-byte secret, copied.
   * @throws RecipientError for any other size.
   */
  constructor(seed: Uint8Array) {
    if (seed.length !== IDENTITY_SEED_SIZE) throw new RecipientError("an identity is not 32 bytes");
    this.seed = Uint8Array.from(seed);
  }

  /** Returns the 1,216-byte public key to seal to. */
  recipient(): Bytes {
    return publicKey(this.held());
  }

  /** See {@link Identity.unwrap}; every stanza is checked and tried before the first that opens counts. */
  unwrap(stanzas: readonly Stanza[]): Bytes | null {
    const seed = this.held();
    if (stanzas.length > RECIPIENTS_MAX) throw new HeaderError("the file has more than 3 recipients");
    for (const stanza of stanzas) {
      // One classical stanza beside ours would give the file key to whoever breaks X25519 alone.
      if (stanza.args[0] !== AGE_STANZA_TYPE)
        throw new HeaderError("the file has a recipient of another type");
      encapsulatedKey(stanza);
    }
    // All are tried before one counts: a share of low order after ours must refuse the file as one before it does.
    const fileKeys = stanzas.map((stanza) => unwrapStanza(stanza, seed));
    return fileKeys.find((fileKey) => fileKey !== null) ?? null;
  }

  /** Overwrites the seed; every later use throws RecipientError. */
  drop(): void {
    if (this.seed !== null) wipe(this.seed);
    this.seed = null;
  }

  private held(): Bytes {
    if (this.seed === null) throw new RecipientError("the identity was dropped");
    return this.seed;
  }
}
