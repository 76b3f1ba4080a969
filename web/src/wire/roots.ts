/** Pinned root keys: who may sign a manifest, and the name of a deployment (SPEC.md sections 4.1 and 11). */

import { sha256 } from "@noble/hashes/sha2.js";
import { ED25519_KEY_SIZE, LABEL_DEPLOYMENT, ROOTS_MAX } from "../generated/constants.ts";
import { ascii, type Bytes, concat, toHex } from "./bytes.ts";
import { errorsAs, ManifestInvalid } from "./errors.ts";
import { checkName } from "./note.ts";
import * as shape from "./shape.ts";
import { type Json, readJson } from "./strictjson.ts";

/** A 32-byte Ed25519 public key under a name. */
export interface NamedKey {
  readonly name: string;
  readonly key: Bytes;
}

/** `quorum` of `keys` must sign a manifest; the keys are distinct and in the order of their bytes. */
export interface Roots {
  readonly quorum: number;
  readonly keys: readonly NamedKey[];
  /** 64 hex: the hash of quorum and keys. */
  readonly deployment: string;
}

/** What a page pins: its roots, and whether it is for training only. */
export interface Deployment {
  readonly roots: Roots;
  readonly rehearsal: boolean;
}

/** Reads {name, key}. */
export function namedKey(value: Json, where: string): NamedKey {
  const found = shape.fields(value, ["name", "key"], where);
  const name = shape.text(found.name, 1, 64, `${where}.name`);
  const key = shape.raw(found.key, ED25519_KEY_SIZE, `${where}.key`);
  return { name: errorsAs(ManifestInvalid, () => checkName(name)), key };
}

/**
 * Checks and names a set of roots.
 *
 * @throws ManifestInvalid for a repeated or misplaced key or name, or a quorum that does not fit.
 */
export function makeRoots(quorum: number, keys: readonly NamedKey[]): Roots {
  const raws = keys.map(({ key }) => toHex(key));
  const rising = raws.every((raw, i) => i === 0 || raw > (raws[i - 1] ?? ""));
  if (!rising || new Set(keys.map(({ name }) => name)).size !== keys.length) {
    throw new ManifestInvalid("root keys repeat or are out of order");
  }
  if (quorum < 1 || quorum > keys.length || keys.length > ROOTS_MAX) {
    throw new ManifestInvalid("the quorum does not fit the number of root keys");
  }
  const counts = Uint8Array.of(quorum, keys.length);
  const named = concat(ascii(LABEL_DEPLOYMENT), counts, ...keys.map(({ key }) => key));
  return { quorum, keys, deployment: toHex(sha256(named)) };
}

/**
 * Reads the page's deployment block.
 *
 * @throws ManifestInvalid when it is not canonical or its deployment is not the hash of its roots.
 */
export function parseDeployment(untrusted: string): Deployment {
  const json = errorsAs(ManifestInvalid, () => readJson(untrusted));
  const found = shape.fields(json, ["deployment", "quorum", "roots", "rehearsal"], "roots");
  const keys = shape.array(found.roots, 1, ROOTS_MAX, namedKey, "roots");
  const roots = makeRoots(shape.integer(found.quorum, 1, ROOTS_MAX, "quorum"), keys);
  if (found.deployment !== roots.deployment)
    throw new ManifestInvalid("the deployment is not its roots' hash");
  return { roots, rehearsal: shape.flag(found.rehearsal, "rehearsal") };
}
