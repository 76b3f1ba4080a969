/**
 * What an outbox keeps on the phone: sealed bytes, and an index of random numbers. No word, no file name, no
 * original size, no time, no order of arrival, no key.
 */

import type { Bytes } from "../wire/bytes.ts";

/** What a part is to its report. */
export type PartKind = "section" | "media" | "closing" | "addition";

/** One sealed object. Records of another state than `sealing` are whole. */
export interface PartRecord {
  /** The object id, 32 hex. */
  readonly id: string;
  /** Random number of the report on this phone, 32 hex; not the report id inside. */
  readonly report: string;
  readonly kind: PartKind;
  /** Place among the parts of its report. */
  readonly order: number;
  /** The epoch label. */
  readonly epoch: number;
  /** Size in bytes of the sealed object. */
  readonly size: number;
  /** Size in bytes of piece 0; all others but the last are PIECE_SIZE. */
  readonly firstSize: number;
  /** SHA-256 of the sealed object, 64 hex; empty while it is being sealed. */
  readonly sha256: string;
  readonly state: "sealing" | "waiting" | "stored" | "refused";
  /** Why it was refused: a name of SPEC.md section 7. */
  readonly problem: string | null;
  /** Server -> number of the upload there. */
  readonly uploads: Readonly<Record<string, string>>;
}

/** What is needed to seal the files that a report still lacks; random numbers and hashes only. */
export interface UnfinishedRecord {
  readonly report: string;
  readonly reportId: Bytes;
  readonly nextSequence: number;
  readonly entries: readonly { readonly partId: Bytes; readonly size: number; readonly sha256: Bytes }[];
  /** How many files are missing. */
  readonly missing: number;
}

/** The record of a part went away: it was wiped, or discarded as half sealed by another tab. */
export class PartGone extends Error {
  override readonly name = "PartGone";
}

/** Keeps parts; every method may reject when the phone's storage fails. */
export interface Store {
  /** Adds a part without bytes. */
  add(part: PartRecord): Promise<void>;
  /** Adds piece number `index` of a part; rejects with {@link PartGone} when there is no such part. */
  putPiece(id: string, index: number, piece: Bytes): Promise<void>;
  /** Reads bytes `from` to `to` of a sealed object. */
  read(part: PartRecord, from: number, to: number): Promise<Bytes>;
  /** Changes a part; null when it is gone. */
  update(id: string, change: Partial<PartRecord>): Promise<PartRecord | null>;
  parts(): Promise<readonly PartRecord[]>;
  /** Deletes a part with its bytes. */
  remove(id: string): Promise<void>;
  /** Keeps what is missing of a report; with `missing` 0 forgets it. */
  putUnfinished(record: UnfinishedRecord): Promise<void>;
  unfinished(): Promise<readonly UnfinishedRecord[]>;
  forgetUnfinished(report: string): Promise<void>;
  /** Deletes everything. */
  clear(): Promise<void>;
}
