/**
 * One request to a server, and what its answer means (SPEC.md section 7).
 *
 *     SendError
 *     ├── NoAnswer   nothing that can be from Intake came back: try again, or another server
 *     ├── Later      the server cannot take it now
 *     ├── PuzzleNeeded  the server is pressed: the same again, with work
 *     └── Refused    the server named a problem; the same bytes will not be taken here
 */

import { PROBLEM_PREFIX, WORK_HEADER } from "../generated/constants.ts";
import { type Bytes, concat, fromUtf8 } from "../wire/bytes.ts";
import { type Puzzle, readPuzzle } from "../wire/puzzle.ts";
import { type JsonObject, readJson } from "../wire/strictjson.ts";

/** Longest answer in bytes that is read where no other limit is given. */
const ANSWER_LIMIT = 4096;
/** How long in milliseconds a request may take; a piece of 64 KiB passes at 5 kbit/s. */
const PATIENCE = 120_000;
const LATER_MAX_SECONDS = 300;
/** The bytes were damaged, or the upload is elsewhere: the next try can succeed. */
const PASSING = ["digest-mismatch", "offset-mismatch", "upload-busy"];

/** Sending did not succeed. */
export class SendError extends Error {
  override readonly name: string = "SendError";
}

/** No server could be reached. */
export class NoAnswer extends SendError {
  override readonly name = "NoAnswer";
}

/** The server cannot take this now. */
export class Later extends SendError {
  override readonly name = "Later";
  /** Milliseconds the server asks to wait, 0 when it does not say. */
  readonly wait: number;

  constructor(message: string, wait: number) {
    super(message);
    this.wait = wait;
  }
}

/** The server takes this once a puzzle is solved. */
export class PuzzleNeeded extends SendError {
  override readonly name = "PuzzleNeeded";
  readonly puzzle: Puzzle;

  constructor(puzzle: Puzzle) {
    super("the server asks for work");
    this.puzzle = puzzle;
  }
}

/** The server refused this. */
export class Refused extends SendError {
  override readonly name = "Refused";
  /** Name of the problem in SPEC.md section 7, or its status when the name is not known. */
  readonly problem: string;

  constructor(problem: string) {
    super("the server refused this");
    this.problem = problem;
  }
}

/** What to ask for. */
export interface Asked {
  readonly method: "GET" | "HEAD" | "POST" | "PATCH";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Bytes;
  readonly signal?: AbortSignal | undefined;
  /** Longest answer in bytes; a longer one counts as none. */
  readonly limit?: number;
  /** How long in milliseconds it may take, where less than 2 minutes will do. */
  readonly patience?: number | undefined;
}

/** An answer whose status the caller has still to look at. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Bytes;
}

async function readBody(response: Response, limit: number): Promise<Bytes> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    // An endless answer would fill the phone's memory.
    if (size > limit) throw new NoAnswer("an answer is too long");
    parts.push(value);
  }
  return concat(...parts);
}

/**
 * Makes one request without cookies, referrer, cache or redirects.
 *
 * @throws NoAnswer when the network fails, the answer is too long, or it takes more than 2 minutes.
 */
export async function request(url: string, asked: Asked): Promise<Answer> {
  const stop = new AbortController();
  const abort = () => stop.abort();
  const timer = setTimeout(abort, Math.min(asked.patience ?? PATIENCE, PATIENCE));
  asked.signal?.addEventListener("abort", abort);
  if (asked.signal?.aborted) abort();
  try {
    const response = await fetch(url, {
      method: asked.method,
      headers: asked.headers ?? {},
      body: asked.body ?? null,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: stop.signal,
    });
    const body = await readBody(response, asked.limit ?? ANSWER_LIMIT);
    return { status: response.status, headers: response.headers, body };
  } catch {
    throw new NoAnswer("no answer");
  } finally {
    clearTimeout(timer);
    asked.signal?.removeEventListener("abort", abort);
    // What is left of an answer that is too long would go on coming in.
    abort();
  }
}

/** The strict JSON object in an answer, or null. */
export function jsonOf(answer: Answer): JsonObject | null {
  try {
    return readJson(fromUtf8(answer.body));
  } catch {
    return null;
  }
}

/** The header that carries a solved puzzle; none without one, so that at rest nothing needs a preflight. */
export function workHeader(work: string | undefined): Readonly<Record<string, string>> {
  return work === undefined ? {} : { [WORK_HEADER]: work };
}

/** Milliseconds of a Retry-After header, at most 5 minutes, 0 without one. */
function retryAfter({ headers }: Answer): number {
  const seconds = Number(headers.get("Retry-After") ?? 0);
  return seconds > 0 ? Math.min(seconds, LATER_MAX_SECONDS) * 1000 : 0;
}

/**
 * What an answer that is no success means.
 *
 * A login page of a café, or a censor's notice, must never count as a refusal by Intake: only problem
 * details do.
 */
export function failureOf(answer: Answer): SendError {
  const { status, headers } = answer;
  const wait = retryAfter(answer);
  const type = headers.get("Content-Type") ?? "";
  const json = type.startsWith("application/problem+json") ? jsonOf(answer) : null;
  const named = json?.get("type");
  const puzzle = named === `${PROBLEM_PREFIX}puzzle-needed` ? readPuzzle(json) : null;
  if (puzzle !== null) return new PuzzleNeeded(puzzle);
  if (status >= 500 || wait > 0) return new Later("the server cannot take this now", wait);
  if (status < 400 || typeof named !== "string" || !named.startsWith(PROBLEM_PREFIX)) {
    return new NoAnswer("an answer that is not from Intake");
  }
  const problem = named.slice(PROBLEM_PREFIX.length);
  if (PASSING.includes(problem)) return new Later("the bytes did not arrive as they were sent", 0);
  return new Refused(/^[a-z-]{1,40}$/.test(problem) ? problem : String(status));
}
