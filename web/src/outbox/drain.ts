/**
 * Sending what waits in the outbox, for ever if need be: words before files, and "stored" only when a server
 * confirmed the SHA-256 of every byte.
 *
 *     waiting -> sending -> stored
 *        ^          |----> waiting   no answer, or not now: again later, perhaps elsewhere
 *        |          |----> waiting -> proving -> waiting   a busy server wants a puzzle solved first, one at a time;
 *        |          |                                      the other parts go on meanwhile
 *        |          '----> refused   every server refused it, or a signed manifest says its epoch was destroyed
 */

import { OBJECT_MEDIA, OBJECT_SMALL } from "../generated/constants.ts";
import { Later, NoAnswer, PuzzleNeeded, Refused } from "../send/http.ts";
import { checkReceipt, type ReceiptTrust } from "../send/receipts.ts";
import { postReport } from "../send/reports.ts";
import { Pace, sendUpload } from "../send/uploads.ts";
import { fromHex } from "../wire/bytes.ts";
import { delay, type Rest } from "./naps.ts";
import { Proofs } from "./proofs.ts";
import type { Held } from "./shelf.ts";
import type { PartKind, PartRecord } from "./store.ts";

/** Why the last try failed: no answer came, or the server cannot take it now. */
export type Hold = "line" | "server";

/** What a person may be told about one part. */
export interface PartStatus {
  /** Random number of the report on this phone. */
  readonly report: string;
  /** Random number of the part. */
  readonly part: string;
  readonly kind: PartKind;
  readonly state: "waiting" | "proving" | "sending" | "stored" | "refused";
  /** Bytes that the server holds, of `size`; while proving, the share of the puzzle that is solved. */
  readonly sent: number;
  readonly size: number;
  /** Only while waiting, after a try that failed. */
  readonly hold?: Hold;
  /** Why it was refused: a name of SPEC.md section 7. */
  readonly problem?: string;
}

/** Where a drain takes parts from and tells of them. */
export interface Queue {
  held(): Promise<readonly Held[]>;
  /** Whether more parts are about to come. */
  isSealing(): boolean;
  /** Called when a part was stored: its report may be complete. */
  settle(): Promise<void>;
  /** Base addresses, best first. */
  servers(): readonly string[];
  /** Whether the newest manifest says that the keys of an epoch are gone. */
  isDestroyed(epoch: number): boolean;
  /** Whose receipts count; null while the newest manifest names no receipt key. */
  trust(): ReceiptTrust | null;
  tell(status: PartStatus): void;
}

/** The object was sealed for keys that no longer exist. */
const DESTROYED = "destroyed-epoch";
const ID_SIZE = 16;
const SHA256_SIZE = 32;
/** Failed tries at one server before a file is taken to another, where it starts anew. */
const TRIES_WITH_FILE = 3;
/** Times a server may answer "not now" to one part before others go first. */
const PATIENCE = 4;
const IDLE_MILLISECONDS = 60_000;

function isText({ kind }: PartRecord): boolean {
  return kind === "section" || kind === "addition";
}

/** One run over the outbox. */
export class Drain {
  private readonly queue: Queue;
  private readonly rest: Rest;
  private readonly signal: AbortSignal;
  private readonly pace = new Pace();
  private readonly tries = new Map<string, number>();
  private readonly delays = new Map<string, number>();
  /** Parts other than words that are not tried now, and for how many milliseconds a server asked to wait with them. */
  private readonly putOff = new Map<string, number>();
  private readonly refusals = new Map<string, Set<string>>();
  private readonly done = new Set<string>();
  private readonly proofs: Proofs;
  private failures = 0;
  private textCame = false;
  private partCame = false;
  private hasEnded = false;

  constructor(queue: Queue, rest: Rest, signal: AbortSignal) {
    this.queue = queue;
    this.rest = rest;
    this.signal = signal;
    this.proofs = new Proofs(signal);
  }

  /** Whether {@link run} has made up its mind to return: what is added now needs another run. */
  get ended(): boolean {
    return this.hasEnded || this.signal.aborted;
  }

  /** Told when a part can go, new or solved for, so that words do not wait for a file that is being sent. */
  added(part: PartRecord): void {
    this.textCame ||= isText(part);
    this.partCame = true;
    this.rest.wake();
  }

  /** Sends until nothing waits and nothing is being sealed, or until stopped. */
  async run(): Promise<void> {
    try {
      while (!this.ended) await this.step();
    } finally {
      this.hasEnded = true;
    }
  }

  private async step(): Promise<void> {
    this.partCame = false;
    const next = this.pick(await this.queue.held());
    if (next !== null) await this.attempt(next);
    else if (this.partCame) return;
    else if (this.putOff.size > 0) await this.outwait();
    else if (this.queue.isSealing() || this.proofs.busy) await this.rest.sleep(IDLE_MILLISECONDS);
    else this.hasEnded = true;
  }

  /** The next to send: what no server put off, then words, then report by report, the closing last. */
  private pick(held: readonly Held[]): Held | null {
    const key = ({ part }: Held) => {
      const patience = Math.floor((this.delays.get(part.id) ?? 0) / PATIENCE);
      return [patience, isText(part) ? 0 : 1, part.report, part.order] as const;
    };
    const waiting = held.filter(({ part }) => {
      const isHeldBack = this.done.has(part.id) || this.proofs.isSolving(part.id) || this.putOff.has(part.id);
      return part.state === "waiting" && !isHeldBack;
    });
    return waiting.sort((left, right) => compare(key(left), key(right)))[0] ?? null;
  }

  /** Sleeps until the first of the parts that were put off may be tried again, or until woken. */
  private async outwait(): Promise<void> {
    const wait = Math.min(...this.putOff.values());
    const since = Date.now();
    const woken = await this.rest.sleep(wait);
    if (woken) this.hope();
    const slept = woken ? Date.now() - since : wait;
    for (const [id, left] of this.putOff) {
      if (left <= slept) this.putOff.delete(id);
      else this.putOff.set(id, left - slept);
    }
  }

  /** Woken: by a network or a person that came back everything is tried again, by a new part only that. */
  private hope(): void {
    if (!this.partCame) this.putOff.clear();
  }

  private async attempt(held: Held): Promise<void> {
    const { part } = held;
    const servers = this.queue.servers();
    const tries = this.tries.get(part.id) ?? 0;
    const turn = part.kind === "media" ? Math.floor(tries / TRIES_WITH_FILE) : tries;
    const server = servers[turn % servers.length];
    try {
      if (server === undefined) throw new NoAnswer("no server is known");
      this.status(part, "sending");
      this.textCame = false;
      const done = await this.send(held, server);
      this.failures = 0;
      if (done) await this.stored(held);
      else this.status(part, "waiting");
    } catch (error) {
      if (error instanceof PuzzleNeeded && this.prove(part, error)) return;
      this.tries.set(part.id, tries + 1);
      await this.failed(held, server ?? "", error, servers);
    }
  }

  /** Sends one part; false when it stopped half way to let words pass. */
  private async send({ store, part }: Held, server: string): Promise<boolean> {
    const sha256 = fromHex(part.sha256, SHA256_SIZE);
    const { epoch, size } = part;
    const work = this.proofs.header(part.id);
    const kind = part.kind === "media" ? OBJECT_MEDIA : OBJECT_SMALL;
    const confirm = (id: string, receipt: string | null) =>
      checkReceipt(
        this.queue.trust(),
        { objectId: fromHex(id, ID_SIZE), sha256, kind, size, epoch },
        receipt,
      );
    if (part.kind !== "media") {
      const sealed = await store.read(part, 0, size);
      const envelope = { objectId: fromHex(part.id, ID_SIZE), epoch, sha256, sealed };
      confirm(part.id, await postReport(server, envelope, work, this.signal));
      return true;
    }
    let uploads = part.uploads;
    const upload = {
      epoch,
      size,
      sha256,
      known: uploads[server],
      work,
      read: (from: number, to: number) => store.read(part, from, to),
      remember: async (id: string | undefined) => {
        const { [server]: _, ...others } = uploads;
        uploads = id === undefined ? others : { ...others, [server]: id };
        await store.update(part.id, { uploads }).catch(() => null);
      },
      onSent: (sent: number) => this.status(part, "sending", sent),
      mayGoOn: () => !this.textCame,
      confirm,
    };
    return sendUpload(server, upload, this.pace, this.signal);
  }

  /** Begins to solve what a server asked for; false when it asked too often. */
  private prove(part: PartRecord, { puzzle }: PuzzleNeeded): boolean {
    const started = this.proofs.start({
      part: part.id,
      puzzle,
      subject: part.kind === "media" ? null : fromHex(part.id, ID_SIZE),
      size: part.size,
      tell: (share) => this.status(part, "proving", share * part.size),
      solved: () => {
        this.status(part, "waiting");
        this.added(part);
      },
    });
    if (started) this.status(part, "waiting");
    return started;
  }

  private async stored({ store, part }: Held): Promise<void> {
    // A disk that takes no change any more must not make the phone send the same part for ever.
    this.done.add(part.id);
    await store.update(part.id, { state: "stored" }).catch(() => null);
    this.status(part, "stored", part.size);
    await this.queue.settle();
  }

  private async failed({ store, part }: Held, server: string, error: unknown, servers: readonly string[]) {
    if (this.signal.aborted) return;
    if (error instanceof Refused && this.isFinal(part, server, error, servers)) {
      this.done.add(part.id);
      await store.update(part.id, { state: "refused", problem: error.problem }).catch(() => null);
      this.status({ ...part, problem: error.problem }, "refused");
      return;
    }
    this.queue.tell({ ...statusOf(part, "waiting", 0), ...holdOf(error) });
    // A network that is down says nothing about a part; a server that puts one part off must not hold up the rest.
    if (error instanceof Later) this.delays.set(part.id, (this.delays.get(part.id) ?? 0) + 1);
    const asked = error instanceof Later ? error.wait : 0;
    // Words are waited for instead: a file that goes on meanwhile could take hours.
    const goesOn = asked > 0 && !isText(part);
    if (goesOn) this.putOff.set(part.id, asked);
    const shortly = delay(this.failures, Math.random());
    // What came during the try did not find a sleep to end.
    const woken = this.partCame || (await this.rest.sleep(goesOn ? shortly : Math.max(asked, shortly)));
    if (woken) this.hope();
    this.failures = woken ? 0 : this.failures + 1;
  }

  /** Whether no server is left that might take the part. */
  private isFinal(
    part: PartRecord,
    server: string,
    { problem }: Refused,
    servers: readonly string[],
  ): boolean {
    const refusals = this.refusals.get(part.id) ?? new Set();
    this.refusals.set(part.id, refusals.add(server));
    // One hostile server could say so of every part: only the signed manifest makes its word final for the others.
    if (problem === DESTROYED && this.queue.isDestroyed(part.epoch)) return true;
    return servers.every((one) => refusals.has(one));
  }

  private status(part: PartRecord, state: PartStatus["state"], sent = 0): void {
    this.queue.tell(statusOf(part, state, sent));
  }
}

/** What a failed try says of a part that may still be taken; nothing when one server of several refused it. */
function holdOf(error: unknown): Pick<PartStatus, "hold"> {
  if (error instanceof Refused) return {};
  return { hold: error instanceof Later ? "server" : "line" };
}

/** The status of a part as kept. */
export function statusOf(part: PartRecord, state: PartStatus["state"], sent: number): PartStatus {
  const { report, id, kind, size, problem } = part;
  const status = { report, part: id, kind, state, sent, size };
  return problem === null ? status : { ...status, problem };
}

type Key = readonly [number, number, string, number];

function compare(left: Key, right: Key): number {
  const differs = left.findIndex((value, i) => value !== right[i]);
  if (differs < 0) return 0;
  return (left[differs] ?? 0) < (right[differs] ?? 0) ? -1 : 1;
}
