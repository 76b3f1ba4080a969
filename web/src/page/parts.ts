/** The parts of the latest report and what the server said about each; pure, so that it can be tested without a page. */

import type { PartStatus } from "../outbox/outbox.ts";
import type { Argument, Key } from "./words.ts";

/** How a report is doing as a whole. */
export type Summary = "sending" | "proving" | "offline" | "full" | "stored" | "incomplete" | "refused";

/** How far the files of a report are sealed; "failed": one could not be read. */
export type Sealing = "running" | "done" | "failed";

/** A string's name with what stands in it. */
export interface Phrase {
  readonly key: Key;
  readonly args: readonly Argument[];
}

/** Problems that a person can do something about; the others are told by their name. */
const REASONS: Readonly<Record<string, Key>> = {
  "too-large": "why_too_large",
  "destroyed-epoch": "why_destroyed_epoch",
};

/**
 * Returns what to say about a report: stored only when the server confirmed every part, and never while a file of it
 * was not sealed. A part that is tried again counts by why it waited, until the server takes some of it.
 */
export function summary(parts: readonly PartStatus[], sealing: Sealing, online: boolean): Summary {
  const areStored = parts.every((part) => part.state === "stored");
  if (parts.some((part) => part.state === "refused")) return "refused";
  if (areStored && parts.length > 0 && sealing !== "running")
    return sealing === "done" ? "stored" : "incomplete";
  if (!online && !areStored) return "offline";
  if (parts.some(({ state, hold }) => state === "sending" && hold === undefined)) return "sending";
  if (parts.some(({ state }) => state === "proving")) return "proving";
  return parts.some(({ hold }) => hold === "server") ? "full" : "sending";
}

/** Returns the newest status of a part, which keeps why it waited while nothing of it has arrived. */
export function latest(before: PartStatus | undefined, now: PartStatus): PartStatus {
  return now.state === "sending" && now.sent === 0 ? { ...before, ...now } : now;
}

/** Returns whether the connection failed last, by one more status; `was` when that says nothing about it. */
export function isStalled(was: boolean, before: PartStatus | undefined, now: PartStatus): boolean {
  if (now.state === "waiting" ? before?.state !== "sending" : now.state === "proving") return was;
  return now.state === "sending" && now.sent === 0 ? was : now.hold === "line";
}

/** Returns why a part was refused, in words where we have them. */
export function reason(problem: string | undefined): Phrase {
  const key = REASONS[problem ?? ""];
  return key === undefined ? { key: "why_other", args: [problem ?? "?"] } : { key, args: [] };
}

/** Returns the state of a part: percent only while it is sent and not done in one go. */
export function stateOf(part: PartStatus): Phrase {
  const percent = part.size > 0 ? Math.floor((100 * part.sent) / part.size) : 0;
  if (part.state === "sending" && percent > 0) return { key: "is_sending_at", args: [Math.min(percent, 99)] };
  if (part.state === "proving") return { key: "is_proving", args: [percent] };
  return { key: `is_${part.state === "refused" ? "waiting" : part.state}`, args: [] };
}

/** Returns what a part is; files are counted from 1. */
export function nameOf(part: PartStatus, parts: readonly PartStatus[]): Phrase {
  const names = {
    section: "kind_words",
    media: "kind_file",
    closing: "kind_closing",
    addition: "kind_code",
  } as const;
  const media = parts.filter((other) => other.kind === "media");
  return { key: names[part.kind], args: [media.indexOf(part) + 1] };
}
