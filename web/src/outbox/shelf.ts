/** Where parts lie: on the phone's disk, and in memory when that fails or is full. */

import { PIECE_SIZE, type WritePiece } from "../seal/media.ts";
import { type Bytes, toHex } from "../wire/bytes.ts";
import { removeDisk } from "./disk.ts";
import { MemoryStore } from "./memory.ts";
import type { PartRecord, Store, UnfinishedRecord } from "./store.ts";

/** A part and the store that holds it. */
export interface Held {
  readonly store: Store;
  readonly part: PartRecord;
}

/** What is known of a part before it is sealed. */
export type PartPlan = Pick<PartRecord, "report" | "kind" | "order" | "epoch" | "size" | "firstSize">;

const BLOB_STEP = 16 * PIECE_SIZE;

/** Both stores as one. Reading never rejects: what a broken disk holds is as if it were not there. */
export class Shelf {
  private readonly disk: Store | null;
  private readonly memory = new MemoryStore();

  constructor(disk: Store | null) {
    this.disk = disk;
  }

  /** Whether what is added next, or something added before, is only in memory. */
  get volatile(): boolean {
    return this.disk === null || this.memory.size > 0;
  }

  private get stores(): readonly Store[] {
    return this.disk === null ? [this.memory] : [this.disk, this.memory];
  }

  /** Every part. */
  async held(): Promise<Held[]> {
    const found = this.stores.map(async (store) => {
      const parts = await store.parts().catch(() => []);
      return parts.map((part) => ({ store, part }));
    });
    return (await Promise.all(found)).flat();
  }

  /**
   * Adds a part and its bytes, on disk if it takes them, else in memory. `seal` writes the pieces and returns
   * the SHA-256; it is called once more when the disk fails half way.
   *
   * @throws what `seal` throws on its own account.
   */
  async fill(plan: PartPlan, id: string, seal: (write: WritePiece) => Promise<Bytes>): Promise<PartRecord> {
    const part: PartRecord = { ...plan, id, sha256: "", state: "sealing", problem: null, uploads: {} };
    const onDisk = this.disk && (await fillOne(this.disk, part, seal));
    const filled = onDisk ?? (await fillOne(this.memory, part, seal));
    if (filled === null) throw new Error("a part could not be kept");
    return filled;
  }

  /** Keeps what a report still lacks, if anything. */
  async keepUnfinished(record: UnfinishedRecord): Promise<void> {
    if (record.missing === 0) return;
    await this.disk?.putUnfinished(record).catch(() => this.memory.putUnfinished(record));
    if (this.disk === null) await this.memory.putUnfinished(record);
  }

  /** Reports whose files were not all sealed. */
  async unfinished(): Promise<readonly UnfinishedRecord[]> {
    const found = await Promise.all(this.stores.map((store) => store.unfinished().catch(() => [])));
    return found.flat();
  }

  /** Forgets what a report lacked: it is closed. */
  async forgetUnfinished(report: string): Promise<void> {
    for (const store of this.stores) await store.forgetUnfinished(report).catch(() => undefined);
  }
  /** Deletes the reports of which every part is stored. */
  async settle(): Promise<void> {
    const held = await this.held();
    const open = new Set((await this.unfinished()).map(({ report }) => report));
    for (const { part } of held) if (part.state !== "stored") open.add(part.report);
    const done = held.filter(({ part }) => !open.has(part.report));
    for (const { store, part } of done) await store.remove(part.id).catch(() => undefined);
  }

  /** Deletes what was being sealed when its page was closed: its key is gone. */
  async discardHalfSealed(): Promise<void> {
    const half = (await this.held()).filter(({ part }) => part.state === "sealing");
    for (const { store, part } of half) await store.remove(part.id).catch(() => undefined);
  }

  /** A whole part as one blob. */
  async blob({ store, part }: Held): Promise<Blob> {
    const pieces: Blob[] = [];
    for (let at = 0; at < part.size; at += BLOB_STEP) {
      pieces.push(new Blob([await store.read(part, at, Math.min(part.size, at + BLOB_STEP))]));
    }
    return new Blob(pieces, { type: "application/octet-stream" });
  }

  /** Deletes everything; rejects when the disk does not let it. */
  async clear(): Promise<void> {
    await this.memory.clear();
    // A disk that did not open may still hold what an earlier visit left there.
    await (this.disk === null ? removeDisk() : this.disk.clear());
  }
}

/** Seals into one store; null when the store is what failed. */
async function fillOne(
  store: Store,
  part: PartRecord,
  seal: (write: WritePiece) => Promise<Bytes>,
): Promise<PartRecord | null> {
  let failing = true;
  const write: WritePiece = async (index, piece) => {
    failing = true;
    await store.putPiece(part.id, index, piece);
    failing = false;
  };
  try {
    await store.add(part);
    failing = false;
    const sha256 = toHex(await seal(write));
    failing = true;
    return await store.update(part.id, { sha256, state: "waiting" });
  } catch (error) {
    await store.remove(part.id).catch(() => undefined);
    if (failing) return null;
    throw error;
  }
}
