/** The outbox itself: what it keeps, what it discards, and what it does when storage or files fail. */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import { browserRandom } from "../../src/age/seal.ts";
import { MemoryStore } from "../../src/outbox/memory.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import type { PartRecord, Store } from "../../src/outbox/store.ts";
import { Stopped } from "../../src/outbox/take.ts";
import { FileUnreadable } from "../../src/seal/errors.ts";
import { resumeReport } from "../../src/seal/report.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import { CONTRACT } from "./contract.ts";
import { TestIntake } from "./intake.ts";
import { assertWhole, content, file, following, MANIFEST, report, ShortRest } from "./material.ts";

const intake = await new TestIntake().listen();
after(() => intake.close());

async function server(): Promise<TestIntake> {
  intake.objects.clear();
  return intake;
}

/** A store that fails from its piece number `pieces` on, as a full disk does. */
class FullStore extends MemoryStore {
  private left: number;

  constructor(pieces: number) {
    super();
    this.left = pieces;
  }

  override async putPiece(id: string, index: number, piece: Bytes): Promise<void> {
    if (this.left-- <= 0) throw new DOMException("no room", "QuotaExceededError");
    await super.putPiece(id, index, piece);
  }
}

/** A store whose every call fails, as after the browser closed the database. */
class BrokenStore extends MemoryStore {
  override add(): Promise<void> {
    return Promise.reject(new DOMException("closed", "InvalidStateError"));
  }
  override parts(): Promise<never> {
    return Promise.reject(new DOMException("closed", "InvalidStateError"));
  }
  override putUnfinished(): Promise<never> {
    return Promise.reject(new DOMException("closed", "InvalidStateError"));
  }
  override unfinished(): Promise<never> {
    return Promise.reject(new DOMException("closed", "InvalidStateError"));
  }
}

/** A store that takes no change once everything lies in it. */
class FrozenStore extends MemoryStore {
  isFrozen = false;

  override async update(id: string, change: Partial<PartRecord>): Promise<PartRecord | null> {
    if (this.isFrozen) throw new DOMException("read only", "ReadOnlyError");
    return super.update(id, change);
  }
}

/** A file that cannot be read. */
function unreadable(): Blob {
  return Object.assign(file(1000), { slice: () => new Blob([]) });
}

const with_ = (store: Store | null) => following(new Outbox(store, new ShortRest()));

for (const [name, check] of CONTRACT) test(`the memory store ${name}`, () => check(new MemoryStore()));

test("the index holds random numbers, sizes of sealed bytes and hashes of them, and nothing else", async () => {
  const store = new MemoryStore();
  const { outbox } = with_(store);
  const sealer = report(file(100_000));
  await outbox.enqueue(sealer);
  const parts = await store.parts();
  assert.equal(parts.length, 3);
  const keys = "epoch,firstSize,id,kind,order,problem,report,sha256,size,state,uploads";
  for (const part of parts) assert.equal(Object.keys(part).sort().join(), keys);
  const reportId = toHex(sealer.handle.reportId);
  assert.ok(!JSON.stringify(parts).includes(reportId));
  assert.deepEqual(await store.unfinished(), []);
});

test("sealed files to carry are the sealed parts under random names", async () => {
  const store = new MemoryStore();
  const { outbox } = with_(store);
  await outbox.enqueue(report(file(700_000)));
  const files = await outbox.sealedFiles();
  const parts = await store.parts();
  assert.equal(files.length, 3);
  for (const { name, blob } of files) {
    const part = parts.find(({ id }) => `${id}.age` === name);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    assert.equal(toHex(sha256(bytes)), part?.sha256);
    assert.equal(bytes.length, part?.size);
  }
});

test("a full disk puts the rest into memory and says that the page must stay open", async () => {
  const { outbox, drain } = with_(new FullStore(3));
  await outbox.enqueue(report(file(2_000_000)));
  assert.equal(outbox.volatile, true);
  await drain((await server()).url);
  assertWhole(intake, content(2_000_000));
  assert.equal(outbox.volatile, false);
});

test("a broken disk loses nothing", async () => {
  const { outbox, drain } = with_(new BrokenStore());
  await outbox.enqueue(report(file(10)));
  assert.equal(outbox.volatile, true);
  await drain((await server()).url);
  assertWhole(intake, content(10));
});

test("a disk that takes no change any more makes nothing be sent twice", async () => {
  const store = new FrozenStore();
  const { outbox, drain, told } = with_(store);
  await outbox.enqueue(report(file(10)));
  store.isFrozen = true;
  const { url, lines } = await server();
  const before = lines.length;
  await drain(url);
  assert.equal(lines.length - before, 4);
  assert.equal(told.filter(({ state }) => state === "stored").length, 3);
});

test("a file that cannot be read is asked for again, and all else is sent meanwhile", async () => {
  const store = new MemoryStore();
  const { outbox, drain } = with_(store);
  await assert.rejects(outbox.enqueue(report(file(10), unreadable(), file(20))), FileUnreadable);
  assert.equal(outbox.interrupted, 1);
  await drain((await server()).url);
  assert.equal(intake.objects.size, 3);
  assert.equal((await outbox.status()).length, 3);
  assert.ok((await outbox.finish([file(30)], MANIFEST, "epoch")) !== null);
  assert.equal(outbox.interrupted, 0);
  await drain(intake.url);
  assertWhole(intake, content(10), content(20), content(30));
  assert.deepEqual([await outbox.status(), await store.unfinished()], [[], []]);
  assert.equal(await outbox.finish([], MANIFEST, "epoch"), null);
});

test("an interrupted report can be closed with the files it has", async () => {
  const { outbox, drain } = with_(null);
  await assert.rejects(outbox.enqueue(report(file(10), unreadable())), FileUnreadable);
  await outbox.finish([], MANIFEST, "epoch");
  await drain((await server()).url);
  assertWhole(intake, content(10));
});

test("what was half sealed when the page was closed is discarded and asked for again", async () => {
  const store = new MemoryStore();
  const first = with_(store);
  const sealer = report(file(2_000_000), file(10));
  let pieces = 0;
  const queued = first.outbox.enqueue(sealer, () => {
    if (++pieces === 3) first.outbox.forget();
  });
  await assert.rejects(queued, Stopped);
  // A closed page does not tidy up: its half-sealed record stays.
  const half = {
    kind: "media",
    order: 2,
    epoch: 12,
    size: 9,
    firstSize: 9,
    sha256: "",
    problem: null,
  } as const;
  await store.add({ ...half, id: "half", report: "r", state: "sealing", uploads: {} } satisfies PartRecord);
  await store.putPiece("half", 0, new Uint8Array(9));

  const second = with_(store);
  await second.outbox.recover();
  assert.equal(second.outbox.interrupted, 2);
  assert.deepEqual(
    (await store.parts()).map(({ kind, state }) => `${kind} ${state}`),
    ["section waiting"],
  );
  await second.outbox.finish([file(2_000_000), file(10)], MANIFEST, "epoch");
  await second.drain((await server()).url);
  assertWhole(intake, content(2_000_000), content(10));
});

test("parts that were sealed before the page was closed are sent by the next page", async () => {
  const store = new MemoryStore();
  await with_(store).outbox.enqueue(report(file(300_000)));
  const next = with_(store);
  await next.outbox.recover();
  assert.equal(next.outbox.interrupted, 0);
  assert.equal(await next.outbox.pending(), 3);
  await next.drain((await server()).url);
  assertWhole(intake, content(300_000));
  assert.deepEqual(await store.parts(), []);
});

test("leaving stops sending at once and keeps what is sealed", async () => {
  const store = new MemoryStore();
  const { outbox, drain, told } = with_(store);
  await outbox.enqueue(report(file(3_000_000)));
  await server();
  intake.plan = (line) => {
    if (line === "PATCH /uploads/*") outbox.forget();
    return undefined;
  };
  await drain(intake.url);
  intake.plan = () => undefined;
  const before = told.length;
  assert.equal(await outbox.pending(), 2);
  const again = with_(store);
  await again.drain(intake.url);
  assert.equal(told.length, before);
  assertWhole(intake, content(3_000_000));
});

test("wiping deletes everything and stops sealing and sending", async () => {
  const store = new MemoryStore();
  const { outbox, drain } = with_(store);
  const queued = outbox.enqueue(report(file(5_000_000)));
  const dead = drain("http://127.0.0.1:1");
  const stopped = assert.rejects(queued, Stopped);
  await new Promise(setImmediate);
  await outbox.wipe();
  await Promise.all([stopped, dead]);
  assert.deepEqual([await store.parts(), await store.unfinished()], [[], []]);
  assert.deepEqual([await outbox.pending(), outbox.interrupted], [0, 0]);
});

test("a report sealed for a closed page can name at most 1,024 parts", () => {
  const entry = { partId: browserRandom(16), size: 1, sha256: browserRandom(32) } as never;
  const before = {
    reportId: new Uint8Array(16),
    nextSequence: 2,
    entries: Array(1024).fill(entry),
    missing: 1,
  };
  assert.throws(() => resumeReport(before, [file(1)], MANIFEST, "epoch", browserRandom), {
    name: "WrongSize",
  });
});
