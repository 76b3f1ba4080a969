/**
 * Puzzles that busy servers asked for, solved one after the other beside everything else, in slices that leave the page
 * usable. In memory only: after a reload they are solved again.
 */

import { browserRandom } from "../age/seal.ts";
import { drawId } from "../seal/small.ts";
import type { Bytes } from "../wire/bytes.ts";
import { type Puzzle, Solver } from "../wire/puzzle.ts";

const SLICE_MILLISECONDS = 50;
/** Puzzles for one part within an hour: a server that never has enough must not keep a phone at work. */
const PUZZLES_MAX = 8;
/** A puzzle holds one to two hours. Counted for ever, a phone on bad lines would one day never solve again. */
const HOUR_MILLISECONDS = 3_600_000;

/** Lets everything else on the page happen. Not by a timer: those of a page in the background wait for a second. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** What is to be solved for a part. */
export interface Work {
  readonly part: string;
  readonly puzzle: Puzzle;
  /** 16 bytes, or null for an upload, which gets random ones. */
  readonly subject: Bytes | null;
  /** Size in bytes of the sealed object. */
  readonly size: number;
  /** Told the share that is done, 0 to 1, from the moment when solving begins. */
  tell(share: number): void;
  /** Called once when it is done; never after the signal. */
  solved(): void;
}

/** What the parts of an outbox have proved. */
export class Proofs {
  private readonly headers = new Map<string, string>();
  private readonly begun = new Map<string, readonly number[]>();
  private readonly solving = new Set<string>();
  private turn: Promise<void> = Promise.resolve();
  private readonly signal: AbortSignal;
  private readonly now: () => number;

  /** @param now milliseconds since any moment. */
  constructor(signal: AbortSignal, now: () => number = Date.now) {
    this.signal = signal;
    this.now = now;
  }

  /** Whether anything is being solved or waits for its turn. */
  get busy(): boolean {
    return this.solving.size > 0;
  }

  /** Whether a part waits for its puzzle. */
  isSolving(part: string): boolean {
    return this.solving.has(part);
  }

  /** The `Intake-Work` header of a part, once it has one. */
  header(part: string): string | undefined {
    return this.headers.get(part);
  }

  /** Solves for a part after those before it; false when that was asked for too often. */
  start(work: Work): boolean {
    const { part, puzzle, subject, size } = work;
    const now = this.now();
    const lately = (this.begun.get(part) ?? []).filter((at) => Math.abs(now - at) < HOUR_MILLISECONDS);
    if (lately.length >= PUZZLES_MAX) return false;
    this.begun.set(part, [...lately, now]);
    const solver = new Solver(puzzle, subject ?? drawId(browserRandom), size);
    this.solving.add(part);
    this.turn = this.turn.then(() => this.solve(work, solver));
    return true;
  }

  private async solve({ part, tell, solved }: Work, solver: Solver): Promise<void> {
    let told = 0;
    if (!this.signal.aborted) tell(told);
    while (!this.signal.aborted && !solver.work(SLICE_MILLISECONDS)) {
      if (solver.share > told) tell(solver.share);
      told = solver.share;
      await pause();
    }
    this.solving.delete(part);
    if (this.signal.aborted) return;
    this.headers.set(part, solver.header());
    solved();
  }
}
