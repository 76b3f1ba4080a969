/** Taking a report into the outbox: its words at once, then file after file, last the closing. */

import type { Random } from "../age/seal.ts";
import { FileUnreadable } from "../seal/errors.ts";
import type { MediaSealer } from "../seal/media.ts";
import type { ReportSealer } from "../seal/report.ts";
import { drawId, type SealedPart } from "../seal/small.ts";
import { toHex } from "../wire/bytes.ts";
import type { Shelf } from "./shelf.ts";
import type { PartKind, PartRecord } from "./store.ts";

/** Told how many sealed bytes of the files are made, and how many there will be. */
export type OnSealing = (done: number, total: number) => void;

/** The person left or wiped while a file was being sealed. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Takes parts until `signal` stops it; `added` is told of each whole one. */
export class Taker {
  private readonly shelf: Shelf;
  private readonly random: Random;
  private readonly signal: AbortSignal;
  private readonly added: (part: PartRecord) => void;

  constructor(shelf: Shelf, random: Random, signal: AbortSignal, added: (part: PartRecord) => void) {
    this.shelf = shelf;
    this.random = random;
    this.signal = signal;
    this.added = added;
  }

  /**
   * Takes a whole report under the number `report`.
   *
   * @throws FileUnreadable when a file could not be read: the others are taken, the closing is not made.
   * @throws Stopped when told to stop.
   */
  async report(report: string, sealer: ReportSealer, onSealing: OnSealing): Promise<void> {
    if (sealer.section !== null) await this.small(report, "section", 0, sealer.section);
    if (!sealer.needsClosing) return;
    await this.shelf.keepUnfinished({ report, ...sealer.progress });
    const unreadable = await this.files(report, sealer, onSealing);
    if (unreadable !== null) throw unreadable;
    await this.small(report, "closing", sealer.handle.nextSequence - 1, sealer.closing());
    await this.shelf.forgetUnfinished(report);
  }

  /** Takes a section, an addition or a closing. */
  async small(report: string, kind: PartKind, order: number, part: SealedPart): Promise<void> {
    const { objectId, epoch, sealed, sha256 } = part;
    const plan = { report, kind, order, epoch, size: sealed.length, firstSize: sealed.length };
    const kept = await this.shelf.fill(plan, toHex(objectId), async (write) => {
      await write(0, sealed);
      return sha256;
    });
    this.added(kept);
  }

  private async files(
    report: string,
    sealer: ReportSealer,
    onSealing: OnSealing,
  ): Promise<FileUnreadable | null> {
    const total = sealer.media.reduce((sum, { size }) => sum + size, 0);
    let unreadable: FileUnreadable | null = null;
    let done = 0;
    for (const media of sealer.media) {
      try {
        await this.file(report, sealer, media, (sealed) => onSealing(done + sealed, total));
      } catch (error) {
        if (!(error instanceof FileUnreadable)) throw error;
        unreadable = error;
      }
      done += media.size;
      // Not after the last: with its entry kept and the closing not yet made, nothing would ask for a closing.
      await this.shelf.keepUnfinished({ report, ...sealer.progress });
    }
    return unreadable;
  }

  private async file(
    report: string,
    sealer: ReportSealer,
    media: MediaSealer,
    onSealed: (sealed: number) => void,
  ): Promise<void> {
    const { epoch, size, firstSize, sequence } = media;
    const plan = { report, kind: "media", order: sequence, epoch, size, firstSize } as const;
    const kept = await this.shelf.fill(plan, toHex(drawId(this.random)), async (write) => {
      let sealed = 0;
      const entry = await sealer.sealMedia(media, async (index, piece) => {
        if (this.signal.aborted) throw new Stopped("sealing was stopped");
        await write(index, piece);
        sealed += piece.length;
        onSealed(sealed);
      });
      return entry.sha256;
    });
    this.added(kept);
  }
}
