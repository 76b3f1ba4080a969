/** The status screen: what became of each part of the report just sent, honestly, and the code for an answer. */

import { browserRandom } from "../age/seal.ts";
import type { PartStatus } from "../outbox/outbox.ts";
import { type ReportHandle, sealAddition } from "../seal/report.ts";
import { receiptTrust } from "../send/receipts.ts";
import { madeText } from "../wire/section.ts";
import { freshCode, showCode } from "./code.ts";
import { byId, hook, make } from "./dom.ts";
import { encryptingFiles, say, unsay, words } from "./language.ts";
import { bindLeftover, tellInterrupted, tellLeft } from "./leftover.ts";
import { isStalled, latest, nameOf, type Phrase, reason, type Sealing, stateOf, summary } from "./parts.ts";
import { tellNextSteps } from "./reader.ts";
import { showHome, showStatus } from "./screens.ts";
import { isForgotten, manifest, onForget, outbox, servers } from "./session.ts";
import type { Language } from "./words.ts";

/** What is remembered of the report just sent, in memory only: enough to ask for an answer later. */
export interface SentReport {
  readonly form: "saw" | "look" | "released";
  readonly lang: Language;
  readonly made: string;
  readonly epoch: "epoch" | "carry";
  readonly code: string | null;
  readonly handle: ReportHandle;
}

const parts = new Map<string, PartStatus>();
let earlier = new Set<string>();
let sent: SentReport | null = null;
let whenQueued: (() => void) | null = null;
/** Of the report just sent. Each has an object of its own: one before, still being sealed, must not speak for it. */
let sealing: { state: Sealing } = { state: "done" };
let stalled = false;

function phrase({ key, args }: Phrase) {
  return words(key, ...args);
}

function mine(): PartStatus[] {
  return [...parts.values()].filter((part) => !earlier.has(part.report));
}

function row(part: PartStatus, all: readonly PartStatus[]): HTMLElement {
  const name = make("span");
  const state = make("span", { look: "state" });
  say(name, phrase(nameOf(part, all)));
  say(
    state,
    part.state === "refused" ? words("is_refused", phrase(reason(part.problem))) : phrase(stateOf(part)),
  );
  const line = make("li", { t: "part" }, name, state);
  line.setAttribute("data-state", part.state);
  line.setAttribute("data-kind", part.kind);
  if (part.state === "sending" && part.kind === "media") line.append(bar(part));
  return line;
}

function bar({ sent: done, size }: PartStatus): HTMLProgressElement {
  const progress = make("progress");
  progress.max = size;
  progress.value = done;
  progress.setAttribute("aria-hidden", "true");
  return progress;
}

/** Draws what is known. */
function draw(): void {
  if (isForgotten()) return;
  tellLeft([...parts.values()]);
  if (sent === null) return;
  const all = mine();
  const state = summary(all, sealing.state, navigator.onLine && !stalled);
  const line = hook("summary");
  if (line.getAttribute("data-state") !== state) say(line, words(`sum_${state}`));
  line.setAttribute("data-state", state);
  hook("parts").replaceChildren(...all.map((part) => row(part, all)));
  void outbox().then(({ volatile }) => {
    if (!isForgotten()) hook("no-storage").hidden = !volatile || state === "stored";
  });
}

function heard(part: PartStatus): void {
  const before = parts.get(part.part);
  stalled = isStalled(stalled, before, part);
  parts.set(part.part, latest(before, part));
  if (!earlier.has(part.report)) {
    whenQueued?.();
    whenQueued = null;
  }
  draw();
}

/** Sends what waits and follows it; safe to call again at any time. */
export async function drain(): Promise<void> {
  const box = await outbox();
  // A part under way is "waiting" in storage; what is known from its sending is newer.
  for (const part of await box.status()) if (!parts.has(part.part)) heard(part);
  const isDestroyed = (epoch: number) => epoch < manifest().manifest.oldest_epoch;
  await box.drain(servers, heard, isDestroyed, () => receiptTrust(manifest()));
}

/** Shows how far the sealing of files is. */
export function sealingProgress(done: number, total: number): void {
  if (!isForgotten()) say(hook("progress"), encryptingFiles(done, total));
}

function showReport(report: SentReport): void {
  hook("want-box").hidden = report.code !== null;
  hook("code-box").hidden = report.code === null;
  hook("carry").hidden = report.epoch !== "carry";
  if (report.code !== null) showCode(hook("code", byId("status")), report.code);
  tellNextSteps(report.form);
  showStatus();
}

/**
 * Follows a report from sealing to "stored".
 *
 * `onQueued` is called once, when the outbox holds the sealed words. Rejects when they could not be queued at all;
 * a file that fails later is told on the status screen.
 */
export async function followReport(
  report: SentReport,
  queued: Promise<string>,
  onQueued: () => void,
): Promise<void> {
  earlier = new Set([...parts.values()].map((part) => part.report));
  let isQueued = false;
  whenQueued = () => {
    isQueued = true;
    sent = report;
    onQueued();
    showReport(report);
  };
  const own: typeof sealing = { state: "running" };
  sealing = own;
  void drain();
  try {
    await queued;
    own.state = "done";
    unsay(hook("progress"));
  } catch (error) {
    own.state = "failed";
    if (!isQueued) {
      whenQueued = null;
      throw error;
    }
    if (isForgotten()) return;
    say(hook("progress"), words("file_failed"));
    void tellInterrupted();
  } finally {
    draw();
    void drain();
  }
}

/** Makes a code after sending and sends the key for it as an addition to the report. */
async function wantAnswer(): Promise<void> {
  if (sent === null || sent.code !== null) return;
  sent = { ...sent, code: freshCode() };
  const { code, handle, form, lang, epoch } = sent;
  if (code === null) return;
  const addition = sealAddition(
    { handle, form, lang, made: madeText(new Date()), code, epoch },
    manifest(),
    browserRandom,
  );
  await (await outbox()).enqueueAddition(addition);
  showReport(sent);
  hook("code-box").scrollIntoView({ block: "center" });
  void drain();
}

/** Makes the buttons of the status screen work. */
export function bindStatus(): void {
  hook("want").addEventListener("click", () => void wantAnswer());
  hook("again").addEventListener("click", showHome);
  bindLeftover(drain);
  addEventListener("online", draw);
  addEventListener("online", () => void drain());
  addEventListener("offline", draw);
}

onForget(() => {
  sent = null;
  parts.clear();
});
