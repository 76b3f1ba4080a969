/** Reading and deleting answers, over real sockets. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { browserRandom, seal } from "../../src/age/seal.ts";
import { KIND_REPLY, LABEL_SLOT, REPLY_SEALED_SIZE } from "../../src/generated/constants.ts";
import { deleteReplies, NoServer, openReplies } from "../../src/replies/replies.ts";
import { ascii, type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { CodeInvalid } from "../../src/wire/errors.ts";
import { pack, pad, type ReplyFrame, signedBytes } from "../../src/wire/frame.ts";
import { deleteSignedBytes, slotOf } from "../../src/wire/mailbox.ts";
import { parseManifest, verifyManifest } from "../../src/wire/manifest.ts";
import { verifies } from "../../src/wire/note.ts";
import { CodeKeys, formatCode, newCode } from "../../src/wire/returncode.ts";
import { recipientHash } from "../../src/wire/unframe.ts";
import { bytesOf } from "../age/material.ts";
import { type Listening, listen } from "../server.ts";
import { goodFields, REPLY_SIGNERS, ROOTS, type Signer, STRANGER, signed } from "../wire/manifests.ts";

const MANIFEST = verifyManifest(parseManifest(signed(goodFields())), ROOTS);
const CODE = newCode(browserRandom);
const KEYS = new CodeKeys(CODE);
const HEADER_SIZE = 70 + 1557 + 16 + 16;
const servers: Listening[] = [];
after(() => {
  for (const server of servers) server.close();
});

interface Made {
  readonly text?: string;
  readonly signer?: Signer;
  readonly change?: Partial<ReplyFrame>;
}

/** The slot of answer `number` as a laptop makes it; `change` is what somebody altered before signing. */
function slotFor(
  number: number,
  { text = `жауап ${number}`, signer = REPLY_SIGNERS[0], change = {} }: Made = {},
): Bytes {
  const unsigned: ReplyFrame = {
    kind: KIND_REPLY,
    epoch: 0,
    build: 0,
    reportId: bytesOf("report", 16),
    partId: bytesOf(`part ${number}`, 16),
    sequence: number,
    day: 20_780,
    mailboxId: KEYS.mailboxId,
    recipientHash: recipientHash(KEYS.identity.recipient()),
    replyKey: signer.key,
    signature: new Uint8Array(64),
    text,
    ...change,
  };
  const signature = Uint8Array.from(ed25519.sign(signedBytes(unsigned), signer.seed));
  const plain = pad(pack({ ...unsigned, signature }), REPLY_SEALED_SIZE - HEADER_SIZE);
  const sealed = seal([KEYS.identity.recipient()], plain, browserRandom);
  assert.equal(sealed.length, REPLY_SEALED_SIZE);
  const nonce = browserRandom(12);
  const bound = concat(ascii(LABEL_SLOT), KEYS.mailboxId);
  return concat(nonce, chacha20poly1305(KEYS.slotKey, nonce, bound).encrypt(sealed));
}

/** A mailbox with these answers; its other slots are random, as decoys are. */
function mailbox(slots: Record<number, Bytes>): Bytes {
  const four = [0, 1, 2, 3].map((i) => bytesOf(`decoy ${i}`, 4096));
  for (const [number, slot] of Object.entries(slots)) four[slotOf(Number(number))] = slot;
  return concat(...four);
}

/** A server whose mailbox of our code is `content`; keeps what was asked of it. */
async function serve(content: Bytes): Promise<{ url: string; asked: string[]; deletes: Bytes[] }> {
  const asked: string[] = [];
  const deletes: Bytes[] = [];
  const server = await listen((request, body, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["content-type"] ?? "-"}`);
    if (request.url === "/mailbox/delete") deletes.push(body);
    else assert.deepEqual(body, KEYS.mailboxId);
    response
      .writeHead(request.url === "/mailbox" ? 200 : 204)
      .end(request.url === "/mailbox" ? content : undefined);
  });
  servers.push(server);
  return { url: server.url, asked, deletes };
}

const readFrom = async (...contents: Bytes[]) => {
  const all = await Promise.all(contents.map(serve));
  const found = await openReplies(
    formatCode(CODE),
    all.map(({ url }) => url),
    MANIFEST,
  );
  return { ...found, all };
};
const numbers = (answers: readonly { number: number }[]) => answers.map(({ number }) => number);

test("answers are read in order, with day and text, and gaps are named", async () => {
  const { answers, missing } = await readFrom(mailbox({ 5: slotFor(5), 3: slotFor(3), 4: slotFor(4) }));
  assert.deepEqual(
    answers,
    [3, 4, 5].map((number) => ({ number, day: "2026-11-23", text: `жауап ${number}` })),
  );
  assert.deepEqual(missing, [1, 2]);
});

test("a mailbox without answers gives none", async () => {
  const { answers, missing } = await readFrom(mailbox({}));
  assert.deepEqual([answers, missing], [[], []]);
});

test("every server is asked by one POST without content type, and answers are joined", async () => {
  const found = await readFrom(mailbox({ 1: slotFor(1) }), mailbox({}), mailbox({ 2: slotFor(2) }));
  assert.deepEqual(numbers(found.answers), [1, 2]);
  for (const { asked } of found.all) assert.deepEqual(asked, ["POST /mailbox -"]);
});

test("two answers of one number, one a server, are both shown, and a copy only once", async () => {
  const second = slotFor(1, { text: "екінші", signer: REPLY_SIGNERS[1] });
  const boxes = [mailbox({ 1: slotFor(1) }), mailbox({ 1: second }), mailbox({ 1: slotFor(1) })];
  const { answers, missing } = await readFrom(...boxes);
  assert.deepEqual(
    answers.map(({ number, text }) => [number, text]),
    [
      [1, "жауап 1"],
      [1, "екінші"],
    ],
  );
  assert.deepEqual(missing, []);
});

const FORGED: Record<string, Made> = {
  "by a key that is not in the manifest": { signer: STRANGER },
  "for another mailbox": { change: { mailboxId: bytesOf("other", 32) } },
  "for another recipient": { change: { recipientHash: bytesOf("other", 32) } },
  "in the name of a laptop's key": { signer: STRANGER, change: { replyKey: REPLY_SIGNERS[0].key } },
};
for (const [how, made] of Object.entries(FORGED)) {
  test(`an answer ${how} is not shown`, async () => {
    const { answers } = await readFrom(mailbox({ 1: slotFor(1, made), 2: slotFor(2) }));
    assert.deepEqual(numbers(answers), [2]);
  });
}

test("an answer by a revoked key is not shown", async () => {
  const revoked = { ...goodFields(), serial: 8, revoked: [toHex(sha256(REPLY_SIGNERS[0].key))] };
  const newer = verifyManifest(parseManifest(signed(revoked)), ROOTS);
  const { url } = await serve(mailbox({ 1: slotFor(1), 2: slotFor(2, { signer: REPLY_SIGNERS[1] }) }));
  assert.deepEqual(numbers((await openReplies(CODE, [url], newer)).answers), [2]);
});

test("an answer that was altered in its slot is not shown", async () => {
  const slot = slotFor(1);
  slot[2000] = (slot[2000] ?? 0) ^ 1;
  assert.deepEqual((await readFrom(mailbox({ 1: slot }))).answers, []);
});

test("a server that fails is passed over; when all do, it is said", async () => {
  const failing = await listen((_, __, response) => response.writeHead(500).end());
  const short = await listen((_, __, response) => response.writeHead(200).end(new Uint8Array(16_383)));
  const long = await listen((_, __, response) => response.writeHead(200).end(new Uint8Array(16_385)));
  servers.push(failing, short, long);
  const { url } = await serve(mailbox({ 1: slotFor(1) }));
  const bad = [failing.url, short.url, long.url];
  const found = await openReplies(CODE, [...bad, url], MANIFEST);
  assert.deepEqual(numbers(found.answers), [1]);
  assert.deepEqual(Array.from(found.slots.keys()), [url]);
  await assert.rejects(openReplies(CODE, bad, MANIFEST), NoServer);
});

test("a code with a wrong digit asks no server", async () => {
  const { url, asked } = await serve(mailbox({}));
  const wrong = `${CODE.slice(0, 31)}${(Number(CODE[31]) + 1) % 10}`;
  await assert.rejects(openReplies(wrong, [url], MANIFEST), CodeInvalid);
  assert.deepEqual(asked, []);
});

test("deleting names at each server the slots that were read there, signed", async () => {
  const [left, right] = [mailbox({ 1: slotFor(1) }), mailbox({})];
  const found = await readFrom(left, right);
  assert.equal(await deleteReplies(CODE, found), true);
  for (const [i, content] of [left, right].entries()) {
    const body = found.all[i]?.deletes[0] ?? assert.fail("no delete");
    const hashes = [0, 1, 2, 3].map((n) => Uint8Array.from(sha256(content.slice(n * 4096, (n + 1) * 4096))));
    assert.deepEqual(body.slice(96), concat(...hashes));
    assert.ok(verifies(body.slice(0, 32), body.slice(32, 96), deleteSignedBytes(KEYS.mailboxId, hashes)));
  }
});

test("a server that does not confirm the deletion is told", async () => {
  const { url } = await serve(mailbox({}));
  const found = await openReplies(CODE, [url], MANIFEST);
  for (const server of servers) if (server.url === url) server.close();
  assert.equal(await deleteReplies(CODE, found), false);
});
