/**
 * Identities the page must never have: classical ones, and a hybrid one that tolerates other stanzas.
 * The public test vectors need them; the page's own reader refuses such files.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bech32 } from "@scure/base";
import { ascii, type Bytes, concat, decodeBase64 } from "../../src/age/bytes.ts";
import { HeaderError } from "../../src/age/errors.ts";
import type { Stanza } from "../../src/age/header.ts";
import { type Identity, unwrapStanza } from "../../src/age/hybrid.ts";
import { AGE_STANZA_TYPE } from "../../src/generated/constants.ts";

const HIGHEST_WORK_FACTOR = 20;

function openBody(key: Uint8Array, body: Uint8Array): Bytes | null {
  try {
    return chacha20poly1305(key, new Uint8Array(12)).decrypt(body);
  } catch {
    return null;
  }
}

function argument(stanza: Stanza, count: number, size: number): Bytes {
  const decoded = stanza.args.length === count ? decodeBase64(stanza.args[1] ?? "") : null;
  if (decoded?.length !== size || stanza.body.length !== 32) throw new HeaderError("malformed stanza");
  return decoded;
}

function firstKey(stanzas: readonly Stanza[], type: string, open: (stanza: Stanza) => Bytes | null) {
  for (const stanza of stanzas.filter(({ args }) => args[0] === type)) {
    const fileKey = open(stanza);
    if (fileKey !== null) return fileKey;
  }
  return null;
}

function rejectScryptInCompany(stanzas: readonly Stanza[]): void {
  if (stanzas.length > 1 && stanzas.some(({ args }) => args[0] === "scrypt")) {
    throw new HeaderError("scrypt stanza beside others");
  }
}

class X25519Identity implements Identity {
  readonly scalar: Bytes;

  constructor(scalar: Bytes) {
    this.scalar = scalar;
  }

  unwrap(stanzas: readonly Stanza[]): Bytes | null {
    rejectScryptInCompany(stanzas);
    return firstKey(stanzas, "X25519", (stanza) => {
      const share = argument(stanza, 2, 32);
      const salt = concat(share, x25519.getPublicKey(this.scalar));
      return openBody(
        hkdf(sha256, this.agree(share), salt, ascii("age-encryption.org/v1/X25519"), 32),
        stanza.body,
      );
    });
  }

  private agree(share: Bytes): Uint8Array {
    try {
      return x25519.getSharedSecret(this.scalar, share);
    } catch {
      throw new HeaderError("low-order share");
    }
  }
}

class TolerantHybridIdentity implements Identity {
  readonly seed: Bytes;

  constructor(seed: Bytes) {
    this.seed = seed;
  }

  unwrap(stanzas: readonly Stanza[]): Bytes | null {
    rejectScryptInCompany(stanzas);
    return firstKey(stanzas, AGE_STANZA_TYPE, (stanza) => unwrapStanza(stanza, this.seed));
  }
}

/** Opens passphrase files up to a work factor of 2^20. */
export class ScryptIdentity implements Identity {
  readonly passphrase: string;

  constructor(passphrase: string) {
    this.passphrase = passphrase;
  }

  unwrap(stanzas: readonly Stanza[]): Bytes | null {
    rejectScryptInCompany(stanzas);
    return firstKey(stanzas, "scrypt", (stanza) => {
      const salt = argument(stanza, 3, 16);
      const factor = stanza.args[2] ?? "";
      if (!/^[1-9][0-9]*$/.test(factor) || Number(factor) > HIGHEST_WORK_FACTOR) {
        throw new HeaderError("work factor");
      }
      const key = scrypt(this.passphrase, concat(ascii("age-encryption.org/v1/scrypt"), salt), {
        N: 2 ** Number(factor),
        r: 8,
        p: 1,
        dkLen: 32,
      });
      return openBody(key, stanza.body);
    });
  }
}

/** Decodes `AGE-SECRET-KEY-1...` and `AGE-SECRET-KEY-PQ-1...`. */
export function parseIdentity(text: string): Identity {
  const { prefix, bytes } = bech32.decodeToBytes(text);
  const secret = Uint8Array.from(bytes);
  return prefix.toUpperCase() === "AGE-SECRET-KEY-PQ-"
    ? new TolerantHybridIdentity(secret)
    : new X25519Identity(secret);
}
