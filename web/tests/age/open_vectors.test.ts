/** What a sealed object may not be: our own vectors, which Python runs too, each one failure. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { hexToBytes } from "@noble/hashes/utils.js";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { open } from "../../src/age/open.ts";
import { failureClass } from "./material.ts";

const FOLDER = new URL("../../../intake/wire/vectors/open/", import.meta.url);
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

interface OpenVector {
  /** `success`, whose plaintext is "hello", or a failure class of the public suite. */
  readonly expect: string;
  /** 32-byte identity seed and the whole sealed object, as lower-case hex. */
  readonly seed: string;
  readonly sealed: string;
}

function outcome({ seed, sealed }: OpenVector): string {
  try {
    return new TextDecoder().decode(open(hexToBytes(sealed), [new HybridIdentity(hexToBytes(seed))]));
  } catch (error) {
    return failureClass(error);
  }
}

test("the vectors are there", () => assert.ok(NAMES.length >= 8));

for (const name of NAMES) {
  const vector: OpenVector = JSON.parse(readFileSync(new URL(name, FOLDER), "ascii"));
  test(`open vector ${name}: ${vector.expect}`, () => {
    assert.equal(outcome(vector), vector.expect === "success" ? "hello" : vector.expect);
  });
}
