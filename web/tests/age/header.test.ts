/** Header rules that the public vectors reach only together with another failure. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ascii, type Bytes, encodeBase64 } from "../../src/age/bytes.ts";
import { HeaderError } from "../../src/age/errors.ts";
import { HEADER_LIMIT, parseHeader, type Stanza, writeHeader } from "../../src/age/header.ts";
import { HybridIdentity, unwrapStanza, wrapFileKey } from "../../src/age/hybrid.ts";
import { open } from "../../src/age/open.ts";
import { browserRandom } from "../../src/age/seal.ts";
import { bytesOf, recipients, seeds } from "./material.ts";

const FILE_KEY = bytesOf("file key", 16);
const MAC_LINE = `--- ${encodeBase64(bytesOf("mac", 32))}\n`;
const [seed] = seeds(1) as [Bytes];

function refuses(text: string, reason: RegExp): void {
  assert.throws(
    () => parseHeader(ascii(text)),
    (error) => error instanceof HeaderError && reason.test(error.message),
  );
}

function stanzaFor(fileKey: Uint8Array): Stanza {
  const [recipient] = recipients(1) as [Bytes];
  return wrapFileKey(recipient, fileKey, browserRandom(64));
}

for (const size of [0, 1, 47, 48, 49, 96, 100]) {
  test(`a stanza with a body of ${size} bytes is read as written`, () => {
    const stanza = { args: ["type", "!~"], body: bytesOf("body", size) };
    const header = writeHeader([stanza, stanza], FILE_KEY);
    const parsed = parseHeader(header);
    assert.deepEqual(parsed.stanzas, [stanza, stanza]);
    assert.equal(parsed.size, header.length);
  });
}

test("a base64 line of 68 columns is refused although it decodes", () => {
  refuses(`age-encryption.org/v1\n-> type\n${encodeBase64(bytesOf("x", 51))}\n${MAC_LINE}`, /too long/);
});

test("a header without a stanza is refused", () => {
  refuses(`age-encryption.org/v1\n${MAC_LINE}`, /no stanza/);
});

test("a well-formed header is read up to 8 KiB and no further", () => {
  const empty = writeHeader([{ args: ["a"], body: new Uint8Array(0) }], FILE_KEY).length;
  const padded = (size: number) =>
    writeHeader([{ args: ["a".repeat(1 + size - empty)], body: new Uint8Array(0) }], FILE_KEY);
  assert.equal(parseHeader(padded(HEADER_LIMIT)).size, HEADER_LIMIT);
  assert.throws(() => parseHeader(padded(HEADER_LIMIT + 1)), /does not end/);
});

test("a hybrid stanza with a longer file key is refused before it is tried", () => {
  assert.throws(() => unwrapStanza(stanzaFor(bytesOf("long", 17)), seed), /wrong body/);
});

test("a malformed stanza after the one that opens is refused", () => {
  const stanza = stanzaFor(FILE_KEY);
  const identity = new HybridIdentity(seed);
  assert.deepEqual(identity.unwrap([stanza]), FILE_KEY);
  const malformed = { args: [...stanza.args, "more"], body: stanza.body };
  assert.throws(() => identity.unwrap([stanza, malformed]), HeaderError);
});

test("a file key of a wrong size from an identity is refused", () => {
  for (const size of [0, 15, 17]) {
    const fileKey = bytesOf("file key", size);
    const file = writeHeader([stanzaFor(FILE_KEY)], fileKey);
    assert.throws(() => open(file, [{ unwrap: () => fileKey }]), /file key has a wrong size/);
  }
});
