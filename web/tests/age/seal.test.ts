/** The writer alone: determinism, chunks made again, misuse refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bytes, concat } from "../../src/age/bytes.ts";
import {
  ChunkChangedError,
  HeaderError,
  MacError,
  NoMatchError,
  PayloadError,
  RecipientError,
  SealerError,
} from "../../src/age/errors.ts";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { open } from "../../src/age/open.ts";
import { browserRandom, headerSize, seal, sealedSize, sealer } from "../../src/age/seal.ts";
import { BOUNDARY_SIZES, bytesOf, fixedRandom, recipients, seeds } from "./material.ts";

const CHUNK = 65_536;
const [seed, otherSeed] = seeds(2) as [Bytes, Bytes];

for (const size of BOUNDARY_SIZES) {
  test(`a file of ${size} bytes opens and has the announced size`, () => {
    const plaintext = bytesOf("plaintext", size);
    const file = seal(recipients(3), plaintext, browserRandom);
    assert.equal(file.length, sealedSize(size, 3));
    assert.deepEqual(open(file, [new HybridIdentity(seed)]), plaintext);
  });
}

test("sizes are those of the spec and a full small class seals to exactly its class", () => {
  assert.deepEqual(
    [3419, 11_611, 60_763].map((size) => sealedSize(size, 3)),
    [8192, 16_384, 65_536],
  );
  assert.deepEqual([1, 2, 3].map(headerSize), [1643, 3200, 4757]);
  for (const count of [1, 2, 3]) {
    const started = sealer(recipients(count), browserRandom);
    assert.equal(started.header.length, headerSize(count));
    assert.equal(started.sealedSize(65_537), sealedSize(65_537, count));
  }
});

test("the same randomness gives the same file and other randomness another", () => {
  const plaintext = bytesOf("plaintext", 70_000);
  const file = seal(recipients(2), plaintext, fixedRandom("a"));
  assert.deepEqual(seal(recipients(2), plaintext, fixedRandom("a")), file);
  assert.notDeepEqual(seal(recipients(2), plaintext, fixedRandom("b")), file);
});

test("a chunk made again is identical, in any order and after the last", () => {
  const chunks = [bytesOf("0", CHUNK), bytesOf("1", CHUNK), bytesOf("2", 5)];
  const started = sealer(recipients(1), browserRandom);
  const make = (i: number) => started.chunk(i, chunks[i] ?? new Uint8Array(0), i === 2);
  const first = [make(0), make(1)];
  assert.deepEqual(make(0), first[0]);
  first.push(make(2));
  for (const i of [2, 0, 1, 1]) assert.deepEqual(make(i), first[i]);
  assert.deepEqual(open(concat(started.header, ...first), [new HybridIdentity(seed)]), concat(...chunks));
});

test("a chunk made again from one changed bit is refused and the keys are dropped", () => {
  const started = sealer(recipients(1), browserRandom);
  const bytes = bytesOf("0", CHUNK);
  started.chunk(0, bytes, false);
  bytes[CHUNK - 1] = (bytes[CHUNK - 1] ?? 0) ^ 1;
  assert.throws(() => started.chunk(0, bytes, false), ChunkChangedError);
  assert.throws(() => started.chunk(0, bytesOf("0", CHUNK), false), /dropped/);
});

test("a chunk made again as the last is refused", () => {
  const started = sealer(recipients(1), browserRandom);
  started.chunk(0, bytesOf("0", CHUNK), false);
  assert.throws(() => started.chunk(0, bytesOf("0", CHUNK), true), ChunkChangedError);
});

test("a chunk made again shorter is refused", () => {
  const started = sealer(recipients(1), browserRandom);
  started.chunk(0, bytesOf("0", 10), true);
  assert.throws(() => started.chunk(0, bytesOf("0", 9), true), ChunkChangedError);
});

test("chunks out of turn are refused", () => {
  const started = sealer(recipients(1), browserRandom);
  const whole = bytesOf("0", CHUNK);
  for (const index of [1, -1, 0.5, Number.NaN, 2 ** 32]) {
    assert.throws(() => started.chunk(index, whole, false), /out of turn/);
  }
  started.chunk(0, whole, true);
  assert.throws(() => started.chunk(1, whole, true), /out of turn/);
});

test("chunks of a wrong size are refused", () => {
  const started = sealer(recipients(1), browserRandom);
  for (const size of [0, 1, CHUNK - 1, CHUNK + 1]) {
    assert.throws(() => started.chunk(0, new Uint8Array(size), false), /wrong size/);
  }
  assert.throws(() => started.chunk(0, new Uint8Array(CHUNK + 1), true), /wrong size/);
  started.chunk(0, new Uint8Array(CHUNK), false);
  assert.throws(() => started.chunk(1, new Uint8Array(0), true), /wrong size/);
});

test("after drop no chunk is made", () => {
  const started = sealer(recipients(1), browserRandom);
  started.drop();
  started.drop();
  assert.throws(() => started.chunk(0, new Uint8Array(1), true), SealerError);
});

test("no, four, short and invalid recipients are refused", () => {
  const [good] = recipients(1) as [Bytes];
  const lowOrder = concat(good.subarray(0, 1184), new Uint8Array(32));
  const outOfRange = concat(new Uint8Array(1184).fill(0xff), good.subarray(1184));
  const refused = [[], recipients(4), [good.subarray(1)], [good, lowOrder], [outOfRange]];
  for (const list of refused) assert.throws(() => sealer(list, browserRandom), RecipientError);
});

test("a generator that gives too few bytes is refused", () => {
  assert.throws(() => sealer(recipients(1), (size) => new Uint8Array(size - 1)), SealerError);
});

test("the randomness arrays are wiped after use", () => {
  const given: Uint8Array[] = [];
  const random = (size: number) => {
    const bytes = browserRandom(size);
    given.push(bytes);
    return bytes;
  };
  sealer(recipients(2), random);
  assert.deepEqual(
    given.map((bytes) => bytes.length),
    [16, 64, 64, 16],
  );
  for (const secret of given.slice(0, 3)) assert.ok(secret.every((byte) => byte === 0));
});

test("the second of two identities opens and a stranger does not", () => {
  const file = seal(recipients(1), bytesOf("plaintext", 10), browserRandom);
  const stranger = new HybridIdentity(otherSeed);
  assert.equal(open(file, [stranger, new HybridIdentity(seed)]).length, 10);
  assert.throws(() => open(file, [stranger]), NoMatchError);
  assert.throws(() => open(file, []), NoMatchError);
});

test("a dropped identity is refused and a seed of a wrong size is refused", () => {
  const file = seal(recipients(1), bytesOf("plaintext", 10), browserRandom);
  const identity = new HybridIdentity(seed);
  identity.drop();
  identity.drop();
  assert.throws(() => open(file, [identity]), RecipientError);
  assert.throws(() => identity.recipient(), RecipientError);
  assert.throws(() => new HybridIdentity(new Uint8Array(31)), RecipientError);
});

test("every single changed byte outside the sealed chunks is refused with a known error", () => {
  const file = seal(recipients(1), bytesOf("plaintext", 10), browserRandom);
  const identity = new HybridIdentity(seed);
  for (let at = 0; at < file.length; at += at > 40 && at < 1500 ? 37 : 1) {
    const damaged = Uint8Array.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    const known = [HeaderError, MacError, NoMatchError, PayloadError];
    assert.throws(
      () => open(damaged, [identity]),
      (error) => known.some((kind) => error instanceof kind),
    );
  }
});

test("every truncation is refused", () => {
  const file = seal(recipients(1), bytesOf("plaintext", 10), browserRandom);
  const identity = new HybridIdentity(seed);
  for (let size = 0; size < file.length; size += size < 1580 ? 61 : 1) {
    const known = size < headerSize(1) ? HeaderError : PayloadError;
    assert.throws(() => open(file.subarray(0, size), [identity]), known);
  }
});

test("a header without an end is given up after 8 KiB", () => {
  const endless = new Uint8Array(10_000).fill(0x41);
  endless.set(new TextEncoder().encode("age-encryption.org/v1\n-> "));
  assert.throws(() => open(endless, []), /does not end/);
});
