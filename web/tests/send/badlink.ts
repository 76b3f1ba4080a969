/**
 * One phone on a bad line: sends one sealed file with the outbox's own drain, for ever if need be, and prints what it
 * cost as one line of JSON. Run by tests/suites/bad_link.py in a network namespace:
 *
 *     node badlink.ts http://10.77.0.1:8400 report|media FILE EPOCH
 */

import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { Drain, type Queue } from "../../src/outbox/drain.ts";
import { MemoryStore } from "../../src/outbox/memory.ts";
import { Naps } from "../../src/outbox/naps.ts";
import type { PartRecord } from "../../src/outbox/store.ts";

const [server = "", kind = "", path = "", epoch = ""] = process.argv.slice(2);
const sealed = new Uint8Array(readFileSync(path));

/** A store whose only part lies in one piece. */
class FileStore extends MemoryStore {
  override async read(_: PartRecord, from: number, to: number) {
    return sealed.slice(from, to);
  }
}

const seen = { requests: 0, failed: 0, body_bytes: 0, largest_piece: 0 };
const real = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const size = init?.body instanceof Uint8Array ? init.body.length : 0;
  seen.requests += 1;
  seen.body_bytes += size;
  seen.largest_piece = Math.max(seen.largest_piece, size);
  try {
    return await real(input, init);
  } catch (error) {
    seen.failed += 1;
    throw error;
  }
};

const part: PartRecord = {
  id: randomBytes(16).toString("hex"),
  report: randomBytes(16).toString("hex"),
  kind: kind === "media" ? "media" : "section",
  order: 0,
  epoch: Number(epoch),
  size: sealed.length,
  firstSize: sealed.length,
  sha256: createHash("sha256").update(sealed).digest("hex"),
  state: "waiting",
  problem: null,
  uploads: {},
};
const store = new FileStore();
await store.add(part);

const queue: Queue = {
  held: async () => (await store.parts()).map((held) => ({ store, part: held })),
  isSealing: () => false,
  settle: async () => {},
  servers: () => [server],
  isDestroyed: () => false,
  trust: () => null,
  tell: () => {},
};

const started = performance.now();
await new Drain(queue, new Naps(), new AbortController().signal).run();
const [end] = await store.parts();
const seconds = (performance.now() - started) / 1000;
const said = { state: end?.state, problem: end?.problem, size: sealed.length, seconds, ...seen };
process.stdout.write(`${JSON.stringify(said)}\n`);
