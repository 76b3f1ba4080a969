/** The vectors of every format that the phone reads or writes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import { headerSize, sealedSize } from "../../src/age/seal.ts";
import { KIND_REPLY, PAYLOAD_NONCE_SIZE } from "../../src/generated/constants.ts";
import { fromUtf8, toHex, toUtf8 } from "../../src/wire/bytes.ts";
import { writeEnvelope } from "../../src/wire/envelope.ts";
import { BadSignature, CodeInvalid, EncodingInvalid, errorsAs, FrameInvalid } from "../../src/wire/errors.ts";
import { type Frame, pack, pad, signedBytes } from "../../src/wire/frame.ts";
import { deleteSignedBytes, mailboxId, openSlot } from "../../src/wire/mailbox.ts";
import { parseNote, verifiedNames, verifies, writeNote } from "../../src/wire/note.ts";
import { mediaPlainSize, padme, smallClass, smallPlainSize } from "../../src/wire/padding.ts";
import { Solver } from "../../src/wire/puzzle.ts";
import { receiptText, verifyReceipt } from "../../src/wire/receipt.ts";
import { CodeKeys, formatCode, parseCode } from "../../src/wire/returncode.ts";
import { parseSection, writeSection } from "../../src/wire/section.ts";
import { readJson, writeJson } from "../../src/wire/strictjson.ts";
import { unpack, unpackReply } from "../../src/wire/unframe.ts";
import { hex, inputBytes, testVectors, type Vector, valueBytes, vectors } from "./vectors.ts";

const KINDS = ["", "Section", "Media", "Closing", "FollowUp", "Reply"];

/** Bytes as hex and names as Python writes them, so that frames can be compared with a vector's value. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`),
      plain(item),
    ]),
  );
}

/** The same for a vector's value, in which long bytes are written in parts. */
function joined(value: unknown): unknown {
  const isParts = Array.isArray(value) && value.some((one) => one.hex ?? one.repeat ?? one.zeros ?? one.text);
  if (isParts) return toHex(valueBytes(value));
  if (Array.isArray(value)) return value.map(joined);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, joined(item)]));
}

function verified(frame: Frame): Frame {
  const key = "replyKey" in frame ? frame.replyKey : "key" in frame ? frame.key : null;
  if (key === null || !("signature" in frame)) return frame;
  if (!verifies(key, frame.signature, signedBytes(frame))) throw new BadSignature("it does not verify");
  return frame;
}

testVectors("frame", (vector) => {
  const data = inputBytes(vector);
  const frame = verified(unpack(data));
  assert.deepEqual(pad(pack(frame), data.length), data);
  if (frame.kind === KIND_REPLY) assert.deepEqual(unpackReply(data), frame);
  else assert.throws(() => unpackReply(data), FrameInvalid);
  const value = vector.keys.value;
  assert.deepEqual(plain({ ...frame, kind: KINDS[frame.kind] }), joined(value) ?? assert.fail("no value"));
  return value;
});

testVectors("section", (vector) => {
  const data = inputBytes(vector);
  const section = parseSection(data);
  assert.deepEqual(writeSection(section), data);
  return { ...section, answers: Object.fromEntries(section.answers) };
});

testVectors("strict-json", (vector) => {
  const text = fromUtf8(inputBytes(vector));
  const json = readJson(text);
  assert.equal(writeJson(json), text);
  return JSON.parse(text);
});

testVectors("returncode", (vector) => {
  const text = errorsAs(CodeInvalid, () => fromUtf8(inputBytes(vector)));
  const digits = parseCode(text);
  return { digits, shown: formatCode(digits) };
});

type Sizes = (...sizes: number[]) => unknown;
const SIZES: Readonly<Record<string, Sizes>> = {
  header_size: (recipients = 0) => headerSize(recipients) - PAYLOAD_NONCE_SIZE,
  media_plain_size: (size = 0) => mediaPlainSize(size),
  padme: (size = 0) => padme(size),
  sealed_size: (recipients = 0, size = 0) => sealedSize(size, recipients),
  small_class: (size = 0, recipients = 0) => smallClass(size, recipients),
  small_plain_size: (total = 0, recipients = 0) => smallPlainSize(total, recipients),
};
/** What the gate alone needs. */
const SERVER_SIZES = ["media_class_ok"];

testVectors("padding", ({ keys }) => {
  const name = String(keys.function);
  if (SERVER_SIZES.includes(name)) return;
  const size = SIZES[name] ?? assert.fail(name);
  const cases = keys.cases as { arguments: number[]; value: unknown }[] | undefined;
  if (cases === undefined) size(...(keys.arguments as number[]));
  for (const one of cases ?? []) assert.equal(size(...one.arguments), one.value);
});

testVectors("ed25519", ({ keys }) => {
  const good = verifies(hex(keys.key), hex(keys.signature), hex(keys.message));
  if (!good) throw new BadSignature("it does not verify");
});

type Stored = Record<"deployment" | "object_id" | "sha256" | "kind" | "size" | "epoch", unknown>;

testVectors("receipt", (vector) => {
  const { keys } = vector;
  const stored = keys.stored as Stored;
  const about = {
    deployment: String(stored.deployment),
    objectId: hex(stored.object_id),
    sha256: hex(stored.sha256),
    kind: Number(stored.kind),
    size: Number(stored.size),
    epoch: Number(stored.epoch),
  };
  const named = Object.entries(keys.keys as object).map(([name, key]) => [name, hex(key)] as const);
  const day = verifyReceipt(fromUtf8(inputBytes(vector)), about, new Map(named));
  return { day, text: receiptText(about, day) };
});

function slot({ keys }: Vector, data: Uint8Array): unknown {
  const sealed = openSlot(data, hex(keys.slot_key), hex(keys.mailbox_id));
  const value = keys.value as { sealed: unknown };
  assert.deepEqual(sealed, valueBytes(value.sealed));
  return value;
}

/** The phone makes delete requests and never reads them: the good one's bytes are those it signs. */
function signedDelete(data: Uint8Array): unknown {
  const hashes = [0, 1, 2, 3].map((i) => data.slice(96 + 32 * i, 128 + 32 * i));
  const id = mailboxId(data.slice(0, 32));
  assert.ok(verifies(data.slice(0, 32), data.slice(32, 96), deleteSignedBytes(id, hashes)));
  return { mailbox_id: toHex(id), hashes: hashes.map(toHex) };
}

const ours = (vector: Vector) => ["id", "slot"].includes(String(vector.keys.operation));
for (const vector of vectors("mailbox").filter((one) => ours(one) || one.name === "good_delete")) {
  test(`mailbox/${vector.name}: ${vector.expect}`, () => {
    const data = inputBytes(vector);
    const run = {
      id: () => toHex(mailboxId(data)),
      slot: () => slot(vector, data),
      delete: () => signedDelete(data),
    };
    const operation = run[vector.keys.operation as keyof typeof run];
    if (vector.expect === "ok") assert.deepEqual(operation(), vector.keys.value);
    else assert.throws(operation, { name: vector.expect });
  });
}

/** The phone solves and never checks: the good ones' bytes are those it finds. */
for (const vector of vectors("puzzle").filter(({ keys }) => keys.operation === "solution")) {
  const { expect, name, keys } = vector;
  if (expect !== "ok") continue;
  test(`puzzle/${name}: the phone finds the same nonces`, () => {
    const { window, bits, subject } = keys.value as { window: number; bits: number; subject: string };
    const solver = new Solver({ window, seed: hex(keys.seed), bits }, hex(subject), Number(keys.size));
    assert.equal(solver.share, 0);
    while (!solver.work(20)) assert.ok(solver.share < 1);
    assert.deepEqual([solver.share, solver.header()], [1, keys.input]);
  });
}

for (const vector of vectors("envelope").filter(({ expect }) => expect === "ok")) {
  test(`envelope/${vector.name}: the phone writes the same bytes`, () => {
    const data = inputBytes(vector);
    const epoch = new DataView(data.buffer).getUint32(16);
    const sealed = data.slice(52);
    const written = { objectId: data.slice(0, 16), epoch, sha256: Uint8Array.from(sha256(sealed)), sealed };
    assert.deepEqual(writeEnvelope(written), data);
  });
}

for (const vector of vectors("note")) {
  test(`note/${vector.name}: ${vector.expect}`, () => {
    const known = Object.entries(vector.keys.keys as Record<string, string>);
    const keys = new Map(known.map(([name, key]) => [name, hex(key)]));
    const data = inputBytes(vector);
    const read = () => {
      const note = parseNote(data);
      const names = verifiedNames(note, keys);
      assert.deepEqual(writeNote(note), data);
      return Array.from(names).sort();
    };
    if (vector.expect === "ok") assert.deepEqual(read(), vector.keys.signed_by);
    else assert.throws(read, { name: vector.expect });
  });
}

for (const { name, keys } of vectors("returncode-derive")) {
  test(`returncode-derive/${name}`, () => {
    const derived = new CodeKeys(parseCode(String(keys.code)));
    const block = derived.replyBlock();
    assert.equal(toHex(sha256(block.recipient)), keys.recipient_sha256);
    assert.equal(toHex(block.slotKey), keys.slot_key);
    assert.equal(toHex(block.followUpKey), keys.follow_up_key);
    assert.equal(toHex(derived.mailboxId), keys.mailbox_id);
  });
}

test("a text with half a surrogate pair is written with a sign in its place and can be read", () => {
  const answers = new Map([["story", "жол \ud83d end \udc00"]]);
  const section = { form: "saw", lang: "kk", made: "", answers } as const;
  assert.equal(parseSection(writeSection(section)).answers.get("story"), "жол \ufffd end \ufffd");
});

test("bytes that are not UTF-8 are refused as an encoding", () => {
  assert.throws(() => fromUtf8(Uint8Array.of(0xc0, 0x80)), EncodingInvalid);
  assert.equal(fromUtf8(toUtf8("\ufeffқ")), "\ufeffқ");
});
