/** Mailboxes (SPEC.md section 6): their ids, their slots, and what a delete request signs. */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { sha256 } from "@noble/hashes/sha2.js";
import {
  ED25519_KEY_SIZE,
  LABEL_MAILBOX,
  LABEL_MAILBOX_DELETE,
  LABEL_SLOT,
  MAILBOX_SIZE,
  SHA256_SIZE,
  SLOT_NONCE_SIZE,
  SLOT_SIZE,
  SLOTS,
} from "../generated/constants.ts";
import { ascii, type Bytes, concat } from "./bytes.ts";
import { EnvelopeInvalid } from "./errors.ts";

/**
 * The 32-byte id of the mailbox that belongs to a follow-up public key.
 *
 * @throws EnvelopeInvalid for a key of another size than 32 bytes.
 */
export function mailboxId(followUpKey: Uint8Array): Bytes {
  if (followUpKey.length !== ED25519_KEY_SIZE) throw new EnvelopeInvalid("a key of a wrong size");
  return Uint8Array.from(sha256(concat(ascii(LABEL_MAILBOX), followUpKey)));
}

/** The slot, 0 to 3, of answer `number`. */
export function slotOf(number: number): number {
  return (number - 1) % SLOTS;
}

/**
 * Splits a mailbox as read into its 4 slots of 4,096 bytes.
 *
 * @throws EnvelopeInvalid for another size than 16,384 bytes.
 */
export function splitSlots(mailbox: Uint8Array): Bytes[] {
  if (mailbox.length !== MAILBOX_SIZE) throw new EnvelopeInvalid("a mailbox of a wrong size");
  return Array.from({ length: SLOTS }, (_, i) =>
    Uint8Array.from(mailbox.subarray(i * SLOT_SIZE, (i + 1) * SLOT_SIZE)),
  );
}

/**
 * Opens a slot: the sealed reply of 4,068 bytes, or null when it holds no answer to this return code
 * (unknown, empty and deleted slots are random bytes).
 */
export function openSlot(slot: Uint8Array, slotKey: Uint8Array, mailbox: Uint8Array): Bytes | null {
  const bound = concat(ascii(LABEL_SLOT), mailbox);
  try {
    const opened = chacha20poly1305(slotKey, slot.subarray(0, SLOT_NONCE_SIZE), bound).decrypt(
      slot.subarray(SLOT_NONCE_SIZE),
    );
    return Uint8Array.from(opened);
  } catch {
    return null;
  }
}

/** What a delete request signs: label, mailbox id, the 4 SHA-256 of the slots as read. */
export function deleteSignedBytes(mailbox: Uint8Array, hashes: readonly Uint8Array[]): Bytes {
  if (hashes.length !== SLOTS || hashes.some(({ length }) => length !== SHA256_SIZE)) {
    throw new EnvelopeInvalid("a delete request names 4 slots");
  }
  return concat(ascii(LABEL_MAILBOX_DELETE), mailbox, ...hashes);
}
