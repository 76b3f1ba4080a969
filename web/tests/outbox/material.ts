/** Reports to send, and a check that a server holds one whole. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { open } from "../../src/age/open.ts";
import { browserRandom } from "../../src/age/seal.ts";
import { KIND_CLOSING, KIND_MEDIA, KIND_SECTION } from "../../src/generated/constants.ts";
import type { Rest } from "../../src/outbox/naps.ts";
import { Outbox, type PartStatus } from "../../src/outbox/outbox.ts";
import { type Draft, type ReportSealer, sealReport } from "../../src/seal/report.ts";
import { type Bytes, toHex } from "../../src/wire/bytes.ts";
import type { ClosingFrame, Frame } from "../../src/wire/frame.ts";
import { parseManifest, verifyManifest } from "../../src/wire/manifest.ts";
import { unpack } from "../../src/wire/unframe.ts";
import { bytesOf } from "../age/material.ts";
import { epochIdentity, goodFields, ROOTS, signed } from "../wire/manifests.ts";
import type { TestIntake } from "./intake.ts";

export const MANIFEST = verifyManifest(parseManifest(signed(goodFields())), ROOTS);

/** Sleeps no longer than a turn of the event loop, and keeps what it was asked for. */
export class ShortRest implements Rest {
  readonly asked: number[] = [];

  async sleep(milliseconds: number): Promise<boolean> {
    this.asked.push(milliseconds);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
    return false;
  }

  wake(): void {}
}

const TILE = bytesOf("tile", 65_521);

/** What a file of `size` bytes holds. */
export function content(size: number): Bytes {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += TILE.length) bytes.set(TILE.subarray(0, size - at), at);
  for (let at = 0; at < size; at += 4096) bytes[at] = at / 4096;
  return bytes;
}

/** A file of `size` bytes. */
export function file(size: number): Blob {
  return new Blob([content(size)], { type: "image/jpeg" });
}

/** A sealed report with these files. */
export function report(...files: Blob[]): ReportSealer {
  const answers = new Map([["story", "екі жол"]]);
  const draft: Draft = { form: "saw", lang: "kk", made: "", answers, files, code: null, epoch: "epoch" };
  return sealReport(draft, MANIFEST, browserRandom);
}

/** An outbox in memory that follows what it is told. */
export function following(outbox = new Outbox(null, new ShortRest())) {
  const told: PartStatus[] = [];
  const drain = (...servers: string[]) =>
    outbox.drain(
      () => servers,
      (status) => told.push(status),
    );
  const states = (kind: PartStatus["kind"]) =>
    told.filter((one) => one.kind === kind).map(({ state }) => state);
  return { outbox, told, drain, states };
}

function frames(intake: TestIntake): Frame[] {
  const identity = epochIdentity("epoch", 0);
  return Array.from(intake.objects.values(), (sealed) => unpack(open(sealed, [identity])));
}

function hash(sealed: Buffer): string {
  return createHash("sha256").update(sealed).digest("hex");
}

/** Asserts that a server holds the report that was sent: its closing names exactly what is there. */
export function assertWhole(intake: TestIntake, ...contents: Bytes[]): void {
  const all = frames(intake);
  const closing = all.find((frame): frame is ClosingFrame => frame.kind === KIND_CLOSING);
  assert.equal(all.filter(({ kind }) => kind === KIND_SECTION).length, 1);
  const media = all.flatMap((frame) => (frame.kind === KIND_MEDIA ? [frame] : []));
  media.sort((left, right) => left.sequence - right.sequence);
  assert.deepEqual(
    media.map(({ body }) => body),
    contents,
  );
  const named = (closing?.entries ?? []).map(({ sha256 }) => toHex(sha256)).sort();
  const others = Array.from(intake.objects.values(), hash).filter((_, i) => all[i] !== closing);
  assert.deepEqual(named, closing === undefined ? [] : others.sort());
  assert.equal(closing === undefined, contents.length === 0);
}
