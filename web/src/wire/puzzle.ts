/** The client puzzle (SPEC.md section 13): work that a busy server asks for, so that a flood costs its sender more. */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  LABEL_PUZZLE,
  PUZZLE_BASE_BITS,
  PUZZLE_BITS_MAX,
  PUZZLE_PARTS,
  PUZZLE_SEED_SIZE,
} from "../generated/constants.ts";
import { ascii, type Bytes, concat, fromHex, toBase64, u32, u64 } from "./bytes.ts";
import type { JsonObject } from "./strictjson.ts";

/** Nonces that share their first 6 bytes, and with them the first block of the hash. */
const LOW = 65_536;
const HIGH = 2 ** 32;
/** Hashes between two looks at the clock. */
const BURST = 512;

/** Padding of a message of 66 bytes: its second block is two bytes of the nonce, a one bit, zeros, and 528 bits. */
const PADDING: readonly (readonly [number, number])[] = [
  [2, 0x80],
  [62, 0x02],
  [63, 0x10],
];

/** noble's compression function by itself: padding and copying each time would take as long again. */
interface Compressing {
  /** First word of the state. */
  readonly A: number;
  process(view: DataView, offset: number): void;
}

/** What a server asks for. */
export interface Puzzle {
  readonly window: number;
  /** 16 bytes. */
  readonly seed: Bytes;
  /** Zero bits that the hash of each part must begin with. */
  readonly bits: number;
}

/** The puzzle in a problem's body; null when there is none, or one that would keep the phone at work for ever. */
export function readPuzzle(json: JsonObject | null | undefined): Puzzle | null {
  const [window, seed, bits] = ["window", "seed", "bits"].map((name) => json?.get(name));
  if (typeof window !== "number" || window >= HIGH || typeof seed !== "string" || typeof bits !== "number")
    return null;
  if (bits < PUZZLE_BASE_BITS || bits > PUZZLE_BITS_MAX) return null;
  try {
    return { window, seed: fromHex(seed, PUZZLE_SEED_SIZE), bits };
  } catch {
    return null;
  }
}

/** A puzzle being solved for one object, a little at a time. */
export class Solver {
  private readonly puzzle: Puzzle;
  private readonly subject: Bytes;
  private readonly prefix: Bytes;
  private readonly nonces: number[] = [];
  private readonly scratch = sha256.create();
  private readonly compressing = this.scratch as unknown as Compressing;
  private nonce = 0;

  /** @param subject 16 bytes: a report's object id, or those an upload is to be made from. */
  constructor(puzzle: Puzzle, subject: Bytes, size: number) {
    this.puzzle = puzzle;
    this.subject = subject;
    this.prefix = concat(ascii(LABEL_PUZZLE), puzzle.seed, subject, u64(size));
  }

  /** Share of the parts that are solved, 0 to 1. */
  get share(): number {
    return this.nonces.length / PUZZLE_PARTS;
  }

  /** Works for about `milliseconds`; true once everything is solved. */
  work(milliseconds: number): boolean {
    const end = performance.now() + milliseconds;
    while (this.nonces.length < PUZZLE_PARTS && performance.now() < end) this.burst();
    return this.nonces.length === PUZZLE_PARTS;
  }

  /** The value of the `Intake-Work` header; only once everything is solved. */
  header(): string {
    const { window, bits } = this.puzzle;
    return toBase64(concat(u32(window), Uint8Array.of(bits), this.subject, ...this.nonces.map(u64)));
  }

  private burst(): void {
    const high = Math.floor(this.nonce / LOW);
    // The first 64 bytes stay for 65,536 nonces: hashing them once makes this four times faster.
    const head = concat(this.prefix, Uint8Array.of(this.nonces.length), u64(high).subarray(2));
    const state = sha256.create().update(head);
    const block = new Uint8Array(64);
    for (const [at, byte] of PADDING) block[at] = byte;
    const view = new DataView(block.buffer);
    const shift = 32 - this.puzzle.bits;
    for (const end = this.nonce + BURST; this.nonce < end; this.nonce++) {
      view.setUint16(0, this.nonce % LOW);
      state._cloneInto(this.scratch);
      this.compressing.process(view, 0);
      if (this.compressing.A >>> shift === 0) {
        this.nonces.push(this.nonce);
        this.nonce = 0;
        return;
      }
    }
  }
}
