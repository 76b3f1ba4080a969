/** `POST /reports`: small sealed objects, once or as often as needed (SPEC.md section 7). */

import { type Bytes, toHex } from "../wire/bytes.ts";
import { type Envelope, writeEnvelope } from "../wire/envelope.ts";
import { failureOf, jsonOf, NoAnswer, request, workHeader } from "./http.ts";

/**
 * Sends a small sealed object; returns only when the server said that it stored exactly these bytes, with its receipt,
 * which nobody has looked at yet, or null.
 *
 * @param work the solution of its puzzle, where one was asked for.
 * @throws NoAnswer, Later, PuzzleNeeded or Refused.
 */
export async function postReport(
  server: string,
  envelope: Envelope,
  work: string | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  const answer = await request(`${server}/reports`, {
    method: "POST",
    headers: workHeader(work),
    body: writeEnvelope(envelope),
    signal,
  });
  if (answer.status !== 200) throw failureOf(answer);
  const json = jsonOf(answer);
  if (json?.get("id") !== toHex(envelope.objectId) || json.get("sha256") !== toHex(envelope.sha256)) {
    throw new NoAnswer("the answer does not confirm what was sent");
  }
  const receipt = json.get("receipt");
  return typeof receipt === "string" ? receipt : null;
}

/** `POST` of a small body that is no sealed object; the answer's body when its status is `expected`. */
export async function postBytes(url: string, body: Bytes, expected: number, limit: number): Promise<Bytes> {
  const answer = await request(url, { method: "POST", body, limit });
  if (answer.status !== expected) throw failureOf(answer);
  return answer.body;
}
