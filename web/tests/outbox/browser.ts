/** What tests/web/test_outbox.py calls inside a real browser, where the outbox lies in IndexedDB. */

import { openDB } from "idb";
import { browserRandom } from "../../src/age/seal.ts";
import { openDisk } from "../../src/outbox/disk.ts";
import { Outbox, openOutbox } from "../../src/outbox/outbox.ts";
import { sealReport } from "../../src/seal/report.ts";
import { parseManifest, verifyManifest } from "../../src/wire/manifest.ts";
import { goodFields, ROOTS, signed } from "../wire/manifests.ts";
import { CONTRACT } from "./contract.ts";

const MANIFEST = verifyManifest(parseManifest(signed(goodFields())), ROOTS);

function file(size: number): Blob {
  return new Blob([new Uint8Array(size).fill(7)], { type: "video/mp4" });
}

function report(...files: Blob[]) {
  const answers = new Map([["story", "жол"]]);
  const draft = { form: "saw", lang: "kk", made: "", answers, files, code: null, epoch: "epoch" } as const;
  return sealReport(draft, MANIFEST, browserRandom);
}

/** Runs the store contract; returns the checks that failed. */
async function contract(): Promise<string[]> {
  const failed: string[] = [];
  for (const [name, check] of CONTRACT) {
    const store = await openDisk();
    if (store === null) return ["there is no disk store"];
    await check(store).catch((error: Error) => failed.push(`${name}: ${error.message}`));
    await store.clear();
  }
  return failed;
}

/** Starts sealing a report with one file and returns when `share` of it is sealed; the rest is never read. */
async function sealUntil(size: number, share: number): Promise<void> {
  const outbox = await openOutbox();
  const slow = file(size);
  let stuck = false;
  const slice = slow.slice.bind(slow);
  // A stream that never ends: what reads it waits for ever, however slow the machine is.
  slow.slice = (...range) => (stuck ? (new ReadableStream() as unknown as Blob) : slice(...range));
  await new Promise<void>((resolve, reject) => {
    const told = (done: number, total: number) => {
      stuck ||= done >= share * total;
      if (stuck) resolve();
    };
    outbox.enqueue(report(slow), told).then(() => resolve(), reject);
  });
}

/** Opens the outbox anew and says what is in it. */
async function look() {
  const outbox = await openOutbox();
  const store = await openDisk();
  const parts = (await store?.parts()) ?? [];
  const { volatile, interrupted } = outbox;
  return { volatile, interrupted, parts: parts.map(({ kind, state }) => `${kind} ${state}`).sort() };
}

/** Seals the missing file of the interrupted report; returns the sizes of all sealed files. */
async function finish(size: number): Promise<number[]> {
  const outbox = await openOutbox();
  await outbox.finish([file(size)], MANIFEST, "epoch");
  return (await outbox.sealedFiles()).map(({ blob }) => blob.size).sort((left, right) => left - right);
}

/** Wipes; returns the milliseconds it took. */
async function wipe(): Promise<number> {
  const outbox = await openOutbox();
  const started = performance.now();
  await outbox.wipe();
  return performance.now() - started;
}

/** Wipes as a page does whose browser did not open the disk store in time. */
async function wipeUnopened(): Promise<void> {
  await new Outbox(null).wipe();
}

/** Leaves a store of a version that this page cannot open, as another page of the same origin may. */
async function plantNewer(): Promise<void> {
  (await openDB("outbox", 99)).close();
}

/** Seals a report with one file; returns the milliseconds it took. */
async function sealWhole(size: number): Promise<number> {
  const outbox = await openOutbox();
  const sealer = report(file(size));
  const started = performance.now();
  await outbox.enqueue(sealer);
  return performance.now() - started;
}

Object.assign(globalThis, { contract, sealUntil, look, finish, wipe, wipeUnopened, plantNewer, sealWhole });
