/**
 * Return codes (SPEC.md section 5): 30 random digits and 2 check digits, written down by a person; all keys
 * of an answer come from them. Never in a URL, never stored by the phone.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { HybridIdentity } from "../age/hybrid.ts";
import type { Random } from "../age/seal.ts";
import {
  CODE_DIGITS,
  CODE_GROUP_DIGITS,
  CODE_INFO_FOLLOW_UP,
  CODE_INFO_IDENTITY,
  CODE_INFO_SLOT,
  CODE_RANDOM_DIGITS,
  CODE_SALT,
  CODE_SEPARATORS,
} from "../generated/constants.ts";
import { ascii, type Bytes, concat, wipe } from "./bytes.ts";
import { CodeInvalid } from "./errors.ts";
import type { ReplyBlock } from "./frame.ts";
import { deleteSignedBytes, mailboxId } from "./mailbox.ts";

const MODULUS = 97;
const KEY_SIZE = 32;
// The largest multiple of ten a byte can stand below: other bytes are drawn again, so no digit is likelier.
const FAIR_BYTES = 250;

function remainder(digits: string): number {
  let rest = 0;
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % MODULUS;
  return rest;
}

/** The 2 check digits of 30 digits (ISO 7064 MOD 97-10). */
export function checkDigits(digits: string): string {
  return String(98 - remainder(`${digits}00`)).padStart(2, "0");
}

/** Makes a return code: 32 digits, 99.6 bits. */
export function newCode(random: Random): string {
  let digits = "";
  while (digits.length < CODE_RANDOM_DIGITS) {
    for (const byte of random(CODE_RANDOM_DIGITS)) {
      if (byte < FAIR_BYTES && digits.length < CODE_RANDOM_DIGITS) digits += byte % 10;
    }
  }
  return digits + checkDigits(digits);
}

/**
 * Reads a return code with any of CODE_SEPARATORS between its digits; returns the 32 digits.
 *
 * @throws CodeInvalid when a digit is wrong, missing or swapped with its neighbour.
 */
export function parseCode(text: string): string {
  const digits = Array.from(text, (one) => (CODE_SEPARATORS.includes(one) ? "" : one)).join("");
  const good = /^[0-9]+$/.test(digits) && digits.length === CODE_DIGITS;
  // Two check digits could also be written 97 higher or lower; one code must not have two spellings.
  if (!good || checkDigits(digits.slice(0, CODE_RANDOM_DIGITS)) !== digits.slice(CODE_RANDOM_DIGITS)) {
    throw new CodeInvalid("a digit is wrong or missing");
  }
  return digits;
}

/** Writes 32 digits as 8 groups of 4. */
export function formatCode(code: string): string {
  return code.replace(new RegExp(`.{${CODE_GROUP_DIGITS}}(?=.)`, "g"), "$& ");
}

/** Everything derived from one return code; {@link drop} it as soon as it is no longer needed. */
export class CodeKeys {
  /** Opens answers. */
  readonly identity: HybridIdentity;
  /** 32 bytes; opens slots. */
  readonly slotKey: Bytes;
  /** Ed25519 public key, 32 bytes. */
  readonly followUpKey: Bytes;
  /** 32 bytes. */
  readonly mailboxId: Bytes;
  private readonly followUpSeed: Bytes;

  /** @param code 32 digits as {@link parseCode} returns them. */
  constructor(code: string) {
    const seed = derive(code, CODE_INFO_IDENTITY);
    this.identity = new HybridIdentity(seed);
    wipe(seed);
    this.slotKey = derive(code, CODE_INFO_SLOT);
    this.followUpSeed = derive(code, CODE_INFO_FOLLOW_UP);
    this.followUpKey = Uint8Array.from(ed25519.getPublicKey(this.followUpSeed));
    this.mailboxId = mailboxId(this.followUpKey);
  }

  /** What goes into a section so that the laptop can answer. */
  replyBlock(): ReplyBlock {
    const { followUpKey } = this;
    return { recipient: this.identity.recipient(), followUpKey, slotKey: Uint8Array.from(this.slotKey) };
  }

  /** The 224-byte request to empty the mailbox of slots with these 4 hashes, and of no newer ones. */
  deleteRequest(hashes: readonly Uint8Array[]): Bytes {
    const signature = ed25519.sign(deleteSignedBytes(this.mailboxId, hashes), this.followUpSeed);
    return concat(this.followUpKey, signature, ...hashes);
  }

  /** Overwrites the secrets. */
  drop(): void {
    this.identity.drop();
    wipe(this.slotKey, this.followUpSeed);
  }
}

function derive(code: string, info: string): Bytes {
  return Uint8Array.from(hkdf(sha256, ascii(code), ascii(CODE_SALT), ascii(info), KEY_SIZE));
}
