/** The public age vectors (C2SP/CCTV): right failure class, and every released byte hashed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as cctv from "cctv-age";
import { concat } from "../../src/age/bytes.ts";
import { HeaderError, PayloadError } from "../../src/age/errors.ts";
import { parseHeader, writeHeader } from "../../src/age/header.ts";
import { HybridIdentity, type Identity } from "../../src/age/hybrid.ts";
import { open, openChunks } from "../../src/age/open.ts";
import { parseIdentity, ScryptIdentity } from "./identities.ts";
import { failureClass } from "./material.ts";

interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly armored: boolean;
  readonly payloadHash: string | undefined;
  readonly fileKey: Uint8Array | undefined;
  readonly identities: readonly Identity[];
  readonly file: Uint8Array;
}

function parseVector(name: string, raw: Uint8Array): Vector {
  const split = Buffer.from(raw).indexOf("\n\n");
  const lines = Buffer.from(raw.subarray(0, split)).toString().split("\n");
  const all = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}: `)).map((line) => line.slice(key.length + 2));
  const body = raw.subarray(split + 2);
  return {
    name,
    expect: all("expect")[0] ?? "",
    armored: all("armored").includes("yes"),
    payloadHash: all("payload")[0],
    fileKey: all("file key").map((hex) => hexToBytes(hex))[0],
    identities: [
      ...all("identity").map(parseIdentity),
      ...all("passphrase").map((passphrase) => new ScryptIdentity(passphrase)),
    ],
    file: all("compressed").includes("zlib") ? Uint8Array.from(inflateSync(body)) : body,
  };
}

/** Opens as far as it goes: what came out, and the class of what went wrong. */
function run({ file, identities }: Vector): { outcome: string; released: Uint8Array } {
  const released: Uint8Array[] = [];
  try {
    for (const chunk of openChunks(file, identities)) released.push(chunk);
    return { outcome: "success", released: concat(...released) };
  } catch (error) {
    return { outcome: failureClass(error), released: concat(...released) };
  }
}

const vectors = Object.entries(cctv).map(([name, raw]) => parseVector(name, raw));
const binary = vectors.filter((vector) => !vector.armored);

test("the suite has the 143 vectors we know, 110 of them binary", () => {
  assert.equal(vectors.length, 143);
  assert.equal(binary.length, 110);
});

for (const vector of binary) {
  test(`cctv ${vector.name}: ${vector.expect}`, () => {
    const { outcome, released } = run(vector);
    assert.equal(outcome, vector.expect);
    if (vector.payloadHash !== undefined) assert.equal(bytesToHex(sha256(released)), vector.payloadHash);
    else assert.equal(released.length, 0);
  });
}

test("a header that is read and written again is the same bytes", () => {
  let checked = 0;
  for (const { file, fileKey, expect, name } of binary) {
    if (!["success", "no match", "payload failure"].includes(expect) || fileKey === undefined) continue;
    const header = parseHeader(file);
    assert.deepEqual(
      writeHeader(header.stanzas, fileKey),
      Uint8Array.from(file.subarray(0, header.size)),
      name,
    );
    checked += 1;
  }
  assert.ok(checked > 30);
});

test("open of a damaged payload releases nothing", () => {
  for (const vector of binary.filter(({ expect }) => expect === "payload failure")) {
    assert.throws(() => open(vector.file, vector.identities), PayloadError, vector.name);
  }
});

test("the page's own identity refuses every file with a stanza of another type", () => {
  const identity = new HybridIdentity(new Uint8Array(32));
  const foreign = binary.filter(({ name }) =>
    /^(x25519|scrypt|stanza_valid|hybrid_grease|hybrid_and)/.test(name),
  );
  assert.ok(foreign.length > 20);
  for (const { file, name } of foreign) assert.throws(() => open(file, [identity]), HeaderError, name);
});
