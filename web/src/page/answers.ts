/** Reading answers with the return code. The code and the answers are in memory only. */

import { CODE_DIGITS } from "../generated/constants.ts";
import { deleteReplies, openReplies, type Replies } from "../replies/replies.ts";
import { CodeInvalid } from "../wire/errors.ts";
import { parseCode } from "../wire/returncode.ts";
import { hook, make } from "./dom.ts";
import { day, say, words } from "./language.ts";
import { askServers, manifest, onForget, servers } from "./session.ts";
import type { Argument, Key } from "./words.ts";

type State = "reading" | "none" | "bad-code" | "offline" | "shown" | "deleted";

let opened: { code: string; replies: Replies } | null = null;

function tell(state: State, key: Key, ...args: readonly Argument[]): void {
  const note = hook("answer-note");
  note.setAttribute("data-state", state);
  say(note, words(key, ...args));
  // Below the fold, under the bar to leave, nobody would see that something came.
  if (state !== "reading") note.scrollIntoView({ block: "start" });
}

function article(answer: Replies["answers"][number]): HTMLElement {
  const title = make("h2");
  say(title, words("ans_number", answer.number, day(answer.day)));
  const shown = make(
    "article",
    { t: "answer", look: "box" },
    title,
    make("p", { look: "prose" }, answer.text),
  );
  shown.setAttribute("data-number", `${answer.number}`);
  return shown;
}

function show(replies: Replies): void {
  const answers = [...replies.answers].sort((left, right) => left.number - right.number);
  const list = hook("answer-list");
  list.replaceChildren(...answers.map(article));
  if (replies.missing.length > 0) {
    const gap = make("p", { t: "answer-gap", look: "box" });
    say(gap, words("ans_gap", replies.missing.join(", ")));
    list.prepend(gap);
  }
  hook("answer-delete").hidden = answers.length === 0;
  tell(answers.length > 0 ? "shown" : "none", answers.length > 0 ? "ans_shown" : "ans_none");
}

/** Returns the 32 digits that were typed, or null after saying what is wrong with them. */
function typedCode(): string | null {
  const typed = hook<HTMLTextAreaElement>("answer-code").value;
  const digits = typed.replace(/\D/g, "").length;
  if (digits !== CODE_DIGITS) {
    tell("bad-code", "ans_length", digits);
    return null;
  }
  try {
    return parseCode(typed.replace(/[^\d]/g, ""));
  } catch {
    tell("bad-code", "ans_wrong");
    return null;
  }
}

function clear(): void {
  opened = null;
  hook("answer-list").replaceChildren();
  hook("answer-delete").hidden = true;
}

async function read(): Promise<void> {
  clear();
  const code = typedCode();
  if (code === null) return;
  tell("reading", "ans_reading");
  try {
    await askServers();
    const replies = await openReplies(code, servers(), manifest());
    opened = { code, replies };
    show(replies);
  } catch (error) {
    if (error instanceof CodeInvalid) tell("bad-code", "ans_wrong");
    else tell("offline", "ans_offline");
  }
}

async function remove(): Promise<void> {
  if (opened === null) return;
  const isDeleted = await deleteReplies(opened.code, opened.replies).catch(() => false);
  if (!isDeleted) {
    tell("shown", "ans_delete_failed");
    return;
  }
  clear();
  hook<HTMLTextAreaElement>("answer-code").value = "";
  tell("deleted", "ans_deleted");
}

/** Makes a button do one thing at a time. */
function onPress(button: HTMLButtonElement, work: () => Promise<void>): void {
  button.addEventListener("click", () => {
    button.disabled = true;
    void work().finally(() => {
      button.disabled = false;
    });
  });
}

/** Makes the screen work; call once a manifest is verified. */
export function enableAnswers(): void {
  const button = hook<HTMLButtonElement>("answer-read");
  onPress(button, read);
  onPress(hook<HTMLButtonElement>("answer-delete"), remove);
  hook("answer-code").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    button.click();
  });
  button.disabled = false;
  hook("answer-note").textContent = "";
}

onForget(() => {
  opened = null;
});
