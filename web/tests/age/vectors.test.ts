/** Our writer, given the randomness of each vector, writes its exact bytes; the oracle opens them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as age from "age-encryption";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { open } from "../../src/age/open.ts";
import { identityText } from "./material.ts";
import { caseNames, plaintextOf, readVectors, sealVector } from "./seal_vectors.ts";

const vectors = readVectors();

test("every case has its file and every file its case", () => {
  assert.deepEqual([...vectors.keys()], caseNames().sort());
});

for (const [name, vector] of vectors) {
  test(`seal vector ${name}: same bytes`, () => {
    const sealed = sealVector(vector);
    assert.equal(sealed.length, vector.sealed_size);
    assert.equal(bytesToHex(sha256(sealed)), vector.sealed_sha256);
    if (vector.sealed !== undefined) assert.equal(bytesToHex(sealed), vector.sealed);
    else assert.ok(vector.sealed_size > 8192);
  });

  test(`seal vector ${name}: every seed opens it, here and in the oracle`, async () => {
    const sealed = sealVector(vector);
    for (const seed of vector.seeds.map((hex) => hexToBytes(hex))) {
      const decrypter = new age.Decrypter();
      decrypter.addIdentity(identityText(seed));
      assert.deepEqual(await decrypter.decrypt(sealed), plaintextOf(vector));
      assert.deepEqual(open(sealed, [new HybridIdentity(seed)]), plaintextOf(vector));
    }
  });
}
