/** What waits from an earlier visit: sealed parts, which are sent by themselves, and files that were cut off while sealing. */

import { sealingEpoch } from "../manifest/current.ts";
import type { PartStatus } from "../outbox/outbox.ts";
import { hook } from "./dom.ts";
import { encryptingFiles, say, words } from "./language.ts";
import { manifest, outbox, serversAsked, serversReached } from "./session.ts";

/** Says on the first screen how many sealed parts still wait. */
export function tellLeft(parts: readonly PartStatus[]): void {
  const waiting = parts.filter(({ state }) => state !== "stored" && state !== "refused");
  const left = hook("left");
  left.hidden = waiting.length === 0;
  left.setAttribute("data-count", `${waiting.length}`);
  say(left, words("left", waiting.length));
}

/** Asks again for files whose sealing was cut off; only the person still has them. */
export async function tellInterrupted(): Promise<void> {
  const { interrupted } = await outbox();
  hook("interrupted").hidden = interrupted === 0;
  say(hook("interrupted-text"), words("interrupted", interrupted));
}

async function finish(files: readonly File[], drain: () => Promise<void>): Promise<void> {
  await serversAsked();
  const epoch = sealingEpoch(manifest(), new Date(), serversReached());
  const tell = (done: number, total: number) => say(hook("interrupted-text"), encryptingFiles(done, total));
  const finished = (await outbox()).finish(files, manifest(), epoch, tell);
  void drain();
  try {
    await finished;
    await tellInterrupted();
  } catch {
    say(hook("interrupted-text"), words("file_failed"));
  }
}

/** Makes the choice of cut-off files work, and going on without them: a report must not stay incomplete for ever. */
export function bindLeftover(drain: () => Promise<void>): void {
  const input = hook<HTMLInputElement>("interrupted-files");
  input.addEventListener("change", () => {
    const files = Array.from(input.files ?? []);
    input.value = "";
    if (files.length > 0) void finish(files, drain);
  });
  hook("interrupted-skip").addEventListener("click", () => void finish([], drain));
  void tellInterrupted();
}
