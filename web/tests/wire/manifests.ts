/** Signed manifests for the tests, made with fixed root, laptop and epoch keys. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { type Bytes, toBase64, toHex, toUtf8 } from "../../src/wire/bytes.ts";
import { keyId, type Signature, writeNote } from "../../src/wire/note.ts";
import { makeRoots, type Roots } from "../../src/wire/roots.ts";
import { readJson, writeJson } from "../../src/wire/strictjson.ts";
import { bytesOf } from "../age/material.ts";

/** A signing key of the tests. */
export interface Signer {
  readonly name: string;
  readonly seed: Bytes;
  readonly key: Bytes;
}

function signer(name: string): Signer {
  const seed = bytesOf(name, 32);
  return { name, seed, key: Uint8Array.from(ed25519.getPublicKey(seed)) };
}

/** Three root keys in the order of their bytes; two must sign. */
export const ROOT_SIGNERS: readonly Signer[] = ["root-a", "root-b", "root-c"]
  .map(signer)
  .sort((left, right) => (toHex(left.key) < toHex(right.key) ? -1 : 1));
export const ROOTS: Roots = makeRoots(
  2,
  ROOT_SIGNERS.map(({ name, key }) => ({ name, key })),
);
/** The reply keys of the two laptops. */
export const REPLY_SIGNERS = [signer("reply-1"), signer("reply-2")] as const;

/** The identity of an epoch, `epoch` or `carry`, on laptop 0 or 1. */
export function epochIdentity(epoch: string, laptop: number): HybridIdentity {
  return new HybridIdentity(bytesOf(`${epoch} ${laptop}`, 32));
}

const words = (text: string) => ({ kk: `${text} қаз`, ru: `${text} рус`, en: `${text} eng` });

const made = ["epoch", "carry"].map((name) =>
  [0, 1].map((laptop) => toBase64(epochIdentity(name, laptop).recipient())),
);

function epoch(which: 0 | 1, number: number) {
  const recipients = Array.from(made[which] ?? []);
  return { number, from: "2026-11-16", until: "2026-11-23", grace_until: "2026-12-07", recipients };
}

/** The fields of a good manifest, to be changed before {@link signed}. */
export function goodFields() {
  return {
    deployment: ROOTS.deployment,
    serial: 7,
    made: "2026-11-15",
    not_before: "2026-11-16",
    not_after: "2026-11-26",
    rehearsal: true,
    organisation: words("desk"),
    hotlines: [{ label: words("call"), number: "102" }],
    next_steps: { saw: words("saw"), look: words("look"), released: words("released") },
    epoch: epoch(0, 12),
    carry: epoch(1, 2 ** 31 + 3),
    oldest_epoch: 3,
    laptops: REPLY_SIGNERS.map(({ key }, i) => ({
      name: `laptop-${i}`,
      reply: toBase64(key),
      ack: toBase64(signer(`ack ${i}`).key),
      outbox: toBase64(signer(`outbox ${i}`).key),
    })),
    couriers: [],
    log_keys: [],
    receipt_keys: [],
    revoked: [] as string[],
    servers: ["https://intake.example", "http://127.0.0.1:8000"],
    onions: ["http://abcdefgh.onion"],
    minimum_build: 1,
    pages: [],
    next_roots: null,
  };
}

/** Signs a note's text. */
export function sign(text: string, { name, seed, key }: Signer): Signature {
  const signature = Uint8Array.from(ed25519.sign(toUtf8(text), seed));
  return { name, keyId: keyId(name, key), signature };
}

/** The note of a manifest with these fields, signed by `signers`. */
export function signed(fields: object, signers: readonly Signer[] = ROOT_SIGNERS.slice(0, 2)): Bytes {
  const text = `intake-manifest/v1\n${writeJson(readJson(JSON.stringify(fields)))}\n`;
  return writeNote({ text, signatures: signers.map((one) => sign(text, one)) });
}

/** 32 bytes of an Ed25519 seed that no pinned key has. */
export const STRANGER: Signer = { ...signer("stranger"), name: "root-a" };
