/**
 * Whether an answer that says "stored" comes from the server itself.
 *
 * A line that answers in the server's name, with a certificate that was forced upon the phone, can repeat every digest;
 * it has no receipt key. Where the signed manifest names such keys, nothing counts as stored without a receipt.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "../wire/bytes.ts";
import { WireError } from "../wire/errors.ts";
import type { VerifiedManifest } from "../wire/manifest.ts";
import { type StoredObject, verifyReceipt } from "../wire/receipt.ts";
import { NoAnswer } from "./http.ts";

/** Whose receipts a phone believes. */
export interface ReceiptTrust {
  /** 64 hex. */
  readonly deployment: string;
  /** Name -> public key, without the revoked ones. */
  readonly keys: ReadonlyMap<string, Bytes>;
}

/** What a manifest says about receipts; null when it names no receipt key, and receipts are ignored. */
export function receiptTrust({ manifest }: VerifiedManifest): ReceiptTrust | null {
  const { deployment, receipt_keys: named, revoked } = manifest;
  if (named.length === 0) return null;
  const valid = named.filter(({ key }) => !revoked.includes(toHex(sha256(key))));
  return { deployment, keys: new Map(valid.map(({ name, key }) => [name, key])) };
}

/**
 * Passes when no receipt is asked for, or the right one is there.
 *
 * @throws NoAnswer otherwise: whoever answered, nothing is stored.
 */
export function checkReceipt(
  trust: ReceiptTrust | null,
  object: Omit<StoredObject, "deployment">,
  receipt: string | null,
): void {
  if (trust === null) return;
  try {
    verifyReceipt(receipt ?? "", { deployment: trust.deployment, ...object }, trust.keys);
  } catch (error) {
    if (error instanceof WireError) throw new NoAnswer("no receipt of the server confirms what was sent");
    throw error;
  }
}
