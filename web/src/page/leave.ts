/**
 * Leave: one tap, screen and memory empty at once, the sealed outbox kept. Wipe: hold 2 s, everything gone.
 *
 * The screen goes first, synchronously, before anything that may be slow; then the entry in the history is replaced.
 */

import { removeDisk } from "../outbox/disk.ts";
import { asButton, hook, inputById } from "./dom.ts";
import { forgetFiles } from "./files.ts";
import { say, words } from "./language.ts";
import { forgetAll, outbox } from "./session.ts";

const HOLD_MS = 2000;
/** Wiping waits no longer than this for the browser's storage before the page goes. */
const WIPE_PATIENCE_MS = 8000;
const NOWHERE = "about:blank";

/** Empties the screen and every field, and drops what the page holds in memory. */
function blank(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input, textarea, select"))
    field.value = "";
  document.body.replaceChildren();
  document.title = "";
  forgetFiles();
  forgetAll();
}

/** Leaves the page: nothing stays on the screen, in memory or as a step back. */
export function leave(): void {
  blank();
  location.replace(NOWHERE);
}

async function dropCaches(): Promise<void> {
  // A saved file has neither; some browsers throw on the mere look.
  try {
    for (const name of await caches.keys()) await caches.delete(name);
    for (const worker of await navigator.serviceWorker.getRegistrations()) await worker.unregister();
  } catch {
    return;
  }
}

async function wipe(): Promise<void> {
  blank();
  const patience = new Promise<void>((resolve) => {
    setTimeout(resolve, WIPE_PATIENCE_MS);
  });
  const wiped = outbox().then((box) => box.wipe());
  // Besides the outbox's own: it may never have opened.
  await Promise.race([Promise.allSettled([wiped, removeDisk(), dropCaches()]), patience]);
  location.replace(NOWHERE);
}

async function tellLoss(): Promise<void> {
  say(hook("wipe-count"), words("wipe_count", await (await outbox()).pending()));
}

function bindWipe(button: HTMLButtonElement): void {
  let timer = 0;
  const start = () => {
    stop();
    button.classList.add("held");
    timer = setTimeout(() => void wipe(), HOLD_MS);
  };
  const stop = () => {
    clearTimeout(timer);
    button.classList.remove("held");
  };
  button.addEventListener("pointerdown", start);
  for (const end of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"])
    button.addEventListener(end, stop);
  button.addEventListener("keydown", (event) => {
    if (!event.repeat && (event.key === " " || event.key === "Enter")) start();
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.disabled = false;
}

/** Makes Leave and Wipe work. Returns false when Leave was pressed before the script came: then nothing else may start. */
export function bindLeave(): boolean {
  const gone = inputById("gone");
  if (gone.checked) {
    leave();
    return false;
  }
  gone.addEventListener("change", leave);
  asButton(gone);
  // A page kept for the Back button would show the words to whoever holds the phone next.
  addEventListener("pagehide", blank);
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) location.reload();
  });
  hook<HTMLDetailsElement>("traces").addEventListener("toggle", () => void tellLoss());
  bindWipe(hook<HTMLButtonElement>("wipe"));
  return true;
}
