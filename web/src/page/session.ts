/** What the page holds in memory while it is open, and forgets on Leave. Nothing here is ever stored. */

import { refreshManifest, serversFor } from "../manifest/current.ts";
import { type Outbox, openOutbox } from "../outbox/outbox.ts";
import type { VerifiedManifest } from "../wire/manifest.ts";

/** The longest that sealing waits for servers to answer with a newer manifest, in milliseconds. */
const PATIENCE_MS = 5000;

let verified: VerifiedManifest | null = null;
let reached = 0;
let asking: Promise<void> | null = null;
let queue: Promise<Outbox> | null = null;
let forgotten = false;
const forgetting: (() => void)[] = [];

/** Returns the newest manifest known; throws before one was verified. */
export function manifest(): VerifiedManifest {
  if (verified === null) throw new Error("no manifest was verified");
  return verified;
}

/** Sets the manifest that was verified. */
export function useManifest(newest: VerifiedManifest): void {
  verified = newest;
}

/** The addresses to send to and ask, best first. */
export function servers(): string[] {
  return serversFor(manifest());
}

/** How many servers answered when last asked for a manifest. */
export function serversReached(): number {
  return reached;
}

/** Asks all servers for a newer manifest; one question at a time. */
export function askServers(): Promise<void> {
  asking ??= refreshManifest(servers())
    .then((found) => {
      if (forgotten) return;
      verified = found.manifest;
      reached = found.reached;
    })
    .finally(() => {
      asking = null;
    });
  return asking;
}

/** Waits for an answer that is under way, or asks again when none ever came; gives up after 5 s and at once when offline. */
export async function serversAsked(): Promise<void> {
  if (!navigator.onLine || (reached > 0 && asking === null)) return;
  const patience = new Promise<void>((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([askServers(), patience]);
}

/** The phone outbox, opened once. */
export function outbox(): Promise<Outbox> {
  queue ??= openOutbox();
  return queue;
}

/** Registers what one module has to forget on Leave. */
export function onForget(forget: () => void): void {
  forgetting.push(forget);
}

/** Whether the person left: what is still under way must not touch the empty page. */
export function isForgotten(): boolean {
  return forgotten;
}

/** Drops everything this page holds in memory; the sealed outbox stays where it is. */
export function forgetAll(): void {
  forgotten = true;
  for (const forget of forgetting) forget();
  verified = null;
  void queue?.then((opened) => opened.forget());
}
