/**
 * Sealing photos and videos of any size in constant memory: a few chunks are read, sealed, handed on.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { headerSize, type Random, type Sealer, sealer } from "../age/seal.ts";
import { BUILD, CHUNK_SIZE, MEDIA_TYPES, PART_ID_SIZE, TAG_SIZE } from "../generated/constants.ts";
import { type Bytes, concat, wipe } from "../wire/bytes.ts";
import { type ClosingEntry, mediaHeader } from "../wire/frame.ts";
import { mediaPlainSize, mediaSealedSize } from "../wire/padding.ts";
import { FileUnreadable } from "./errors.ts";
import { drawId, type Target } from "./small.ts";

const GROUP_CHUNKS = 4;
const GROUP_SIZE = GROUP_CHUNKS * CHUNK_SIZE;

/** Size in bytes of each sealed piece but the last; the first has the age header before it. */
export const PIECE_SIZE = GROUP_CHUNKS * (CHUNK_SIZE + TAG_SIZE);

/** Takes piece number `index` of a sealed file, the first being 0; sealing waits for it. */
export type WritePiece = (index: number, piece: Bytes) => Promise<void>;

/** Place of a browser's media type in MEDIA_TYPES; 0, unknown, for any other. */
export function mediaTypeOf(type: string): number {
  return Math.max(0, MEDIA_TYPES.indexOf((type.split(";")[0] ?? "").trim().toLowerCase()));
}

async function readBlob(file: Blob, from: number, to: number): Promise<Bytes> {
  let bytes: Bytes;
  try {
    // Blob.arrayBuffer is younger than the oldest phones this must run on.
    bytes = new Uint8Array(await new Response(file.slice(from, to)).arrayBuffer());
  } catch {
    throw new FileUnreadable("a file could not be read");
  }
  if (bytes.length !== to - from) throw new FileUnreadable("a file became shorter");
  return bytes;
}

function sealGroup(started: Sealer, first: number, plain: Bytes, isEnd: boolean): Bytes {
  const chunks: Bytes[] = [];
  for (let at = 0; at < plain.length; at += CHUNK_SIZE) {
    const last = isEnd && at + CHUNK_SIZE >= plain.length;
    chunks.push(started.chunk(first + chunks.length, plain.subarray(at, at + CHUNK_SIZE), last));
  }
  return concat(...chunks);
}

/** One file of a report. Its name never comes in here. */
export class MediaSealer {
  /** Size in bytes of the sealed object. */
  readonly size: number;
  /** Size in bytes of piece 0. */
  readonly firstSize: number;
  readonly epoch: number;
  readonly sequence: number;
  private readonly file: Blob;
  private readonly reportId: Bytes;
  private readonly recipients: readonly Bytes[];
  private readonly random: Random;

  /** @throws WrongSize for a file that sealed would be larger than 4 GiB. */
  constructor(file: Blob, reportId: Bytes, sequence: number, to: Target, random: Random) {
    this.file = file;
    this.reportId = reportId;
    this.sequence = sequence;
    this.epoch = to.number;
    this.recipients = to.recipients;
    this.random = random;
    const frameSize = this.header(new Uint8Array(PART_ID_SIZE)).length + file.size;
    this.size = mediaSealedSize(frameSize, to.recipients.length);
    this.firstSize = Math.min(this.size, headerSize(to.recipients.length) + PIECE_SIZE);
  }

  /**
   * Seals the whole file under a fresh file key and part id, and drops the key. Each call starts anew.
   *
   * @returns what the closing says of it.
   * @throws FileUnreadable when the file cannot be read; whatever `write` throws.
   */
  async seal(write: WritePiece): Promise<ClosingEntry> {
    const partId = drawId(this.random, PART_ID_SIZE);
    const head = this.header(partId);
    const plainSize = mediaPlainSize(head.length + this.file.size);
    const started = sealer(this.recipients, this.random);
    const hash = sha256.create();
    try {
      for (let start = 0, index = 0; start < plainSize; start += GROUP_SIZE, index++) {
        const end = Math.min(plainSize, start + GROUP_SIZE);
        const plain = await this.plain(head, start, end);
        const group = sealGroup(started, start / CHUNK_SIZE, plain, end === plainSize);
        wipe(plain);
        const piece = index === 0 ? concat(started.header, group) : group;
        hash.update(piece);
        await write(index, piece);
      }
    } finally {
      started.drop();
    }
    return { partId, size: this.size, sha256: Uint8Array.from(hash.digest()) };
  }

  private header(partId: Bytes): Bytes {
    const { reportId, sequence } = this;
    const common = { epoch: this.epoch, build: BUILD, reportId, partId, sequence };
    return mediaHeader(common, mediaTypeOf(this.file.type), this.file.size);
  }

  /** Bytes `start` to `end` of the plaintext: frame header, file, zeros. */
  private async plain(head: Bytes, start: number, end: number): Promise<Bytes> {
    const plain = new Uint8Array(end - start);
    if (start === 0) plain.set(head);
    const from = Math.max(0, start - head.length);
    const to = Math.min(this.file.size, end - head.length);
    if (from < to) plain.set(await readBlob(this.file, from, to), Math.max(0, head.length - start));
    return plain;
  }
}
