/**
 * The key manifest: what says whose keys a report is sealed to (SPEC.md section 4).
 *
 * Only signature, quorum, format and serial block; age, clock and build warn, because a phone with a wrong
 * clock, or one that was long without a network, must still be able to seal.
 */

import { BUILD, MANIFEST_MAX_SIZE, PURPOSE_MANIFEST } from "../generated/constants.ts";
import { type Bytes, dayText } from "./bytes.ts";
import { errorsAs, ManifestInvalid, QuorumMissing, SerialTooLow } from "./errors.ts";
import { type Manifest, readManifest } from "./manifestfields.ts";
import { type Note, parseNote, verifiedNames } from "./note.ts";
import type { Roots } from "./roots.ts";
import { readJson } from "./strictjson.ts";

export type { Epoch, Manifest } from "./manifestfields.ts";
export type { Language, Words } from "./shape.ts";

/** A manifest as read from bytes; nobody has checked its signatures. */
export class UnverifiedManifest {
  readonly note: Note;
  readonly untrusted: Manifest;
  readonly data: Bytes;

  constructor(note: Note, untrusted: Manifest, data: Bytes) {
    this.note = note;
    this.untrusted = untrusted;
    this.data = data;
  }
}

declare const byQuorum: unique symbol;

/** A manifest that a quorum of the pinned roots signed; only {@link verifyManifest} makes one. */
export interface VerifiedManifest {
  readonly manifest: Manifest;
  /** The note as it came. */
  readonly data: Bytes;
  /** Makes the type nominal: no object literal can pass for a verified manifest. */
  readonly [byQuorum]: true;
}

/**
 * Parses at most 64 KiB as a manifest note.
 *
 * @throws NoteInvalid or ManifestInvalid for anything not canonical.
 */
export function parseManifest(untrusted: Uint8Array): UnverifiedManifest {
  if (untrusted.length > MANIFEST_MAX_SIZE) throw new ManifestInvalid("the manifest is too long");
  const note = parseNote(untrusted);
  const [purpose, json, ...more] = note.text.split("\n");
  if (purpose !== PURPOSE_MANIFEST || json === undefined || more.join() !== "") {
    throw new ManifestInvalid("this note is not a key manifest");
  }
  const parsed = errorsAs(ManifestInvalid, () => readJson(json));
  return new UnverifiedManifest(note, readManifest(parsed), Uint8Array.from(untrusted));
}

/**
 * Verifies a manifest against the pinned roots.
 *
 * @param seenSerial the highest serial seen since the page was opened, its own block included.
 * @throws ManifestInvalid for another deployment, BadSignature when a pinned root's signature fails,
 *   QuorumMissing when too few distinct roots signed, SerialTooLow below `seenSerial`.
 */
export function verifyManifest(
  untrusted: UnverifiedManifest,
  roots: Roots,
  seenSerial = 0,
): VerifiedManifest {
  const manifest = untrusted.untrusted;
  if (manifest.deployment !== roots.deployment)
    throw new ManifestInvalid("this belongs to another deployment");
  const signers = verifiedNames(untrusted.note, new Map(roots.keys.map(({ name, key }) => [name, key])));
  if (signers.size < roots.quorum) throw new QuorumMissing("too few root keys signed the manifest");
  // An old manifest, still well signed, would bring back keys that were revoked since.
  if (manifest.serial < seenSerial) throw new SerialTooLow("a newer manifest was seen before");
  return { manifest, data: untrusted.data } as VerifiedManifest;
}

/** What a person may be told about a manifest; none of it blocks sealing. */
export type Warning = "clock-behind" | "not-yet" | "expired" | "old-build";

/** Warnings about a manifest at the phone's time `now`, which may itself be wrong. */
export function warnings({ manifest }: VerifiedManifest, now: Date): Warning[] {
  const today = dayText(now.getTime());
  const found: Warning[] = [];
  if (today < manifest.made) found.push("clock-behind");
  if (today < manifest.not_before) found.push("not-yet");
  if (today > manifest.not_after) found.push("expired");
  if (BUILD < manifest.minimum_build) found.push("old-build");
  return found;
}
