/** From the strict JSON of a key manifest to {@link Manifest}, field by field (SPEC.md section 4). */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  CARRY_EPOCH_FIRST,
  ED25519_KEY_SIZE,
  ED25519_SIGNATURE_SIZE,
  EPOCH_MAX,
  JSON_INTEGER_MAX,
  MANIFEST_GRACE_DAYS,
  NOTE_KEY_ID_SIZE,
  RECIPIENT_SIZE,
  RECIPIENTS_MAX,
  ROOTS_MAX,
} from "../generated/constants.ts";
import { type Bytes, toHex } from "./bytes.ts";
import { errorsAs, ManifestInvalid } from "./errors.ts";
import { checkName } from "./note.ts";
import { makeRoots, type NamedKey, namedKey, type Roots } from "./roots.ts";
import type { Words } from "./shape.ts";
import * as shape from "./shape.ts";
import type { Json, JsonObject } from "./strictjson.ts";

/** An epoch's public half; days are `YYYY-MM-DD`, recipients 1 to 3 of 1,216 bytes, one a laptop. */
export interface Epoch {
  readonly number: number;
  readonly from: string;
  readonly until: string;
  readonly grace_until: string;
  readonly recipients: readonly Bytes[];
}

/** A laptop's name and its three 32-byte Ed25519 public keys, one a purpose. */
export interface Laptop {
  readonly name: string;
  readonly reply: Bytes;
  readonly ack: Bytes;
  readonly outbox: Bytes;
}

/** A telephone number with its label in three languages. */
export interface Hotline {
  readonly label: Words;
  readonly number: string;
}

/** All fields of a key manifest. Holding one says nothing about who signed it. */
export interface Manifest {
  readonly deployment: string;
  readonly serial: number;
  readonly made: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly rehearsal: boolean;
  readonly organisation: Words;
  readonly hotlines: readonly Hotline[];
  readonly next_steps: Readonly<Record<"saw" | "look" | "released", Words>>;
  readonly epoch: Epoch;
  readonly carry: Epoch;
  readonly oldest_epoch: number;
  readonly laptops: readonly Laptop[];
  readonly couriers: readonly NamedKey[];
  readonly log_keys: readonly NamedKey[];
  readonly receipt_keys: readonly NamedKey[];
  readonly revoked: readonly string[];
  readonly servers: readonly string[];
  readonly onions: readonly string[];
  readonly minimum_build: number;
  readonly pages: readonly string[];
  readonly next_roots: Roots | null;
}

const KEYS = [
  "deployment",
  "serial",
  "made",
  "not_before",
  "not_after",
  "rehearsal",
  "organisation",
  "hotlines",
  "next_steps",
  "epoch",
  "carry",
  "oldest_epoch",
  "laptops",
  "couriers",
  "log_keys",
  "receipt_keys",
  "revoked",
  "servers",
  "onions",
  "minimum_build",
  "pages",
  "next_roots",
] as const;
const LIST_MAX = 8;
const REVOKED_MAX = 64;
const PAGES_MAX = 16;
const DAY_MILLISECONDS = 86_400_000;

/**
 * Reads the manifest that parsed strict JSON describes.
 *
 * @throws ManifestInvalid naming the first wrong field, or what contradicts what.
 */
export function readManifest(json: JsonObject): Manifest {
  const found = shape.fields(json, KEYS, "manifest");
  const manifest: Manifest = {
    deployment: shape.hex64(found.deployment, "deployment"),
    serial: shape.integer(found.serial, 1, JSON_INTEGER_MAX, "serial"),
    made: shape.day(found.made, "made"),
    not_before: shape.day(found.not_before, "not_before"),
    not_after: shape.day(found.not_after, "not_after"),
    rehearsal: shape.flag(found.rehearsal, "rehearsal"),
    organisation: shape.words(found.organisation, 1, 200, "organisation"),
    hotlines: shape.array(found.hotlines, 0, LIST_MAX, hotline, "hotlines"),
    next_steps: nextSteps(found.next_steps),
    epoch: epoch(found.epoch, 1, CARRY_EPOCH_FIRST - 1, "epoch"),
    carry: epoch(found.carry, CARRY_EPOCH_FIRST, EPOCH_MAX, "carry"),
    oldest_epoch: shape.integer(found.oldest_epoch, 1, CARRY_EPOCH_FIRST - 1, "oldest_epoch"),
    laptops: shape.array(found.laptops, 1, RECIPIENTS_MAX, laptop, "laptops"),
    couriers: shape.array(found.couriers, 0, LIST_MAX, namedKey, "couriers"),
    log_keys: shape.array(found.log_keys, 0, LIST_MAX, namedKey, "log_keys"),
    receipt_keys: shape.array(found.receipt_keys, 0, LIST_MAX, namedKey, "receipt_keys"),
    revoked: shape.array(found.revoked, 0, REVOKED_MAX, shape.hex64, "revoked"),
    servers: shape.array(found.servers, 0, LIST_MAX, address, "servers"),
    onions: shape.array(found.onions, 0, LIST_MAX, address, "onions"),
    minimum_build: shape.integer(found.minimum_build, 0, EPOCH_MAX, "minimum_build"),
    pages: shape.array(found.pages, 0, PAGES_MAX, shape.hex64, "pages"),
    next_roots: nextRoots(found.next_roots),
  };
  checkDays(manifest);
  checkRecipients(manifest);
  return manifest;
}

function checkDays({ epoch: online, carry, not_before, not_after }: Manifest): void {
  for (const { from, until, grace_until } of [online, carry]) {
    if (from >= until || until > grace_until) throw new ManifestInvalid("an epoch's days are out of order");
  }
  // Not the text of `until` + 3 days: from the year 10000 on it sorts before every other.
  const outlives = Date.parse(not_after) - Date.parse(online.until) > MANIFEST_GRACE_DAYS * DAY_MILLISECONDS;
  if (outlives || not_before > not_after) {
    throw new ManifestInvalid("a manifest's days are out of order");
  }
}

function checkRecipients({ laptops, epoch: online, carry, oldest_epoch, revoked }: Manifest): void {
  if (online.number < oldest_epoch) throw new ManifestInvalid("epoch: it is one that was destroyed");
  if (new Set(laptops.map(({ name }) => name)).size !== laptops.length) {
    throw new ManifestInvalid("laptops: two laptops share a name");
  }
  if (online.recipients.length !== laptops.length)
    throw new ManifestInvalid("epoch: not one recipient a laptop");
  const recipients = [...online.recipients, ...carry.recipients].map((recipient) => toHex(sha256(recipient)));
  if (new Set(recipients).size !== recipients.length)
    throw new ManifestInvalid("recipients: one stands twice");
  if (recipients.some((hash) => revoked.includes(hash)))
    throw new ManifestInvalid("recipients: one is revoked");
}

function hotline(value: Json, where: string): Hotline {
  const found = shape.fields(value, ["label", "number"], where);
  return {
    label: shape.words(found.label, 1, 200, `${where}.label`),
    number: shape.text(found.number, 1, 32, `${where}.number`),
  };
}

function nextSteps(value: Json): Manifest["next_steps"] {
  const found = shape.fields(value, ["saw", "look", "released"], "next_steps");
  const read = (step: Json, name: string) => shape.words(step, 0, 600, `next_steps.${name}`);
  return {
    saw: read(found.saw, "saw"),
    look: read(found.look, "look"),
    released: read(found.released, "released"),
  };
}

function epoch(value: Json, low: number, high: number, where: string): Epoch {
  const found = shape.fields(value, ["number", "from", "until", "grace_until", "recipients"], where);
  const recipient = (one: Json, at: string) => shape.raw(one, RECIPIENT_SIZE, at);
  return {
    number: shape.integer(found.number, low, high, `${where}.number`),
    from: shape.day(found.from, `${where}.from`),
    until: shape.day(found.until, `${where}.until`),
    grace_until: shape.day(found.grace_until, `${where}.grace_until`),
    recipients: shape.array(found.recipients, 1, RECIPIENTS_MAX, recipient, `${where}.recipients`),
  };
}

function name(value: Json, where: string): string {
  return errorsAs(ManifestInvalid, () => checkName(shape.text(value, 1, 64, where)));
}

function laptop(value: Json, where: string): Laptop {
  const found = shape.fields(value, ["name", "reply", "ack", "outbox"], where);
  const key = (one: Json) => shape.raw(one, ED25519_KEY_SIZE, `${where}.key`);
  return {
    name: name(found.name, `${where}.name`),
    reply: key(found.reply),
    ack: key(found.ack),
    outbox: key(found.outbox),
  };
}

// Words and host names as of intake/wire/manifest_reader.py: plain http only where nobody stands in between.
const HTTPS = /^https:\/\/(?:[a-z0-9.-]{1,253}|\[::1\])(?::[1-9][0-9]{0,4})?$/;
const HTTP = /^http:\/\/(?:[a-z0-9.-]{0,247}\.onion|localhost|127\.[0-9.]+|\[::1\])(?::[1-9][0-9]{0,4})?$/;

function address(value: Json, where: string): string {
  const url = shape.text(value, 8, 300, where);
  const port = Number(/:([0-9]+)$/.exec(url)?.[1] ?? 1);
  if ((!HTTPS.test(url) && !HTTP.test(url)) || port > 65_535)
    throw new ManifestInvalid(`${where}: not a base URL`);
  return url;
}

function nextRoots(value: Json): Roots | null {
  if (value === null) return null;
  const found = shape.fields(value, ["quorum", "roots", "signatures"], "next_roots");
  const keys = shape.array(found.roots, 1, ROOTS_MAX, namedKey, "next_roots.roots");
  shape.array(found.signatures, 1, ROOTS_MAX, rootsSignature, "next_roots.signatures");
  return makeRoots(shape.integer(found.quorum, 1, ROOTS_MAX, "next_roots.quorum"), keys);
}

function rootsSignature(value: Json, where: string): void {
  const [signer, signature, ...more] = shape.array(value, 2, 2, (one) => one, where);
  if (signer === undefined || signature === undefined || more.length > 0) return;
  name(signer, where);
  shape.raw(signature, NOTE_KEY_ID_SIZE + ED25519_SIGNATURE_SIZE, where);
}
