/**
 * Sealing a report: the words at once, then file by file, last the closing that names every part
 * (SPEC.md sections 2 and 3).
 */

import type { Random } from "../age/seal.ts";
import {
  ANSWER_MAX_CHARACTERS,
  BUILD,
  CLOSING_ENTRIES_MAX,
  KIND_CLOSING,
  KIND_SECTION,
  PART_ID_SIZE,
  REPLY_BLOCK_SIZE,
  REPORT_ID_SIZE,
  SMALL_CLASSES,
} from "../generated/constants.ts";
import { type Bytes, characters } from "../wire/bytes.ts";
import { SectionInvalid, WrongSize } from "../wire/errors.ts";
import { bodyOffset, type ClosingEntry, type ReplyBlock, type SectionFrame } from "../wire/frame.ts";
import type { VerifiedManifest } from "../wire/manifest.ts";
import { smallPlainSize } from "../wire/padding.ts";
import { CodeKeys } from "../wire/returncode.ts";
import { type Answers, type SectionBody, writeSection } from "../wire/section.ts";
import { MediaSealer, type WritePiece } from "./media.ts";
import {
  drawId,
  type EpochChoice,
  entryOf,
  type SealedPart,
  sealSmall,
  type Target,
  target,
} from "./small.ts";

/** What a person has written and chosen, in memory only. */
export interface Draft extends SectionBody {
  readonly files: readonly Blob[];
  /** 32 digits of the return code, or null when no answer is asked for. */
  readonly code: string | null;
  readonly epoch: EpochChoice;
}

/** What an addition to a report needs; kept in memory until the person leaves. */
export interface ReportHandle {
  readonly reportId: Bytes;
  nextSequence: number;
}

/** Where the sealing of a report with files stands; what is needed to go on after the page was closed. */
export interface Progress {
  readonly reportId: Bytes;
  readonly nextSequence: number;
  /** The parts sealed so far. */
  readonly entries: readonly ClosingEntry[];
  /** Files not sealed yet. */
  readonly missing: number;
}

/** Seals one report part by part. */
export class ReportSealer {
  /** The words, sealed; null when the report goes on after an interruption. */
  readonly section: SealedPart | null;
  /** One for each file; seal each with {@link sealMedia}. */
  readonly media: readonly MediaSealer[];
  readonly handle: ReportHandle;
  private readonly to: Target;
  private readonly random: Random;
  private readonly entries: ClosingEntry[];
  private readonly sealed = new Set<MediaSealer>();

  /** @throws WrongSize for a file above 4 GiB, and for more files than a closing can name. */
  constructor(
    before: Progress,
    section: SealedPart | null,
    files: readonly Blob[],
    to: Target,
    random: Random,
  ) {
    if (before.entries.length + files.length > CLOSING_ENTRIES_MAX) throw new WrongSize("too many files");
    this.section = section;
    this.entries = [...before.entries];
    this.to = to;
    this.random = random;
    const { reportId, nextSequence } = before;
    this.media = files.map((file, i) => new MediaSealer(file, reportId, nextSequence + i, to, random));
    // The closing comes after every file, an addition after the closing.
    const closings = this.needsClosing ? 1 : 0;
    this.handle = { reportId, nextSequence: nextSequence + files.length + closings };
  }

  /** Whether the report has, or had, files. */
  get needsClosing(): boolean {
    return this.media.length > 0 || this.section === null;
  }

  /** What must be remembered to go on later. */
  get progress(): Progress {
    const { handle, entries } = this;
    const missing = this.media.length - this.sealed.size;
    return { reportId: handle.reportId, nextSequence: handle.nextSequence, entries, missing };
  }

  /** Seals one of `media`; see {@link MediaSealer.seal}. A file that fails can be tried again. */
  async sealMedia(media: MediaSealer, write: WritePiece): Promise<ClosingEntry> {
    const entry = await media.seal(write);
    this.entries.push(entry);
    this.sealed.add(media);
    return entry;
  }

  /** Seals the closing, which names every part sealed so far; the last to be made and to be sent. */
  closing(): SealedPart {
    const common = {
      epoch: this.to.number,
      build: BUILD,
      reportId: this.handle.reportId,
      partId: drawId(this.random, PART_ID_SIZE),
      sequence: this.handle.nextSequence - 1,
    };
    return sealSmall({ kind: KIND_CLOSING, ...common, entries: this.entries }, this.to, this.random);
  }
}

function replyBlock(code: string | null): ReplyBlock | null {
  if (code === null) return null;
  const keys = new CodeKeys(code);
  const block = keys.replyBlock();
  keys.drop();
  return block;
}

function sectionFrame(
  body: SectionBody,
  code: string | null,
  place: { epoch: number; reportId: Bytes; partId: Bytes; sequence: number; parts: number },
): SectionFrame {
  const written = writeSection(body);
  return {
    kind: KIND_SECTION,
    build: BUILD,
    replaces: 0,
    ...place,
    replyBlock: replyBlock(code),
    body: written,
  };
}

/**
 * Seals the words of a report and prepares its files.
 *
 * @throws SectionInvalid when there is neither a word nor a file, or an answer is malformed.
 * @throws WrongSize when there are more words than {@link roomLeft} allows, or a file is too large.
 */
export function sealReport(draft: Draft, manifest: VerifiedManifest, random: Random): ReportSealer {
  if (draft.answers.size === 0 && draft.files.length === 0)
    throw new SectionInvalid("a report without content");
  const to = target(manifest, draft.epoch);
  const reportId = drawId(random, REPORT_ID_SIZE);
  const parts = draft.files.length === 0 ? 1 : 2 + draft.files.length;
  const place = { epoch: to.number, reportId, partId: drawId(random, PART_ID_SIZE), sequence: 1, parts };
  const section = sealSmall(sectionFrame(draft, draft.code, place), to, random);
  const progress = { reportId, nextSequence: 2, entries: [entryOf(section)], missing: draft.files.length };
  return new ReportSealer(progress, section, draft.files, to, random);
}

/** Goes on with a report whose files were not all sealed when the page was closed; `files` may be fewer. */
export function resumeReport(
  before: Progress,
  files: readonly Blob[],
  manifest: VerifiedManifest,
  epoch: EpochChoice,
  random: Random,
): ReportSealer {
  return new ReportSealer(before, null, files, target(manifest, epoch), random);
}

/** What "I want an answer", asked after sending, seals. */
export interface Addition {
  readonly handle: ReportHandle;
  readonly form: string;
  readonly lang: SectionBody["lang"];
  readonly made: string;
  readonly code: string;
  readonly epoch: EpochChoice;
}

/** Seals a section that only carries the reply block of `code`; counts `handle` on. */
export function sealAddition(addition: Addition, manifest: VerifiedManifest, random: Random): SealedPart {
  const { handle, form, lang, made, code } = addition;
  const to = target(manifest, addition.epoch);
  const place = {
    epoch: to.number,
    reportId: handle.reportId,
    partId: drawId(random, PART_ID_SIZE),
    sequence: handle.nextSequence++,
    parts: 0,
  };
  return sealSmall(sectionFrame({ form, lang, made, answers: new Map() }, code, place), to, random);
}

/** How far the longest answer is above what one answer may have, in characters. */
function excess(answers: Answers): number {
  const texts = Array.from(answers.values()).flatMap((answer) => (answer === true ? [] : answer));
  return Math.max(0, ...texts.map((text) => characters(text) - ANSWER_MAX_CHARACTERS));
}

/**
 * Bytes that the words of a draft may still grow by, as UTF-8; negative when they are too many to be sealed,
 * or one answer is too long by itself.
 */
export function roomLeft(draft: Draft, manifest: VerifiedManifest): number {
  const over = excess(draft.answers);
  if (over > 0) return -over;
  const recipients = target(manifest, draft.epoch).recipients.length;
  const block = draft.code === null ? 0 : REPLY_BLOCK_SIZE;
  const capacity = smallPlainSize(Math.max(...SMALL_CLASSES), recipients) - bodyOffset(KIND_SECTION) - block;
  return capacity - writeSection(draft).length;
}
