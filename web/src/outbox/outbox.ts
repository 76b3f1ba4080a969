/**
 * The phone outbox: takes sealed parts, keeps them through closed pages and lost networks, and sends them.
 *
 * Files are sealed piece by piece straight into storage; their keys are gone before anything is sent. What was
 * half sealed when the page was closed is worthless without its key: it is discarded and asked for again.
 */

import { browserRandom, type Random } from "../age/seal.ts";
import { type ReportSealer, resumeReport } from "../seal/report.ts";
import { drawId, type EpochChoice, type SealedPart } from "../seal/small.ts";
import type { ReceiptTrust } from "../send/receipts.ts";
import { toHex } from "../wire/bytes.ts";
import type { VerifiedManifest } from "../wire/manifest.ts";
import { openDisk } from "./disk.ts";
import { Drain, type PartStatus, statusOf } from "./drain.ts";
import { holdSealing, isSealingElsewhere } from "./locks.ts";
import { Naps, type Rest } from "./naps.ts";
import { Shelf } from "./shelf.ts";
import type { PartRecord, Store } from "./store.ts";
import { type OnSealing, Taker } from "./take.ts";

export type { PartStatus } from "./drain.ts";

/** A sealed part as a file to be carried by hand, under a random name. */
export interface SealedFile {
  readonly name: string;
  readonly blob: Blob;
}

/** The sealed parts that wait on this phone. Made by {@link openOutbox}. */
export class Outbox {
  private shelf: Shelf;
  private readonly random: Random;
  private readonly rest: Rest;
  private stop = new AbortController();
  private sealing = 0;
  private current: Drain | null = null;
  private running: Promise<void> = Promise.resolve();
  private missing = 0;
  private servers: () => readonly string[] = () => [];
  private tell: (status: PartStatus) => void = () => undefined;
  private isDestroyed: (epoch: number) => boolean = () => false;
  private trust: () => ReceiptTrust | null = () => null;

  /** @param disk storage that outlives the page, or null where there is none. */
  constructor(disk: Store | null, rest: Rest = new Naps(), random: Random = browserRandom) {
    this.shelf = new Shelf(disk);
    this.rest = rest;
    this.random = random;
  }

  /** Whether something would be lost with this page: then say "keep this page open". */
  get volatile(): boolean {
    return this.shelf.volatile;
  }

  /** How many files were chosen but not sealed to their end: ask for them again, see {@link finish}. */
  get interrupted(): number {
    return this.missing;
  }

  /** Discards what a closed page left half sealed, and counts what to ask for again. */
  async recover(): Promise<void> {
    if (await isSealingElsewhere()) return;
    await this.shelf.discardHalfSealed();
    await this.shelf.settle();
    await this.countMissing();
  }

  /**
   * Takes over a report. Its words can be sent at once; the promise resolves, with the report's random number,
   * when every file is sealed into the outbox and its key dropped.
   *
   * @throws FileUnreadable when a file could not be read; everything else is queued, see {@link interrupted}.
   * @throws Stopped after {@link forget} or {@link wipe}.
   */
  async enqueue(sealer: ReportSealer, onSealing: OnSealing = () => undefined): Promise<string> {
    const report = toHex(drawId(this.random));
    await this.whileSealing(() => this.taker().report(report, sealer, onSealing));
    return report;
  }

  /** Takes over an addition to a report sent before; returns its random number. */
  async enqueueAddition(part: SealedPart): Promise<string> {
    const report = toHex(drawId(this.random));
    await this.whileSealing(() => this.taker().small(report, "addition", 0, part));
    return report;
  }

  /**
   * Seals the files that were chosen again for an interrupted report, and its closing; with no files it is closed
   * with those it has. Returns the report's random number, null when none was interrupted.
   *
   * @throws as {@link enqueue} does.
   */
  async finish(
    files: readonly Blob[],
    manifest: VerifiedManifest,
    epoch: EpochChoice,
    onSealing: OnSealing = () => undefined,
  ): Promise<string | null> {
    const before = (await this.shelf.unfinished())[0];
    if (before === undefined) return null;
    const sealer = resumeReport(before, files, manifest, epoch, this.random);
    await this.whileSealing(() => this.taker().report(before.report, sealer, onSealing));
    return before.report;
  }

  /**
   * Sends what waits, until nothing waits and nothing is being sealed. While it runs, calling it again only
   * replaces what it is given.
   *
   * @param servers base addresses, best first; asked anew for each try.
   * @param isDestroyed whether the newest manifest says that the keys of an epoch are gone: then, and only then,
   *   one server that says so too is enough to give a part up.
   * @param trust whose receipts the newest manifest names: then nothing counts as stored without one.
   */
  drain(
    servers: () => readonly string[],
    onStatus: (status: PartStatus) => void,
    isDestroyed: (epoch: number) => boolean = () => false,
    trust: () => ReceiptTrust | null = () => null,
  ): Promise<void> {
    this.servers = servers;
    this.tell = onStatus;
    this.isDestroyed = isDestroyed;
    this.trust = trust;
    if (this.current === null || this.current.ended) {
      const queue = {
        held: () => this.shelf.held(),
        isSealing: () => this.sealing > 0,
        settle: () => this.shelf.settle(),
        servers: () => this.servers(),
        isDestroyed: (epoch: number) => this.isDestroyed(epoch),
        trust: () => this.trust(),
        tell: (status: PartStatus) => this.tell(status),
      };
      this.current = new Drain(queue, this.rest, this.stop.signal);
      this.running = this.current.run();
    }
    return this.running;
  }

  /** What is known of every part that is not stored together with its whole report. */
  async status(): Promise<PartStatus[]> {
    const held = await this.shelf.held();
    return held.map(({ part }) => {
      const state = part.state === "sealing" ? "waiting" : part.state;
      return statusOf(part, state, state === "stored" ? part.size : 0);
    });
  }

  /** How many parts no server has confirmed. */
  async pending(): Promise<number> {
    return (await this.shelf.held()).filter(({ part }) => part.state !== "stored").length;
  }

  /** The sealed parts as files, for a phone that reaches no server. */
  async sealedFiles(): Promise<SealedFile[]> {
    const held = await this.shelf.held();
    const whole = held.filter(({ part }) => part.state === "waiting" || part.state === "refused");
    const files: SealedFile[] = [];
    for (const one of whole) files.push({ name: `${one.part.id}.age`, blob: await this.shelf.blob(one) });
    return files;
  }

  /** Leave: stops sealing and sending and drops the keys in memory; what is sealed stays. */
  forget(): void {
    this.stop.abort();
    this.stop = new AbortController();
    this.current = null;
    this.tell = () => undefined;
    this.servers = () => [];
    this.rest.wake();
  }

  /** Wipe: deletes everything, sent or not. */
  async wipe(): Promise<void> {
    this.forget();
    this.missing = 0;
    const wiped = this.shelf;
    // What is still under way writes to the old shelf, which nothing reads any more.
    this.shelf = new Shelf(null);
    await wiped.clear();
  }

  private async whileSealing(job: () => Promise<void>): Promise<void> {
    const release = holdSealing();
    this.sealing++;
    try {
      await job();
    } finally {
      this.sealing--;
      release();
      await this.countMissing();
      await this.shelf.settle();
      this.rest.wake();
    }
  }

  private async countMissing(): Promise<void> {
    const unfinished = await this.shelf.unfinished();
    this.missing = unfinished.reduce((sum, { missing }) => sum + missing, 0);
  }

  private taker(): Taker {
    return new Taker(this.shelf, this.random, this.stop.signal, (part) => this.added(part));
  }

  private added(part: PartRecord): void {
    this.tell(statusOf(part, "waiting", 0));
    this.current?.added(part);
  }
}

/** Opens the phone's outbox; where the phone keeps nothing, it lives in memory ({@link Outbox.volatile}). */
export async function openOutbox(): Promise<Outbox> {
  const outbox = new Outbox(await openDisk());
  await outbox.recover();
  return outbox;
}
