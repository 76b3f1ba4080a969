/** A server under pressure asks for work: the phone solves, sends the same again, and the other parts go on meanwhile. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import { LABEL_PUZZLE, SOLUTION_SIZE } from "../../src/generated/constants.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Proofs } from "../../src/outbox/proofs.ts";
import { ascii, type Bytes, concat, fromBase64, fromHex, readU32, u64 } from "../../src/wire/bytes.ts";
import { type Fault, problem, TestIntake } from "./intake.ts";
import { assertWhole, content, file, following, report, ShortRest } from "./material.ts";

const SEED = "000102030405060708090a0b0c0d0e0f";
const running: TestIntake[] = [];
after(async () => {
  for (const intake of running) await intake.close();
});

async function intake(): Promise<TestIntake> {
  const made = await new TestIntake().listen();
  running.push(made);
  return made;
}

function needed(bits = 14, more: object = {}): Fault {
  return problem("puzzle-needed", 429, { "Retry-After": "1" }, { window: 9, seed: SEED, bits, ...more });
}

/** Checks a header as the server does; returns the subject. */
function subjectOf(header: unknown, size: number): Bytes {
  const solution = fromBase64(String(header), SOLUTION_SIZE);
  assert.deepEqual([readU32(solution, 0), solution[4]], [9, 14]);
  const subject = solution.slice(5, 21);
  const prefix = concat(ascii(LABEL_PUZZLE), fromHex(SEED, 16), subject, u64(size));
  for (let index = 0; index < 16; index++) {
    const nonce = solution.slice(21 + 8 * index, 29 + 8 * index);
    const digest = sha256(concat(prefix, Uint8Array.of(index), nonce));
    assert.equal(readU32(digest, 0) >>> 18, 0);
  }
  return subject;
}

test("words are sent again with the work that was asked for, bound to their id", async () => {
  const server = await intake();
  server.plan = (_, count) => (count === 1 ? needed() : undefined);
  const { outbox, drain, states } = following();
  await outbox.enqueue(report());
  await drain(server.url);
  assert.deepEqual(server.lines, ["POST /reports", "POST /reports"]);
  assert.equal(server.headers[0]?.["intake-work"], undefined);
  const [id] = server.objects.keys();
  assert.deepEqual(subjectOf(server.headers[1]?.["intake-work"], 8192), fromHex(id ?? "", 16));
  assert.deepEqual(
    states("section").filter((state, index, all) => state !== all[index - 1]),
    ["sending", "waiting", "proving", "waiting", "sending", "stored"],
  );
  assertWhole(server);
});

test("a file goes on while the words are proved, and has work of its own", async () => {
  const server = await intake();
  server.plan = (line, count) => (line !== "PATCH /uploads/*" && count === 1 ? needed() : undefined);
  const { outbox, drain } = following();
  await outbox.enqueue(report(file(300_000)));
  await drain(server.url);
  assertWhole(server, content(300_000));
  const order = server.lines.filter((line) => line.startsWith("POST"));
  assert.deepEqual(order.slice(0, 2), ["POST /reports", "POST /uploads"]);
  const begun = server.headers.filter((headers) => headers["upload-length"] !== undefined);
  assert.equal(begun.length, 2);
  subjectOf(begun[1]?.["intake-work"], Number(begun[1]?.["upload-length"]));
});

test("words whose puzzle is solved while a file is being sent go before its next piece", async () => {
  const server = await intake();
  const { outbox, drain, told } = following();
  const rest = new ShortRest();
  server.plan = (line, count) => (line === "POST /reports" && count === 1 ? needed() : undefined);
  server.gate = async (line, count) => {
    const words = () => told.filter(({ kind }) => kind === "section").map(({ state }) => state);
    const areSolved = () => words().includes("proving") && words().at(-1) !== "proving";
    while (line === "PATCH /uploads/*" && count === 1 && !areSolved()) await rest.sleep(1);
  };
  await outbox.enqueue(report(file(1_500_000)));
  await drain(server.url);
  const words = server.lines.indexOf("POST /reports", 1);
  const pieces = (lines: readonly string[]) => lines.filter((line) => line === "PATCH /uploads/*").length;
  assert.ok(pieces(server.lines.slice(0, words)) <= 1);
  assert.ok(pieces(server.lines.slice(words)) > 0);
  assertWhole(server, content(1_500_000));
});

test("only the part whose turn it is counts as being solved for", async () => {
  const server = await intake();
  server.plan = (line, count) => (line !== "PATCH /uploads/*" && count === 1 ? needed() : undefined);
  const { outbox, drain, told } = following();
  await outbox.enqueue(report(file(10)));
  const now = new Map<string, string>();
  await drain(server.url);
  for (const { part, state } of told) {
    now.set(part, state);
    assert.ok([...now.values()].filter((one) => one === "proving").length <= 1);
  }
  assert.equal(told.filter(({ state, sent }) => state === "proving" && sent === 0).length, 2);
});

const HOSTILE: Record<string, Fault> = {
  "more bits than a phone may work for": needed(27),
  "too few bits": needed(13),
  "half a bit": needed(14, { bits: "14" }),
  "a seed of another size": needed(14, { seed: SEED.slice(2) }),
  "no seed": needed(14, { seed: 1 }),
  "a window beyond 32 bits": needed(14, { window: 2 ** 32 }),
};

for (const [name, fault] of Object.entries(HOSTILE)) {
  test(`${name}: nothing is solved, the words wait and go later`, async () => {
    const server = await intake();
    server.plan = (_, count) => (count === 1 ? fault : undefined);
    const { outbox, drain, states } = following();
    await outbox.enqueue(report());
    await drain(server.url);
    assert.equal(server.headers[1]?.["intake-work"], undefined);
    assert.deepEqual(states("section"), ["sending", "waiting", "sending", "stored"]);
  });
}

test("a server that never has enough is left for another one", async () => {
  const [greedy, honest] = [await intake(), await intake()];
  greedy.plan = () => needed();
  const { outbox, drain } = following();
  await outbox.enqueue(report());
  await drain(greedy.url, honest.url);
  assert.equal(greedy.lines.length, 9);
  assertWhole(honest);
});

test("a part that was asked too often is solved for again after an hour", async () => {
  let now = 0;
  let done = () => {};
  const proofs = new Proofs(new AbortController().signal, () => now);
  const puzzle = { window: 9, seed: fromHex(SEED, 16), bits: 14 };
  const about = { part: "part", puzzle, subject: null, size: 8192, tell: () => {} };
  const begin = () => proofs.start({ ...about, solved: () => done() });
  for (let count = 0; count < 8; count++) {
    const solved = new Promise<void>((resolve) => {
      done = resolve;
    });
    assert.equal(begin(), true);
    await solved;
  }
  assert.equal(begin(), false);
  now = 3_599_999;
  assert.equal(begin(), false);
  now = 3_600_000;
  assert.equal(begin(), true);
});

test("leaving ends the work", async () => {
  const server = await intake();
  server.plan = () => needed(26);
  const rest = new ShortRest();
  const { outbox, drain, told } = following(new Outbox(null, rest));
  await outbox.enqueue(report());
  const drained = drain(server.url);
  while (!told.some(({ state }) => state === "proving")) await rest.sleep(1);
  outbox.forget();
  await drained;
  assert.equal(told.at(-1)?.state, "proving");
});
