/**
 * The page of `tests/bench seal` and `tests/bench open`: our sealer and reader, and typage, each taking
 * 64 KiB at a time from bytes in memory and copying what comes out into memory touched before.
 */

import { Decrypter, Encrypter } from "age-encryption";
import type { Bytes } from "../../src/age/bytes.ts";
import { HybridIdentity } from "../../src/age/hybrid.ts";
import { openChunks } from "../../src/age/open.ts";
import { browserRandom, sealer } from "../../src/age/seal.ts";
import { CHUNK_SIZE } from "../../src/generated/constants.ts";

/** Key of a job: the 1,216 or 32 bytes ours takes as hex, and the text typage takes. */
interface Key {
  readonly hex: string;
  readonly text: string;
}

// A header and the tags of the chunks, with room to spare.
const SEALED_GROWTH = 1.01;
const SEALED_GROWTH_FIXED = 65_536;

let source: Bytes = new Uint8Array(0);
let sink: Bytes = new Uint8Array(0);
let filled = 0;

function bytesOfHex(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function put(part: Uint8Array): void {
  sink.set(part, filled);
  filled += part.length;
}

async function putAll(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) put(next.value);
}

function sourceStream(): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= source.length) return controller.close();
      controller.enqueue(source.subarray(at, at + CHUNK_SIZE));
      at += CHUNK_SIZE;
    },
  });
}

function sealOurs({ hex }: Key): void {
  const started = sealer([bytesOfHex(hex)], browserRandom);
  put(started.header);
  for (let index = 0, at = 0; at < source.length; index++, at += CHUNK_SIZE) {
    const last = at + CHUNK_SIZE >= source.length;
    put(started.chunk(index, source.subarray(at, at + CHUNK_SIZE), last));
  }
  started.drop();
}

async function sealTypage({ text }: Key): Promise<void> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(text);
  await putAll(await encrypter.encrypt(sourceStream()));
}

function openOurs({ hex }: Key): void {
  for (const chunk of openChunks(source, [new HybridIdentity(bytesOfHex(hex))])) put(chunk);
}

async function openTypage({ text }: Key): Promise<void> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(text);
  await putAll(await decrypter.decrypt(sourceStream()));
}

const JOBS = {
  "seal-ours": sealOurs,
  "seal-typage": sealTypage,
  "open-ours": openOurs,
  "open-typage": openTypage,
};

/** Fetches the `size` bytes all jobs start from. */
async function load(size: number): Promise<void> {
  source = new Uint8Array(size);
  sink = new Uint8Array(Math.ceil(size * SEALED_GROWTH) + SEALED_GROWTH_FIXED).fill(1);
  const reader = (await fetch("/source")).body?.getReader();
  let at = 0;
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) {
    source.set(next.value, at);
    at += next.value.length;
  }
  if (at !== size) throw new Error(`${at} bytes instead of ${size}`);
}

/** Does one job and returns its milliseconds. */
async function run(name: keyof typeof JOBS, key: Key): Promise<number> {
  filled = 0;
  const started = performance.now();
  await JOBS[name](key);
  return performance.now() - started;
}

/** Hands the last job's result over, to be checked. */
async function send(): Promise<void> {
  await fetch("/result", { method: "POST", body: sink.subarray(0, filled) });
}

Object.assign(globalThis, { bench: { load, run, send } });
