/** An outbox store for phones that cannot keep anything: sealed bytes live as long as the page. */

import type { Bytes } from "../wire/bytes.ts";
import { readRange } from "./pieces.ts";
import { PartGone, type PartRecord, type Store, type UnfinishedRecord } from "./store.ts";

/** Keeps sealed bytes as blobs, which browsers may move out of memory. */
export class MemoryStore implements Store {
  private readonly records = new Map<string, PartRecord>();
  private readonly pieces = new Map<string, Blob[]>();
  private readonly reports = new Map<string, UnfinishedRecord>();

  /** How many parts are here. */
  get size(): number {
    return this.records.size;
  }

  add(part: PartRecord): Promise<void> {
    this.records.set(part.id, part);
    this.pieces.set(part.id, []);
    return Promise.resolve();
  }

  async putPiece(id: string, index: number, piece: Bytes): Promise<void> {
    const pieces = this.pieces.get(id);
    if (pieces === undefined) throw new PartGone("a part is gone");
    pieces[index] = new Blob([piece]);
  }

  read(part: PartRecord, from: number, to: number): Promise<Bytes> {
    return readRange(part.firstSize, from, to, async (index) => {
      const blob = this.pieces.get(part.id)?.[index];
      return blob && new Uint8Array(await new Response(blob).arrayBuffer());
    });
  }

  async update(id: string, change: Partial<PartRecord>): Promise<PartRecord | null> {
    const part = this.records.get(id);
    if (part === undefined) return null;
    const changed = { ...part, ...change };
    this.records.set(id, changed);
    return changed;
  }

  async parts(): Promise<readonly PartRecord[]> {
    return Array.from(this.records.values());
  }

  async remove(id: string): Promise<void> {
    this.records.delete(id);
    this.pieces.delete(id);
  }

  async putUnfinished(record: UnfinishedRecord): Promise<void> {
    this.reports.set(record.report, record);
  }

  async unfinished(): Promise<readonly UnfinishedRecord[]> {
    return Array.from(this.reports.values());
  }

  async forgetUnfinished(report: string): Promise<void> {
    this.reports.delete(report);
  }

  async clear(): Promise<void> {
    for (const map of [this.records, this.pieces, this.reports]) map.clear();
  }
}
