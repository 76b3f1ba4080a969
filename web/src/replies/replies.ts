/**
 * Reading answers with a return code (SPEC.md section 6).
 *
 * Every server is asked each time, also when the first had an answer: otherwise the number of requests would
 * tell an onlooker whether there was one.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { open } from "../age/open.ts";
import { MAILBOX_SIZE } from "../generated/constants.ts";
import { postBytes } from "../send/reports.ts";
import { type Bytes, dayText, equal, toHex } from "../wire/bytes.ts";
import { type ReplyFrame, signedBytes } from "../wire/frame.ts";
import { openSlot, splitSlots } from "../wire/mailbox.ts";
import type { VerifiedManifest } from "../wire/manifest.ts";
import { verifies } from "../wire/note.ts";
import { CodeKeys, parseCode } from "../wire/returncode.ts";
import { recipientHash, unpackReply } from "../wire/unframe.ts";

const DAY_MILLISECONDS = 86_400_000;
const DAY_MAX = 100_000_000;

/** No server answered. */
export class NoServer extends Error {
  override readonly name = "NoServer";
}

/** One answer, its signature verified. */
export interface Reply {
  /** 1 for the first answer. */
  readonly number: number;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly text: string;
}

/** What the mailbox of a return code held. */
export interface Replies {
  /** By number; two of one number are two answers. */
  readonly answers: readonly Reply[];
  /** Numbers below the highest that are not there. */
  readonly missing: readonly number[];
  /** Server -> SHA-256 of each of its 4 slots; what {@link deleteReplies} names. */
  readonly slots: ReadonlyMap<string, readonly Bytes[]>;
}

/** Opens a slot as far as an honest answer to this code goes; null for anything else. */
function openReply(slot: Bytes, keys: CodeKeys, replyKeys: readonly Bytes[]): ReplyFrame | null {
  const sealed = openSlot(slot, keys.slotKey, keys.mailboxId);
  if (sealed === null) return null;
  try {
    const frame = unpackReply(open(sealed, [keys.identity]));
    return isForUs(frame, keys, replyKeys) ? frame : null;
  } catch {
    return null;
  }
}

function isForUs(frame: ReplyFrame, keys: CodeKeys, replyKeys: readonly Bytes[]): boolean {
  return (
    equal(frame.mailboxId, keys.mailboxId) &&
    equal(frame.recipientHash, recipientHash(keys.identity.recipient())) &&
    frame.day <= DAY_MAX &&
    replyKeys.some((key) => equal(key, frame.replyKey)) &&
    verifies(frame.replyKey, frame.signature, signedBytes(frame))
  );
}

/** The reply keys of a manifest that it does not revoke. */
function validReplyKeys({ manifest }: VerifiedManifest): Bytes[] {
  const keys = manifest.laptops.map(({ reply }) => reply);
  return keys.filter((key) => !manifest.revoked.includes(toHex(sha256(key))));
}

async function readMailbox(server: string, id: Bytes): Promise<Bytes[] | null> {
  try {
    return splitSlots(await postBytes(`${server}/mailbox`, id, 200, MAILBOX_SIZE));
  } catch {
    return null;
  }
}

function gaps(numbers: readonly number[]): number[] {
  const highest = Math.max(0, ...numbers);
  return Array.from({ length: highest }, (_, i) => i + 1).filter((number) => !numbers.includes(number));
}

/**
 * Reads the answers to a return code, whatever spaces and hyphens stand in it.
 *
 * @throws CodeInvalid when a digit is wrong, NoServer when no server answered.
 */
export async function openReplies(
  code: string,
  servers: readonly string[],
  manifest: VerifiedManifest,
): Promise<Replies> {
  const keys = new CodeKeys(parseCode(code));
  try {
    const read = await Promise.all(servers.map((server) => readMailbox(server, keys.mailboxId)));
    const slots = new Map<string, Bytes[]>();
    for (const [i, found] of read.entries()) if (found !== null) slots.set(servers[i] ?? "", found);
    if (slots.size === 0) throw new NoServer("no server answered");
    return collect(slots, keys, validReplyKeys(manifest));
  } finally {
    keys.drop();
  }
}

function collect(
  slots: ReadonlyMap<string, readonly Bytes[]>,
  keys: CodeKeys,
  replyKeys: readonly Bytes[],
): Replies {
  // Two laptops may give one number to two answers, and servers hold one each: neither may hide the other.
  const found = new Map<string, Reply>();
  for (const slot of Array.from(slots.values()).flat()) {
    const frame = openReply(slot, keys, replyKeys);
    if (frame === null) continue;
    const day = dayText(frame.day * DAY_MILLISECONDS);
    found.set(`${frame.sequence} ${day} ${frame.text}`, { number: frame.sequence, day, text: frame.text });
  }
  const answers = Array.from(found.values()).sort((left, right) => left.number - right.number);
  const hashes = Array.from(slots, ([server, four]): [string, Bytes[]] => [
    server,
    four.map((slot) => Uint8Array.from(sha256(slot))),
  ]);
  return { answers, missing: gaps(answers.map(({ number }) => number)), slots: new Map(hashes) };
}

/**
 * Empties the mailbox of what was read; an answer that came since stays.
 *
 * @returns whether every server that was read confirmed.
 * @throws CodeInvalid when a digit is wrong.
 */
export async function deleteReplies(code: string, replies: Replies): Promise<boolean> {
  const keys = new CodeKeys(parseCode(code));
  const requests = Array.from(replies.slots, ([server, hashes]) => ({
    url: `${server}/mailbox/delete`,
    body: keys.deleteRequest(hashes),
  }));
  keys.drop();
  const done = await Promise.all(
    requests.map(({ url, body }) =>
      postBytes(url, body, 204, 0).then(
        () => true,
        () => false,
      ),
    ),
  );
  return done.every((one) => one);
}
