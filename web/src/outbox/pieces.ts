/** Which pieces of a sealed object hold a range of its bytes. */

import { PIECE_SIZE } from "../seal/media.ts";
import { type Bytes, concat } from "../wire/bytes.ts";

function startOf(index: number, firstSize: number): number {
  return index === 0 ? 0 : firstSize + (index - 1) * PIECE_SIZE;
}

function indexAt(offset: number, firstSize: number): number {
  return offset < firstSize ? 0 : 1 + Math.floor((offset - firstSize) / PIECE_SIZE);
}

/**
 * Reads bytes `from` to `to`, fetching each piece with `piece`.
 *
 * @throws Error when the pieces do not hold them.
 */
export async function readRange(
  firstSize: number,
  from: number,
  to: number,
  piece: (index: number) => Promise<Bytes | undefined>,
): Promise<Bytes> {
  const found: Uint8Array[] = [];
  for (let at = from; at < to; ) {
    const index = indexAt(at, firstSize);
    const start = startOf(index, firstSize);
    const bytes = (await piece(index))?.subarray(at - start, to - start);
    if (bytes === undefined || bytes.length === 0) throw new Error("a piece is missing");
    found.push(bytes);
    at += bytes.length;
  }
  return concat(...found);
}
