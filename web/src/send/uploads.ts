/**
 * Media over tus 1.0 (core and creation; SPEC.md section 7): in pieces that grow and shrink with the network,
 * going on after any failure from where the server says it is.
 */

import { EPOCH_HEADER, RECEIPT_HEADER } from "../generated/constants.ts";
import { type Bytes, toBase64 } from "../wire/bytes.ts";
import { type Answer, failureOf, Later, NoAnswer, request, workHeader } from "./http.ts";

const STEP_MIN = 65_536;
const STEP_MAX = 8 * 1024 * 1024;
const STEP_FIRST = 262_144;
const QUICK_MILLISECONDS = 4000;
const SLOW_MILLISECONDS = 16_000;
const ID_DIGITS = 32;
/** Added to what a request should take: a black-out of some seconds must not cost it. */
const PATIENCE_BASE = 15_000;
const PATIENCE_TIMES = 4;
const TUS = { "Tus-Resumable": "1.0.0" };

/** How many bytes go in one request: doubled after a quick one, halved after a slow or failed one. */
export class Pace {
  step = STEP_FIRST;
  private perByte: number | null = null;
  private lost = 0;

  /**
   * How long in milliseconds to wait for a request with so many bytes, undefined while nothing is known: a carrier
   * that forgot the connection never says so. Doubled after each loss, for the network may have become slower.
   */
  patience(bytes: number): number | undefined {
    if (this.perByte === null) return undefined;
    return (PATIENCE_BASE + PATIENCE_TIMES * this.perByte * bytes) * 2 ** this.lost;
  }

  /** Told when a question was not answered in time. */
  lose(): void {
    this.lost += 1;
  }

  /** @param milliseconds how long the last request took, with so many bytes; Infinity when it failed. */
  learn(milliseconds: number, bytes = 0): void {
    this.lost = bytes > 0 ? 0 : this.lost + 1;
    if (bytes > 0) this.perByte = milliseconds / bytes;
    if (milliseconds < QUICK_MILLISECONDS) this.step = Math.min(STEP_MAX, this.step * 2);
    if (milliseconds > SLOW_MILLISECONDS) this.step = Math.max(STEP_MIN, this.step / 2);
  }
}

/** A sealed file to upload. */
export interface Upload {
  readonly epoch: number;
  /** Size in bytes of the sealed object. */
  readonly size: number;
  /** Its SHA-256. */
  readonly sha256: Bytes;
  /** Number of the upload at this server from an earlier try: 32 hex. */
  readonly known: string | undefined;
  /** The solution of its puzzle, where one was asked for. */
  readonly work: string | undefined;
  /** Reads sealed bytes. */
  read(from: number, to: number): Promise<Bytes>;
  /** Keeps the number of the upload at this server, or forgets it. */
  remember(id: string | undefined): Promise<void>;
  /** Told after each request how many bytes the server holds. */
  onSent(sent: number): void;
  /** Given the number of the upload, 32 hex, and its receipt, when the server confirmed everything; may throw. */
  confirm(id: string, receipt: string | null): void;
  /** Asked before each request; false stops the upload where it is. */
  mayGoOn(): boolean;
}

interface State {
  readonly offset: number;
  /** The `Repr-Digest` header; only there once the server holds everything. */
  readonly digest: string | null;
  readonly receipt: string | null;
}

function stateOf({ headers }: Answer, size: number): State {
  const text = headers.get("Upload-Offset") ?? "";
  const offset = Number(text);
  if (!/^[0-9]{1,16}$/.test(text) || offset > size) throw new NoAnswer("an answer without an offset");
  return { offset, digest: headers.get("Repr-Digest"), receipt: headers.get(RECEIPT_HEADER) };
}

async function create(server: string, upload: Upload, signal: AbortSignal): Promise<string> {
  const sizes = { "Upload-Length": String(upload.size), [EPOCH_HEADER]: String(upload.epoch) };
  const headers = { ...TUS, ...sizes, ...workHeader(upload.work) };
  const answer = await request(`${server}/uploads`, { method: "POST", headers, signal });
  if (answer.status !== 201) throw failureOf(answer);
  // Only the number is taken: a server must not send the upload to an address of its choice.
  const id = /\/uploads\/([0-9a-f]{32})$/.exec(answer.headers.get("Location") ?? "")?.[1];
  if (id === undefined) throw new NoAnswer("an answer without an upload");
  await upload.remember(id);
  return id;
}

/** Asks where the upload is; null when the server does not know it any more. */
async function find(url: string, size: number, pace: Pace, signal: AbortSignal): Promise<State | null> {
  const answer = await request(url, { method: "HEAD", headers: TUS, signal, patience: pace.patience(0) });
  if (answer.status === 404 || answer.status === 410) return null;
  if (answer.status >= 300) throw failureOf(answer);
  return stateOf(answer, size);
}

async function append(
  url: string,
  upload: Upload,
  offset: number,
  pace: Pace,
  signal: AbortSignal,
): Promise<State> {
  const body = await upload.read(offset, Math.min(upload.size, offset + pace.step));
  const headers = {
    ...TUS,
    "Upload-Offset": String(offset),
    "Content-Type": "application/offset+octet-stream",
  };
  const started = Date.now();
  const patience = pace.patience(body.length);
  const answer = await request(url, { method: "PATCH", headers, body, signal, patience });
  // An upload that went away is no refusal: the next try finds that out and makes another.
  if (answer.status === 404 || answer.status === 410) throw new Later("the upload is gone", 0);
  if (answer.status !== 204) throw failureOf(answer);
  pace.learn(Date.now() - started, body.length);
  const state = stateOf(answer, upload.size);
  if (state.offset <= offset) throw new NoAnswer("an upload that does not move");
  return state;
}

/** The upload's number and state, after making one where there is none. */
async function begin(
  server: string,
  upload: Upload,
  pace: Pace,
  signal: AbortSignal,
): Promise<[string, State]> {
  if (upload.known !== undefined) {
    const url = `${server}/uploads/${upload.known}`;
    const state = await find(url, upload.size, pace, signal).catch((error: unknown) => {
      pace.lose();
      throw error;
    });
    if (state !== null) return [url, state];
    await upload.remember(undefined);
  }
  return [
    `${server}/uploads/${await create(server, upload, signal)}`,
    { offset: 0, digest: null, receipt: null },
  ];
}

/**
 * Uploads a sealed file; true only when the server's digest of all it holds is the file's, false when
 * `mayGoOn` stopped it.
 *
 * @throws NoAnswer, Later, PuzzleNeeded or Refused; calling it again goes on from where it was.
 */
export async function sendUpload(
  server: string,
  upload: Upload,
  pace: Pace,
  signal: AbortSignal,
): Promise<boolean> {
  let [url, state] = await begin(server, upload, pace, signal);
  try {
    while (state.offset < upload.size) {
      upload.onSent(state.offset);
      if (!upload.mayGoOn()) return false;
      state = await append(url, upload, state.offset, pace, signal);
    }
    if (state.digest === null) state = (await find(url, upload.size, pace, signal)) ?? state;
  } catch (error) {
    pace.learn(Number.POSITIVE_INFINITY);
    throw error;
  }
  if (state.digest === null) throw new NoAnswer("the server does not confirm what it holds");
  if (state.digest !== `sha-256=:${toBase64(upload.sha256)}:`) {
    await upload.remember(undefined);
    throw new Later("the server holds other bytes than were sent", 0);
  }
  upload.confirm(url.slice(-ID_DIGITS), state.receipt);
  return true;
}
