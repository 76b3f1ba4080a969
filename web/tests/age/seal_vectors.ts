/**
 * The encrypt-direction vectors in intake/wire/vectors/seal/: one JSON file per case, the file name is
 * the case. Run directly, this file writes them anew: `npm run vectors`.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Bytes } from "../../src/age/bytes.ts";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { seal } from "../../src/age/seal.ts";
import { bytesOf, randomnessSize, replay, seeds } from "./material.ts";

const FOLDER = new URL("../../../intake/wire/vectors/seal/", import.meta.url);
const LARGEST_SEALED_IN_FULL = 8192;

/** One case as it stands in its file; all bytes as lower-case hex. */
export interface SealVector {
  /** 32-byte identity seeds; the file is sealed to the recipient of each, in this order. */
  readonly seeds: readonly string[];
  /** File key 16; per recipient ML-KEM m 32, X25519 secret 32; payload nonce 16: in the order drawn. */
  readonly randomness: string;
  /** Hex, or `zeros:N` for N zero bytes. */
  readonly plaintext: string;
  readonly sealed_size: number;
  readonly sealed_sha256: string;
  /** The whole sealed file, only where it is at most 8,192 bytes. */
  readonly sealed?: string;
}

const KAZAKH = bytesToHex(new TextEncoder().encode("Әкемді таңғы сағат алтыда алып кетті."));

const CASES: ReadonlyArray<readonly [name: string, recipients: number, plaintext: string]> = [
  ["empty", 1, "zeros:0"],
  ["one_byte", 1, "00"],
  ["text_one_recipient", 1, KAZAKH],
  ["text_two_recipients", 2, KAZAKH],
  ["text_three_recipients", 3, KAZAKH],
  ["total_8192_three_recipients", 3, "zeros:3419"],
  ["chunk_less_one", 1, "zeros:65535"],
  ["chunk", 1, "zeros:65536"],
  ["chunk_and_one", 2, "zeros:65537"],
  ["two_chunks", 3, "zeros:131072"],
];

/** Decodes the plaintext of a case. */
export function plaintextOf(vector: Pick<SealVector, "plaintext">): Uint8Array {
  const zeros = /^zeros:(\d+)$/.exec(vector.plaintext);
  return zeros ? new Uint8Array(Number(zeros[1])) : hexToBytes(vector.plaintext);
}

/** Seals as the case says, refusing to leave randomness over. */
export function sealVector(vector: Pick<SealVector, "seeds" | "randomness" | "plaintext">): Bytes {
  const recipients = vector.seeds.map((seed) => new HybridIdentity(hexToBytes(seed)).recipient());
  const randomness = hexToBytes(vector.randomness);
  if (randomness.length !== randomnessSize(recipients.length)) throw new Error("wrong amount of randomness");
  return seal(recipients, plaintextOf(vector), replay(randomness));
}

/** Names of the cases this file knows how to write. */
export function caseNames(): string[] {
  return CASES.map(([name]) => name);
}

/** Reads every case on disk, by name. */
export function readVectors(): Map<string, SealVector> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
  const read = (name: string): SealVector => JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
  return new Map(names.sort().map((name) => [name.slice(0, -".json".length), read(name)]));
}

function make(name: string, count: number, plaintext: string): SealVector {
  const inputs = {
    seeds: seeds(count).map((seed) => bytesToHex(seed)),
    randomness: bytesToHex(bytesOf(`randomness of ${name}`, randomnessSize(count))),
    plaintext,
  };
  const sealed = sealVector(inputs);
  return {
    ...inputs,
    sealed_size: sealed.length,
    sealed_sha256: bytesToHex(sha256(sealed)),
    ...(sealed.length <= LARGEST_SEALED_IN_FULL && { sealed: bytesToHex(sealed) }),
  };
}

if (import.meta.main) {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, count, plaintext] of CASES) {
    const text = JSON.stringify(make(name, count, plaintext), null, 2);
    writeFileSync(new URL(`${name}.json`, FOLDER), `${text}\n`);
  }
}
