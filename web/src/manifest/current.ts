/**
 * The newest key manifest this page knows: at first the one stamped into it, so that nothing is requested
 * before sealing; then the newest any server has. The highest valid serial wins, and it never falls.
 */

import { MANIFEST_MAX_SIZE } from "../generated/constants.ts";
import type { EpochChoice } from "../seal/small.ts";
import { failureOf, request } from "../send/http.ts";
import { toUtf8 } from "../wire/bytes.ts";
import { SerialTooLow } from "../wire/errors.ts";
import { parseManifest, type VerifiedManifest, verifyManifest, warnings } from "../wire/manifest.ts";
import { type Deployment, parseDeployment } from "../wire/roots.ts";

const DEPLOYMENT_ID = "intake-deployment";
const MANIFEST_ID = "intake-manifest";
const DAY_MS = 86_400_000;

/** The newest verified manifest of one deployment. */
export class Newest {
  private readonly pinned: Deployment;
  private known: VerifiedManifest | null = null;

  constructor(pinned: Deployment) {
    this.pinned = pinned;
  }

  /** The highest serial seen, or null before the first. */
  get current(): VerifiedManifest | null {
    return this.known;
  }

  /**
   * Verifies a manifest and keeps it when it is at least as new as the newest.
   *
   * @throws WireError as {@link parseManifest} and {@link verifyManifest} do.
   */
  offer(untrusted: Uint8Array): VerifiedManifest {
    const seen = this.known?.manifest.serial ?? 0;
    this.known = verifyManifest(parseManifest(untrusted), this.pinned.roots, seen);
    return this.known;
  }

  /**
   * Takes what a server gave, unless it is signed ahead for a day that has not come: a server holds those too, and
   * could lead phones weeks forward. A clock that is itself behind decides nothing.
   */
  private consider(untrusted: Uint8Array, now: Date): void {
    const known = this.known;
    const offered = verifyManifest(parseManifest(untrusted), this.pinned.roots, known?.manifest.serial ?? 0);
    const tomorrow = new Date(now.getTime() + DAY_MS);
    const isAhead = warnings(offered, tomorrow).includes("not-yet");
    const isClockBehind = known === null || warnings(known, now).includes("clock-behind");
    if (known?.manifest.serial === offered.manifest.serial || (isAhead && !isClockBehind)) return;
    this.known = offered;
  }

  /** Asks one server for its manifest; true when it answered with one, be it older than what is known. */
  async ask(server: string): Promise<boolean> {
    let body: Uint8Array;
    try {
      const answer = await request(`${server}/manifest`, { method: "GET", limit: MANIFEST_MAX_SIZE });
      if (answer.status !== 200) throw failureOf(answer);
      body = answer.body;
    } catch {
      return false;
    }
    try {
      this.consider(body, new Date());
      return true;
    } catch (error) {
      // What does not verify changes nothing: the network is hostile, and the page already has a manifest.
      return error instanceof SerialTooLow;
    }
  }
}

let pinned: Deployment | null = null;
let newest: Newest | null = null;

function block(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

/**
 * The page's pinned roots, and whether it is for training only.
 *
 * @throws ManifestInvalid when the block is missing or malformed.
 */
export function deployment(): Deployment {
  pinned ??= parseDeployment(block(DEPLOYMENT_ID));
  return pinned;
}

/**
 * The newest manifest known.
 *
 * @throws WireError when not even the one in the page verifies: then nothing may be sealed.
 */
export function currentManifest(): VerifiedManifest {
  newest ??= new Newest(deployment());
  return newest.current ?? newest.offer(toUtf8(block(MANIFEST_ID)));
}

/** Asks every server at once. `reached`: how many answered with a manifest of this deployment; never throws
 * once the page's own verified. */
export async function refreshManifest(
  servers: readonly string[],
): Promise<{ manifest: VerifiedManifest; reached: number }> {
  currentManifest();
  const answered = await Promise.all(servers.map((server) => newest?.ask(server)));
  return { manifest: currentManifest(), reached: answered.filter((one) => one === true).length };
}

function isOnion(url: string): boolean {
  return /\.onion(?::[0-9]+)?$/.test(url);
}

/**
 * Where to send, in this order: the page's own origin, the manifest's servers, its onions. Onions are only
 * named where a Tor browser may be: in a saved file and on an onion.
 */
export function serversFor({ manifest }: VerifiedManifest, origin: string = location.origin): string[] {
  const hosted = /^https?:\/\//.test(origin);
  const onions = !hosted || isOnion(origin) ? manifest.onions : [];
  return Array.from(new Set([...(hosted ? [origin] : []), ...manifest.servers, ...onions]));
}

/**
 * Which keys to seal to: the carry epoch's, kept off the laptops, when no server was reached or the manifest is
 * out of date. The page says so when it is "carry".
 */
export function sealingEpoch(manifest: VerifiedManifest, now: Date, reached: number): EpochChoice {
  return reached === 0 || warnings(manifest, now).includes("expired") ? "carry" : "epoch";
}
