/** Nothing counts as stored without a receipt, where the manifest names receipt keys. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Outbox } from "../../src/outbox/outbox.ts";
import { type ReceiptTrust, receiptTrust } from "../../src/send/receipts.ts";
import { type Bytes, concat, fromHex, toBase64, toHex, toUtf8 } from "../../src/wire/bytes.ts";
import { keyId } from "../../src/wire/note.ts";
import { receiptText } from "../../src/wire/receipt.ts";
import { TestIntake } from "./intake.ts";
import { assertWhole, content, file, following, MANIFEST, report } from "./material.ts";

const SEED = new Uint8Array(32).fill(7);
const KEY = Uint8Array.from(ed25519.getPublicKey(SEED)) as Bytes;
const NAME = "receipt-1";
const DAY = "2026-11-22";
const { deployment } = MANIFEST.manifest;
const TRUST: ReceiptTrust = { deployment, keys: new Map([[NAME, KEY]]) };

const running: TestIntake[] = [];
after(async () => {
  for (const intake of running) await intake.close();
});

function signed(seed: Uint8Array): TestIntake["sign"] {
  return (id, sealed, kind, epoch) => {
    const objectId = fromHex(id, 16);
    const about = { deployment, objectId, sha256: Uint8Array.from(sha256(sealed)) as Bytes, kind, epoch };
    const text = receiptText({ ...about, size: sealed.length }, DAY);
    const signature = Uint8Array.from(ed25519.sign(toUtf8(text), seed));
    return `${DAY} ${NAME} ${toBase64(concat(keyId(NAME, KEY), signature))}`;
  };
}

async function intake(sign: TestIntake["sign"]): Promise<TestIntake> {
  const made = await new TestIntake().listen();
  made.sign = sign;
  running.push(made);
  return made;
}

/** Drains until the server was asked `requests` times, or all is stored. */
async function drainUntil(outbox: Outbox, server: TestIntake, trust: ReceiptTrust | null, requests: number) {
  const states: string[] = [];
  const done = outbox.drain(
    () => (server.lines.length < requests ? [server.url] : stop(outbox)),
    ({ state }) => states.push(state),
    () => false,
    () => trust,
  );
  await done;
  return states;
}

function stop(outbox: Outbox): string[] {
  outbox.forget();
  return [];
}

test("words and files with the server's receipts are stored", async () => {
  const server = await intake(signed(SEED));
  const { outbox } = following();
  await outbox.enqueue(report(file(300_000)));
  const states = await drainUntil(outbox, server, TRUST, 100);
  assert.equal(states.filter((state) => state === "stored").length, 3);
  assertWhole(server, content(300_000));
});

const LINES: Readonly<Record<string, TestIntake["sign"]>> = {
  none: () => null,
  "by another key": signed(new Uint8Array(32).fill(8)),
  "about another epoch": (id, sealed, kind, epoch) => signed(SEED)(id, sealed, kind, epoch + 1),
  "of another kind": (id, sealed, kind, epoch) => signed(SEED)(id, sealed, 3 - kind, epoch),
  "no receipt at all": () => "yes",
};

for (const [what, sign] of Object.entries(LINES)) {
  test(`words with a receipt ${what} are never called stored`, async () => {
    const server = await intake(sign);
    const { outbox } = following();
    await outbox.enqueue(report());
    const states = await drainUntil(outbox, server, TRUST, 3);
    assert.deepEqual([...new Set(states)], ["sending", "waiting"]);
    assert.equal(await outbox.pending(), 1);
  });
}

test("a file without a receipt is never called stored", async () => {
  const server = await intake((id, sealed, kind, epoch) =>
    kind === 2 ? null : signed(SEED)(id, sealed, kind, epoch),
  );
  const { outbox } = following();
  await outbox.enqueue(report(file(100_000)));
  const states = await drainUntil(outbox, server, TRUST, 12);
  assert.equal(states.filter((state) => state === "stored").length, 1);
  assert.equal(await outbox.pending(), 2);
});

test("receipts are ignored while the manifest names no receipt key", async () => {
  const server = await intake(() => "rubbish");
  const { outbox } = following();
  await outbox.enqueue(report());
  assert.equal(receiptTrust(MANIFEST), null);
  const states = await drainUntil(outbox, server, receiptTrust(MANIFEST), 100);
  assert.equal(states.at(-1), "stored");
});

test("a revoked receipt key is not believed, and its manifest still asks for receipts", () => {
  const named = { ...MANIFEST.manifest, receipt_keys: [{ name: NAME, key: KEY }] };
  const trust = (revoked: string[]) => receiptTrust({ ...MANIFEST, manifest: { ...named, revoked } });
  assert.deepEqual([...(trust([])?.keys.keys() ?? [])], [NAME]);
  assert.deepEqual(trust([toHex(sha256(KEY))])?.keys.size, 0);
});
