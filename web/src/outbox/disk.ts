/** The outbox store in IndexedDB. */

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import type { Bytes } from "../wire/bytes.ts";
import { readRange } from "./pieces.ts";
import { PartGone, type PartRecord, type Store, type UnfinishedRecord } from "./store.ts";

const NAME = "outbox";
const VERSION = 1;
/** How long in milliseconds opening may take: some browsers neither open nor fail. */
const PATIENCE = 4000;

interface Schema extends DBSchema {
  parts: { key: string; value: PartRecord };
  pieces: { key: [string, number]; value: Bytes };
  unfinished: { key: string; value: UnfinishedRecord };
}

function upgrade(database: IDBPDatabase<Schema>): void {
  database.createObjectStore("parts", { keyPath: "id" });
  database.createObjectStore("pieces");
  database.createObjectStore("unfinished", { keyPath: "report" });
}

/** All pieces of a part. */
function allOf(id: string): IDBKeyRange {
  return IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER]);
}

/** Keeps sealed bytes in IndexedDB; made by {@link openDisk}. */
export class DiskStore implements Store {
  private readonly database: IDBPDatabase<Schema>;

  constructor(database: IDBPDatabase<Schema>) {
    this.database = database;
  }

  async add(part: PartRecord): Promise<void> {
    await this.database.put("parts", part);
  }

  async putPiece(id: string, index: number, piece: Bytes): Promise<void> {
    const change = this.database.transaction(["parts", "pieces"], "readwrite");
    const known = await change.objectStore("parts").getKey(id);
    if (known !== undefined) await change.objectStore("pieces").put(piece, [id, index]);
    await change.done;
    if (known === undefined) throw new PartGone("a part is gone");
  }

  read(part: PartRecord, from: number, to: number): Promise<Bytes> {
    return readRange(part.firstSize, from, to, (index) => this.database.get("pieces", [part.id, index]));
  }

  async update(id: string, change: Partial<PartRecord>): Promise<PartRecord | null> {
    const writing = this.database.transaction("parts", "readwrite");
    const part = await writing.store.get(id);
    const changed = part === undefined ? null : { ...part, ...change };
    if (changed !== null) await writing.store.put(changed);
    await writing.done;
    return changed;
  }

  parts(): Promise<readonly PartRecord[]> {
    return this.database.getAll("parts");
  }

  async remove(id: string): Promise<void> {
    const change = this.database.transaction(["parts", "pieces"], "readwrite");
    await change.objectStore("pieces").delete(allOf(id));
    await change.objectStore("parts").delete(id);
    await change.done;
  }

  async putUnfinished(record: UnfinishedRecord): Promise<void> {
    await this.database.put("unfinished", record);
  }

  unfinished(): Promise<readonly UnfinishedRecord[]> {
    return this.database.getAll("unfinished");
  }

  async forgetUnfinished(report: string): Promise<void> {
    await this.database.delete("unfinished", report);
  }

  async clear(): Promise<void> {
    this.database.close();
    await removeDisk();
  }
}

/** Deletes the store, also one that {@link openDisk} could not open: too slow, or of another version. */
export async function removeDisk(): Promise<void> {
  try {
    // Some browsers throw at the mere look when site data is blocked.
    if (typeof indexedDB === "undefined") return;
  } catch {
    return;
  }
  await deleteDB(NAME);
}

function late(): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(resolve, PATIENCE, null);
  });
}

/** Opens the store; null where the browser has none, refuses it, or does not answer. */
export async function openDisk(): Promise<DiskStore | null> {
  try {
    // Some browsers throw at the mere look when site data is blocked.
    if (typeof indexedDB === "undefined") return null;
    const opening = openDB<Schema>(NAME, VERSION, {
      upgrade,
      // Another tab wipes everything: do not stand in its way.
      blocking: (_old, _new, event) => (event.target as IDBDatabase).close(),
    });
    const database = await Promise.race([opening, late()]);
    if (database === null) {
      opening.then((opened) => opened.close()).catch(() => undefined);
      return null;
    }
    return new DiskStore(database);
  } catch {
    return null;
  }
}
