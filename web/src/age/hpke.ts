/**
 * HPKE base mode, single shot (RFC 9180 section 6.1), for one suite only:
 * KEM MLKEM768-X25519 0x647a (draft-ietf-hpke-pq), KDF HKDF-SHA256 0x0001, AEAD ChaCha20Poly1305 0x0003.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_kem768_x25519 as kem } from "@noble/post-quantum/hybrid.js";
import { ascii, type Bytes, concat, wipe } from "./bytes.ts";

/** Size in bytes of the randomness of one encapsulation: ML-KEM m 32 then X25519 secret 32. */
export const ENCAPSULATION_RANDOMNESS_SIZE = 64;

const MODE_BASE = Uint8Array.of(0);
const NOTHING = new Uint8Array(0);
const SUITE_ID = concat(ascii("HPKE"), Uint8Array.of(0x64, 0x7a, 0x00, 0x01, 0x00, 0x03));

function labeledExtract(salt: Uint8Array, label: string, ikm: Uint8Array): Bytes {
  return extract(sha256, concat(ascii("HPKE-v1"), SUITE_ID, ascii(label), ikm), salt);
}

function labeledExpand(prk: Uint8Array, label: string, info: Uint8Array, size: number): Bytes {
  const length = Uint8Array.of(size >> 8, size & 0xff);
  return expand(sha256, prk, concat(length, ascii("HPKE-v1"), SUITE_ID, ascii(label), info), size);
}

function cipher(sharedSecret: Bytes, info: Uint8Array): ReturnType<typeof chacha20poly1305> {
  const context = concat(
    MODE_BASE,
    labeledExtract(NOTHING, "psk_id_hash", NOTHING),
    labeledExtract(NOTHING, "info_hash", info),
  );
  const secret = labeledExtract(sharedSecret, "secret", NOTHING);
  const key = labeledExpand(secret, "key", context, 32);
  const made = chacha20poly1305(key, labeledExpand(secret, "base_nonce", context, 12));
  wipe(sharedSecret, secret);
  return made;
}

/** Derives the 1,216-byte public key (ML-KEM-768 1,184 then X25519 32) of a 32-byte seed. */
export function publicKey(seed: Uint8Array): Bytes {
  return kem.getPublicKey(seed);
}

/**
 * Seals `plaintext` to a public key with empty associated data.
 *
 * @param randomness 64 fresh secret bytes; reuse with the same key reveals that both are the same person.
 * @returns the 1,120-byte encapsulated key (ML-KEM-768 1,088 then X25519 32), and the ciphertext, 16 bytes longer than the plaintext.
 * @throws Error for a public key of the wrong size, a coefficient out of range or a low-order X25519 point.
 */
export function hpkeSeal(
  recipient: Uint8Array,
  info: Uint8Array,
  plaintext: Uint8Array,
  randomness: Uint8Array,
): { encapsulated: Bytes; ciphertext: Bytes } {
  const { cipherText: encapsulated, sharedSecret } = kem.encapsulate(recipient, randomness);
  return { encapsulated, ciphertext: cipher(sharedSecret, info).encrypt(plaintext) };
}

/**
 * Opens what {@link hpkeSeal} made.
 *
 * @returns the plaintext, or null when it was sealed to another key or changed.
 * @throws Error for a low-order X25519 share, which no honest sender makes.
 */
export function hpkeOpen(
  seed: Uint8Array,
  info: Uint8Array,
  encapsulated: Uint8Array,
  ciphertext: Uint8Array,
): Bytes | null {
  const opened = cipher(kem.decapsulate(encapsulated, seed), info);
  try {
    return opened.decrypt(ciphertext);
  } catch {
    return null;
  }
}
