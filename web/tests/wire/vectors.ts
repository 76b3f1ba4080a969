/** Reads the vectors that Python and TypeScript share; intake/wire/vectors/README.md says what their keys mean. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type Bytes, concat, toUtf8 } from "../../src/wire/bytes.ts";
import { WireError } from "../../src/wire/errors.ts";

const FOLDER = new URL("../../../intake/wire/vectors/", import.meta.url);

/** A run of bytes as vectors write it. */
export type Part = { text: string } | { hex: string } | { zeros: number } | { repeat: string; times: number };

/** What may stand in a case. */
type Key =
  | "input"
  | "input_hex"
  | "input_parts"
  | "value"
  | "value_sha256"
  | "keys"
  | "signed_by"
  | "roots"
  | "code"
  | "recipient_sha256"
  | "slot_key"
  | "follow_up_key"
  | "mailbox_id"
  | "operation"
  | "function"
  | "arguments"
  | "cases"
  | "key"
  | "signature"
  | "message"
  | "nonce"
  | "seed"
  | "size"
  | "stored";

/** One case; `keys` holds everything in its file. */
export interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly keys: Readonly<Partial<Record<Key, unknown>>>;
}

/** Bytes of hex as vectors write it. */
export function hex(text: unknown): Bytes {
  assert.equal(typeof text, "string");
  return Uint8Array.from(Buffer.from(String(text), "hex"));
}

function partBytes(part: Part): Bytes {
  if ("text" in part) return toUtf8(part.text);
  if ("hex" in part) return hex(part.hex);
  if ("zeros" in part) return new Uint8Array(part.zeros);
  return concat(...Array.from({ length: part.times }, () => hex(part.repeat)));
}

/** Bytes of a value: hex, or a list of parts. */
export function valueBytes(value: unknown): Bytes {
  return Array.isArray(value) ? concat(...value.map(partBytes)) : hex(value);
}

/** The input of a case. */
export function inputBytes({ keys }: Vector): Bytes {
  if (typeof keys.input === "string") return toUtf8(keys.input);
  return valueBytes(keys.input_hex ?? keys.input_parts);
}

/** All cases of a folder, which must not be empty. */
export function vectors(folder: string): Vector[] {
  const files = readdirSync(new URL(folder, FOLDER)).filter((name) => name.endsWith(".json"));
  assert.ok(files.length > 0, `${folder} has no vectors`);
  return files.map((name) => {
    const keys = JSON.parse(readFileSync(new URL(`${folder}/${name}`, FOLDER), "utf8"));
    return { name: name.slice(0, -".json".length), expect: keys.expect, keys };
  });
}

/** Makes one test a case: `run` gives what `value` says, or throws the error class that the case names. */
export function testVectors(folder: string, run: (vector: Vector) => unknown): void {
  for (const vector of vectors(folder)) {
    test(`${folder}/${vector.name}: ${vector.expect}`, () => {
      if (vector.expect === "ok") {
        const found = run(vector);
        if ("value" in vector.keys) assert.deepEqual(found, vector.keys.value);
        return;
      }
      const named = (error: unknown) => error instanceof WireError && error.name === vector.expect;
      assert.throws(() => run(vector), named);
    });
  }
}
