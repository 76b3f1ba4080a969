/** The oracle: another implementation opens what we seal, and we open what it seals. */

import assert from "node:assert/strict";
import { test } from "node:test";
import * as age from "age-encryption";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { open } from "../../src/age/open.ts";
import { browserRandom, seal, sealedSize } from "../../src/age/seal.ts";
import { BOUNDARY_SIZES, bytesOf, identityText, recipients, recipientText, seeds } from "./material.ts";

async function typageOpens(file: Uint8Array, seed: Uint8Array): Promise<Uint8Array> {
  const decrypter = new age.Decrypter();
  decrypter.addIdentity(identityText(seed));
  return decrypter.decrypt(file);
}

async function typageSeals(plaintext: Uint8Array, to: readonly Uint8Array[]): Promise<Uint8Array> {
  const encrypter = new age.Encrypter();
  for (const recipient of to) encrypter.addRecipient(recipientText(recipient));
  return encrypter.encrypt(plaintext);
}

test("our recipient of a seed is the oracle's", async () => {
  for (const [i, seed] of seeds(3).entries()) {
    const ours = recipients(3)[i];
    assert.ok(ours);
    assert.equal(await age.identityToRecipient(identityText(seed)), recipientText(ours));
  }
});

for (const count of [1, 2, 3]) {
  for (const size of count === 2 ? [100] : BOUNDARY_SIZES) {
    const plaintext = bytesOf("plaintext", size);

    test(`oracle opens ${size} bytes we sealed to ${count}`, async () => {
      const file = seal(recipients(count), plaintext, browserRandom);
      assert.equal(file.length, sealedSize(size, count));
      for (const seed of seeds(count)) assert.deepEqual(await typageOpens(file, seed), plaintext);
    });

    test(`we open ${size} bytes the oracle sealed to ${count}`, async () => {
      const file = await typageSeals(plaintext, recipients(count));
      assert.equal(file.length, sealedSize(size, count));
      for (const seed of seeds(count)) assert.deepEqual(open(file, [new HybridIdentity(seed)]), plaintext);
    });
  }
}

test("a file the oracle sealed to a classical key beside ours is refused", async () => {
  const encrypter = new age.Encrypter();
  for (const recipient of recipients(1)) encrypter.addRecipient(recipientText(recipient));
  encrypter.addRecipient(await age.identityToRecipient(await age.generateX25519Identity()));
  const file = await encrypter.encrypt(bytesOf("plaintext", 10));
  const [seed] = seeds(1);
  assert.ok(seed);
  assert.throws(() => open(file, [new HybridIdentity(seed)]), /recipient of another type/);
});

test("a file the oracle sealed to four keys is refused", async () => {
  const file = await typageSeals(bytesOf("plaintext", 10), recipients(4));
  const [seed] = seeds(1);
  assert.ok(seed);
  assert.throws(() => open(file, [new HybridIdentity(seed)]), /more than 3/);
});
