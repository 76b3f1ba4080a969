/** From Send to the outbox: read the fields, seal, queue; the words leave the page only when they are sealed and queued. */

import { browserRandom } from "../age/seal.ts";
import { sealingEpoch } from "../manifest/current.ts";
import { type Draft, type ReportSealer, roomLeft, sealReport } from "../seal/report.ts";
import { madeText } from "../wire/section.ts";
import { prepareCode, preparedCode } from "./code.ts";
import { clearFields, collectAnswers, isEmpty } from "./collect.ts";
import { byId, hook, painted } from "./dom.ts";
import { clearFiles, filesOf } from "./files.ts";
import { reportLanguage, say, words } from "./language.ts";
import { FORMS, type FormId } from "./screens.ts";
import { manifest, outbox, serversAsked, serversReached } from "./session.ts";
import { followReport, sealingProgress } from "./status.ts";
import type { Key } from "./words.ts";

/** A letter of Kazakh or Russian takes two bytes. */
const BYTES_A_LETTER = 2;

/** Says how sending stands; said once, or a screen reader would repeat it at every key. */
function note(form: FormId, key: Key, ...args: readonly number[]): void {
  const line = hook("note", byId(form));
  if (line.getAttribute("data-state") === key && args.length === 0) return;
  line.setAttribute("data-state", key);
  say(line, words(key, ...args));
}

function draftOf(form: FormId): Draft {
  const now = new Date();
  return {
    form,
    lang: reportLanguage(),
    made: madeText(now),
    answers: collectAnswers(form),
    files: filesOf(form),
    code: form === "look" ? preparedCode() : null,
    epoch: "epoch",
  };
}

/** Empties a form whose report is in the outbox; a relative's next report gets a code of its own. */
function clear(form: FormId): void {
  clearFields(form);
  clearFiles(form);
  note(form, "ready");
  if (form === "look") prepareCode(hook("code", byId("look")));
}

async function queue(form: FormId, draft: Draft, sealer: ReportSealer, done: () => void): Promise<void> {
  const { lang, made, epoch } = draft;
  const sent = { form, lang, made, epoch, code: draft.code, handle: sealer.handle };
  const queued = (await outbox()).enqueue(sealer, sealingProgress);
  // The words stay in the form until the outbox holds them sealed: a full disk must not swallow a story.
  await followReport(sent, queued, () => {
    clear(form);
    done();
  });
}

async function seal(form: FormId, done: () => void): Promise<void> {
  note(form, "encrypting");
  await painted();
  await serversAsked();
  const draft = { ...draftOf(form), epoch: sealingEpoch(manifest(), new Date(), serversReached()) };
  const room = roomLeft(draft, manifest());
  if (room < 0) note(form, "too_long", Math.ceil(-room / BYTES_A_LETTER));
  else await queue(form, draft, sealReport(draft, manifest(), browserRandom), done);
}

let turn: Promise<void> = Promise.resolve();

/** Seals one report after the other: two at once would clear each other's form before the outbox holds it. */
async function inTurn(form: FormId): Promise<void> {
  const before = turn;
  let done = () => {};
  turn = new Promise((resolve) => {
    done = resolve;
  });
  await before;
  try {
    await seal(form, done);
  } finally {
    done();
  }
}

async function send(form: FormId, button: HTMLButtonElement): Promise<void> {
  if (isEmpty(form)) {
    note(form, "empty");
    return;
  }
  button.disabled = true;
  try {
    await inTurn(form);
  } catch {
    note(form, "seal_failed");
  }
  button.disabled = false;
}

/** Makes the Send buttons work; call once a manifest is verified. */
export function enableSend(): void {
  prepareCode(hook("code", byId("look")));
  for (const form of FORMS) {
    const button = hook<HTMLButtonElement>("send", byId(form));
    button.addEventListener("click", () => void send(form, button));
    button.disabled = false;
    note(form, "ready");
    byId(form).addEventListener("input", () => note(form, "ready"));
  }
}

/** Says in every form why nothing can be sent. */
export function refuseSend(): void {
  for (const form of FORMS) note(form, "keys_failed");
}
