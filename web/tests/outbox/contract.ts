/**
 * What every outbox store must do, without anything of Node's: run on the memory store here, and on the
 * IndexedDB store inside a browser.
 */

import { PartGone, type PartRecord, type Store, type UnfinishedRecord } from "../../src/outbox/store.ts";
import { PIECE_SIZE } from "../../src/seal/media.ts";
import { type Bytes, concat, equal } from "../../src/wire/bytes.ts";

/** A named check; it throws when the store fails it. */
export type Check = readonly [name: string, check: (store: Store) => Promise<void>];

function assert(good: boolean, what: string): asserts good {
  if (!good) throw new Error(what);
}

function fill(size: number, seed: number): Bytes {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 7 + seed) & 0xff);
}

function part(id: string, size: number, firstSize: number): PartRecord {
  const fixed = { report: "r", kind: "media", order: 2, epoch: 1, sha256: "", state: "sealing" } as const;
  return { ...fixed, id, size, firstSize, problem: null, uploads: {} };
}

const FIRST = 3200 + PIECE_SIZE;
const PIECES = [fill(FIRST, 1), fill(PIECE_SIZE, 2), fill(1000, 3)] as const;
const WHOLE = concat(...PIECES);

async function added(store: Store, id: string): Promise<PartRecord> {
  const record = part(id, WHOLE.length, FIRST);
  await store.add(record);
  for (const [index, piece] of PIECES.entries()) await store.putPiece(id, index, piece);
  return record;
}

async function rejects(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    (error: unknown) => error,
  );
}

export const CONTRACT: readonly Check[] = [
  [
    "reads any range across pieces",
    async (store) => {
      const record = await added(store, "a");
      const edges = [
        0,
        1,
        3200,
        FIRST - 1,
        FIRST,
        FIRST + 1,
        FIRST + PIECE_SIZE,
        WHOLE.length - 1,
        WHOLE.length,
      ];
      for (const from of edges) {
        for (const to of edges.filter((one) => one >= from)) {
          const read = await store.read(record, from, to);
          assert(equal(read, WHOLE.slice(from, to)), `${from} to ${to}`);
        }
      }
    },
  ],
  [
    "rejects a range it has no bytes for",
    async (store) => {
      const record = await added(store, "a");
      const beyond = { ...record, size: WHOLE.length + 1 };
      assert(
        (await rejects(store.read(beyond, 0, beyond.size))) instanceof Error,
        "it read what is not there",
      );
    },
  ],
  [
    "changes a part and keeps the rest of it",
    async (store) => {
      await added(store, "a");
      const changed = await store.update("a", { state: "waiting", uploads: { server: "number" } });
      const [found, ...others] = await store.parts();
      assert(others.length === 0 && found?.id === "a" && found.order === 2, "the part is not there");
      assert(
        found.state === "waiting" && Object.values(found.uploads).join() === "number",
        "the change is not there",
      );
      assert(JSON.stringify(changed) === JSON.stringify(found), "it told another change");
    },
  ],
  [
    "removes a part with its bytes and no other",
    async (store) => {
      const record = await added(store, "a");
      const other = await added(store, "b");
      await store.remove("a");
      assert((await store.parts()).map(({ id }) => id).join() === "b", "the wrong part is gone");
      assert((await rejects(store.read(record, 0, 1))) instanceof Error, "its bytes are still there");
      assert(equal(await store.read(other, 0, other.size), WHOLE), "the other's bytes are gone");
    },
  ],
  [
    "takes no piece and no change for a part that is gone, and does not bring it back",
    async (store) => {
      await added(store, "a");
      await store.remove("a");
      assert((await rejects(store.putPiece("a", 0, PIECES[0]))) instanceof PartGone, "it took a piece");
      assert((await store.update("a", { state: "waiting" })) === null, "it took a change");
      assert((await store.parts()).length === 0, "the part is back");
    },
  ],
  [
    "keeps and forgets what a report lacks",
    async (store) => {
      const entry = { partId: fill(16, 1), size: 5, sha256: fill(32, 2) };
      const lacks = (report: string, missing: number): UnfinishedRecord => {
        return { report, reportId: fill(16, 3), nextSequence: 4, entries: [entry], missing };
      };
      await store.putUnfinished(lacks("r", 2));
      await store.putUnfinished(lacks("r", 1));
      await store.putUnfinished(lacks("s", 1));
      await store.forgetUnfinished("s");
      const [found, ...others] = await store.unfinished();
      assert(
        others.length === 0 && found?.missing === 1 && found.nextSequence === 4,
        "it is not what was kept",
      );
      assert(equal(found.entries[0]?.partId ?? fill(1, 0), entry.partId), "the bytes are others");
    },
  ],
  [
    "is empty after clearing",
    async (store) => {
      await added(store, "a");
      await store.clear();
      const left = await store.parts().catch(() => []);
      assert(left.length === 0, "something is left");
    },
  ],
];
