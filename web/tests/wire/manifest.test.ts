/** Key manifests: the shared vectors, then what an attacker with some of the keys would try. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { Newest, sealingEpoch, serversFor } from "../../src/manifest/current.ts";
import { toBase64, toHex, toUtf8 } from "../../src/wire/bytes.ts";
import {
  BadSignature,
  ManifestInvalid,
  NoteInvalid,
  QuorumMissing,
  SerialTooLow,
  WireError,
} from "../../src/wire/errors.ts";
import { parseManifest, verifyManifest, warnings } from "../../src/wire/manifest.ts";
import { parseNote, writeNote } from "../../src/wire/note.ts";
import { parseDeployment } from "../../src/wire/roots.ts";
import { bytesOf } from "../age/material.ts";
import { type Listening, listen } from "../server.ts";
import { goodFields, ROOT_SIGNERS, ROOTS, STRANGER, sign, signed } from "./manifests.ts";
import { inputBytes, vectors } from "./vectors.ts";

const DEPLOYMENT = { roots: ROOTS, rehearsal: true };
const verify = (data: Uint8Array, seen = 0) => verifyManifest(parseManifest(data), ROOTS, seen);
const changed = (change: (fields: ReturnType<typeof goodFields>) => unknown) => {
  const fields = goodFields();
  change(fields);
  return signed(fields);
};
const day = (text: string) => new Date(`${text}T12:00:00Z`);

const servers: Listening[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function serve(note: Uint8Array): Promise<string> {
  const server = await listen((_, __, response) => response.writeHead(200).end(note));
  servers.push(server);
  return server.url;
}

for (const vector of vectors("manifest")) {
  test(`manifest/${vector.name}: ${vector.expect}`, () => {
    const { roots } = parseDeployment(String(vector.keys.roots));
    const read = () => verifyManifest(parseManifest(inputBytes(vector)), roots).manifest;
    if (vector.expect !== "ok") {
      assert.throws(read, (error) => error instanceof WireError && error.name === vector.expect);
      return;
    }
    const { serial, epoch, carry, rehearsal } = read();
    const found = { serial, epoch: epoch.number, carry: carry.number, rehearsal };
    assert.deepEqual({ ...found, recipients: epoch.recipients.length }, vector.keys.value);
  });
}

test("a manifest of two of three roots is taken, and gives back its bytes", () => {
  const data = signed(goodFields());
  const { manifest, data: kept } = verify(data);
  assert.deepEqual(kept, data);
  assert.equal(manifest.epoch.recipients.length, 2);
  assert.equal(manifest.organisation.kk, "desk қаз");
  assert.equal(verify(signed(goodFields(), ROOT_SIGNERS)).manifest.serial, 7);
});

test("one root's signature is counted once, however often it stands there", () => {
  const [one] = ROOT_SIGNERS;
  assert.ok(one);
  assert.throws(() => verify(signed(goodFields(), [one])), QuorumMissing);
  assert.throws(() => verify(signed(goodFields(), [one, one, one])), QuorumMissing);
});

test("a signature by a stranger counts for nothing, under his own name or a root's", () => {
  const [one] = ROOT_SIGNERS;
  assert.ok(one);
  assert.throws(() => verify(signed(goodFields(), [one, { ...STRANGER, name: "root-d" }])), QuorumMissing);
  assert.throws(() => verify(signed(goodFields(), [one, STRANGER])), QuorumMissing);
});

test("a signature with a root's key id that does not verify refuses the whole manifest", () => {
  const note = parseNote(signed(goodFields(), ROOT_SIGNERS));
  const [first, second, third] = note.signatures;
  assert.ok(first && second && third);
  const bad = { ...third, signature: first.signature };
  assert.throws(() => verify(writeNote({ ...note, signatures: [first, second, bad] })), BadSignature);
});

test("a recipient swapped after signing is refused", () => {
  const mine = toBase64(new HybridIdentity(bytesOf("attacker", 32)).recipient());
  const [theirs] = goodFields().epoch.recipients;
  assert.ok(theirs);
  const text = new TextDecoder().decode(signed(goodFields())).replace(theirs, mine);
  assert.throws(() => verify(toUtf8(text)), BadSignature);
});

test("a serial below one seen before is refused, the same and a higher one are taken", () => {
  const data = signed(goodFields());
  assert.throws(() => verify(data, 8), SerialTooLow);
  assert.equal(verify(data, 7).manifest.serial, 7);
  assert.equal(verify(data, 6).manifest.serial, 7);
});

test("what is offered never lowers the newest serial, and what does not verify changes nothing", () => {
  const newest = new Newest(DEPLOYMENT);
  newest.offer(changed((fields) => (fields.serial = 9)));
  assert.throws(() => newest.offer(signed(goodFields())), SerialTooLow);
  assert.throws(
    () => newest.offer(signed({ ...goodFields(), serial: 10 }, ROOT_SIGNERS.slice(0, 1))),
    QuorumMissing,
  );
  assert.equal(newest.current?.manifest.serial, 9);
});

test("a manifest of another deployment is refused", () => {
  assert.throws(() => verify(changed((fields) => (fields.deployment = "0".repeat(64)))), ManifestInvalid);
});

const x25519 = toBase64(bytesOf("classic", 32));
const mlkem = toBase64(bytesOf("ml-kem alone", 1184));
const REFUSED: Record<string, (fields: ReturnType<typeof goodFields>) => unknown> = {
  "a classic recipient": (fields) => (fields.epoch.recipients[1] = x25519),
  "a recipient without its classic half": (fields) => (fields.carry.recipients[0] = mlkem),
  "no recipient": (fields) => (fields.carry.recipients = []),
  "fewer recipients than laptops": (fields) => fields.epoch.recipients.pop(),
  "a recipient twice": (fields) => (fields.carry.recipients = fields.epoch.recipients.slice()),
  "a revoked recipient": ({ revoked, epoch }) =>
    revoked.push(toHex(sha256(Buffer.from(epoch.recipients[0] ?? "", "base64")))),
  "two laptops of one name": ({ laptops }) => Object.assign(laptops[1] ?? {}, { name: "laptop-0" }),
  "a carry epoch numbered as an epoch": (fields) => (fields.carry.number = 13),
  "a manifest that outlives its epoch": (fields) => (fields.not_after = "2026-11-27"),
  "an epoch that ends before it begins": (fields) => (fields.epoch.until = "2026-11-16"),
  "a day that does not exist": (fields) => (fields.made = "2026-02-29"),
  "a server without encryption": (fields) => fields.servers.push("http://intake.example"),
  "a server with a path": (fields) => fields.servers.push("https://intake.example/"),
  "a server with a user": (fields) => fields.servers.push("https://user@intake.example"),
  "a server with a port out of range": (fields) => fields.servers.push("https://intake.example:70000"),
  "markup in a text": (fields) => (fields.organisation.en = "<b>desk</b>"),
  "an empty organisation": (fields) => (fields.organisation.ru = ""),
};
for (const [what, change] of Object.entries(REFUSED)) {
  test(`${what} is refused although two roots signed it`, () => {
    // Markup is already refused by the note, which such a text cannot stand in.
    assert.throws(
      () => verify(changed(change)),
      (error) => error instanceof ManifestInvalid || error instanceof NoteInvalid,
    );
  });
}

test("a note of another purpose is no manifest", () => {
  const text = new TextDecoder().decode(signed(goodFields())).split("\n\n")[0] ?? "";
  const other = `${text.replace("intake-manifest/v1", "intake-acks/v1")}\n`;
  const signatures = ROOT_SIGNERS.map((signer) => sign(other, signer));
  assert.throws(() => verify(writeNote({ text: other, signatures })), ManifestInvalid);
});

test("age, clock and build warn and never block", () => {
  const verified = verify(changed((fields) => (fields.minimum_build = 2 ** 32 - 1)));
  assert.deepEqual(warnings(verified, day("2026-11-20")), ["old-build"]);
  const good = verify(signed(goodFields()));
  assert.deepEqual(warnings(good, day("2026-11-20")), []);
  assert.deepEqual(warnings(good, day("2026-11-26")), []);
  assert.deepEqual(warnings(good, day("2026-11-27")), ["expired"]);
  assert.deepEqual(warnings(good, day("2026-11-15")), ["not-yet"]);
  assert.deepEqual(warnings(good, day("2019-01-01")), ["clock-behind", "not-yet"]);
});

test("the carry epoch is chosen without a network and when the manifest is out of date", () => {
  const good = verify(signed(goodFields()));
  assert.equal(sealingEpoch(good, day("2026-11-20"), 1), "epoch");
  assert.equal(sealingEpoch(good, day("2026-11-20"), 0), "carry");
  assert.equal(sealingEpoch(good, day("2026-11-30"), 2), "carry");
});

test("servers are the page's own first, each once, and onions only where Tor may be", () => {
  const good = verify(signed(goodFields()));
  const [https, loopback] = goodFields().servers;
  const [onion] = goodFields().onions;
  assert.deepEqual(serversFor(good, "http://127.0.0.1:8000"), [loopback, https]);
  assert.deepEqual(serversFor(good, "https://mirror.example"), ["https://mirror.example", https, loopback]);
  assert.deepEqual(serversFor(good, "null"), [https, loopback, onion]);
  assert.deepEqual(serversFor(good, String(onion)), [onion, https, loopback]);
});

test("a server cannot lead the phone ahead, nor swap a manifest for another of its serial", async () => {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const at = (serial: number, from: number, more: object = {}) =>
    changed((fields) => {
      Object.assign(fields.epoch, { from: day(from), until: day(from + 7), grace_until: day(from + 21) });
      Object.assign(fields, {
        serial,
        made: day(-3),
        not_before: day(from),
        not_after: day(from + 10),
        ...more,
      });
    });
  const [ahead, tomorrow, twin] = await Promise.all(
    [at(12, 5), at(10, 1), at(10, 1, { minimum_build: 9 })].map(serve),
  );
  const newest = new Newest(DEPLOYMENT);
  newest.offer(at(9, -2));
  assert.equal(await newest.ask(ahead ?? ""), true);
  assert.equal(newest.current?.manifest.serial, 9);
  await newest.ask(tomorrow ?? "");
  await newest.ask(twin ?? "");
  assert.equal(newest.current?.manifest.serial, 10);
  assert.equal(newest.current?.manifest.minimum_build, 1);

  const clockBehind = new Newest(DEPLOYMENT);
  clockBehind.offer(at(9, -2, { made: day(2) }));
  await clockBehind.ask(ahead ?? "");
  assert.equal(clockBehind.current?.manifest.serial, 12);
});

test("a server counts as reached when its manifest verifies, be it old, and the highest serial stays", async () => {
  const old = await serve(signed(goodFields()));
  const newer = await serve(changed((fields) => Object.assign(fields, { serial: 9 })));
  const forged = await serve(signed({ ...goodFields(), serial: 10 }, ROOT_SIGNERS.slice(0, 1)));
  const portal = await serve(toUtf8("<p>Please log in"));
  const huge = await serve(new Uint8Array(65_537));
  const newest = new Newest(DEPLOYMENT);
  newest.offer(changed((fields) => Object.assign(fields, { serial: 8 })));
  const reached = await Promise.all([old, newer, forged, portal, huge].map((url) => newest.ask(url)));
  assert.deepEqual(reached, [true, true, false, false, false]);
  assert.equal(newest.current?.manifest.serial, 9);
});
