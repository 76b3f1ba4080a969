/** Sealing a report: opened again with the laptops' keys, part by part. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "@noble/hashes/sha2.js";
import { open } from "../../src/age/open.ts";
import { browserRandom, sealedSize } from "../../src/age/seal.ts";
import { FileUnreadable } from "../../src/seal/errors.ts";
import { mediaTypeOf } from "../../src/seal/media.ts";
import {
  type Draft,
  type ReportSealer,
  resumeReport,
  roomLeft,
  sealAddition,
  sealReport,
} from "../../src/seal/report.ts";
import type { SealedPart } from "../../src/seal/small.ts";
import { type Bytes, concat, toHex } from "../../src/wire/bytes.ts";
import { SectionInvalid, WrongSize } from "../../src/wire/errors.ts";
import type { ClosingFrame, Frame, MediaFrame, SectionFrame } from "../../src/wire/frame.ts";
import { parseManifest, verifyManifest } from "../../src/wire/manifest.ts";
import { mediaPlainSize, padme } from "../../src/wire/padding.ts";
import { CodeKeys, newCode } from "../../src/wire/returncode.ts";
import { parseSection } from "../../src/wire/section.ts";
import { unpack } from "../../src/wire/unframe.ts";
import { bytesOf } from "../age/material.ts";
import { epochIdentity, goodFields, ROOTS, signed } from "../wire/manifests.ts";

const MANIFEST = verifyManifest(parseManifest(signed(goodFields())), ROOTS);
const DRAFT: Draft = {
  form: "saw",
  lang: "kk",
  made: "2026-11-22T18:30",
  answers: new Map<string, string | true | readonly string[]>([
    ["who", "Әлия"],
    ["hurt", true],
    ["places", ["базар", "вокзал"]],
  ]),
  files: [],
  code: null,
  epoch: "epoch",
};
const SIZES = [0, 1, 65_477, 65_478, 262_085, 262_086, 300_000, 1_000_003];

function opened(sealed: Bytes, laptop = 0, epoch = "epoch"): Frame {
  return unpack(open(sealed, [epochIdentity(epoch, laptop)]));
}

const section = (part: SealedPart | null) =>
  opened(part?.sealed ?? assert.fail("no section")) as SectionFrame;

async function sealAll(sealer: ReportSealer): Promise<Bytes[]> {
  const sealed: Bytes[] = [];
  for (const media of sealer.media) {
    const pieces: Bytes[] = [];
    await sealer.sealMedia(media, async (index, piece) => {
      assert.equal(index, pieces.length);
      pieces.push(piece);
    });
    assert.equal(pieces[0]?.length, media.firstSize);
    sealed.push(concat(...pieces));
  }
  return sealed;
}

test("words alone are one part of 8,192 bytes, for every laptop, and need no closing", () => {
  const sealer = sealReport(DRAFT, MANIFEST, browserRandom);
  assert.equal(sealer.section?.sealed.length, 8192);
  assert.equal(sealer.section?.epoch, 12);
  assert.equal(sealer.needsClosing, false);
  for (const laptop of [0, 1]) {
    const frame = opened(sealer.section?.sealed ?? new Uint8Array(0), laptop) as SectionFrame;
    const { kind, epoch, build, sequence, replaces, parts, replyBlock } = frame;
    assert.deepEqual([kind, epoch, build, sequence, replaces, parts, replyBlock], [1, 12, 1, 1, 0, 1, null]);
    assert.deepEqual(parseSection(frame.body).answers, DRAFT.answers);
  }
});

test("900 Kazakh letters and a return code fit in 8 KiB for 2 laptops", () => {
  const draft = { ...DRAFT, code: newCode(browserRandom), answers: new Map([["story", "қ".repeat(900)]]) };
  assert.equal(sealReport(draft, MANIFEST, browserRandom).section?.sealed.length, 8192);
});

test("the reply block is what the return code derives", () => {
  const code = newCode(browserRandom);
  const { replyBlock } = section(sealReport({ ...DRAFT, code }, MANIFEST, browserRandom).section);
  assert.deepEqual(replyBlock, new CodeKeys(code).replyBlock());
});

test("a report sealed to the carry epoch opens with its keys only and is labelled so", () => {
  const { section: part } = sealReport({ ...DRAFT, epoch: "carry" }, MANIFEST, browserRandom);
  assert.equal(part?.epoch, 2 ** 31 + 3);
  assert.equal(opened(part?.sealed ?? new Uint8Array(0), 1, "carry").epoch, 2 ** 31 + 3);
});

test("files of every size come back byte for byte, padded by Padmé, named by the closing", async () => {
  const contents = SIZES.map((size) => bytesOf(`file ${size}`, size));
  const files = contents.map((bytes) => new Blob([bytes], { type: "image/jpeg" }));
  const sealer = sealReport({ ...DRAFT, files }, MANIFEST, browserRandom);
  const sealed = await sealAll(sealer);
  const frames = sealed.map((one) => opened(one, 1) as MediaFrame);
  assert.deepEqual(
    frames.map(({ body }) => body),
    contents,
  );
  assert.deepEqual(
    frames.map(({ sequence }) => sequence),
    SIZES.map((_, i) => i + 2),
  );
  assert.ok(frames.every(({ mediaType }) => mediaType === 1));
  assert.deepEqual(
    sealed.map(({ length }) => length),
    SIZES.map((size) => sealedSize(mediaPlainSize(59 + size), 2)),
  );
  const closing = sealer.closing();
  const frame = opened(closing.sealed) as ClosingFrame;
  assert.equal(frame.sequence, SIZES.length + 2);
  assert.equal(section(sealer.section).parts, SIZES.length + 2);
  const all = [sealer.section?.sealed ?? new Uint8Array(0), ...sealed];
  assert.deepEqual(
    frame.entries.map(({ sha256: digest }) => toHex(digest)),
    all.map((one) => toHex(sha256(one))),
  );
  assert.deepEqual(
    frame.entries.map(({ size }) => size),
    all.map(({ length }) => length),
  );
  assert.equal(new Set([frame, ...frames].map(({ reportId }) => toHex(reportId))).size, 1);
});

test("a file name stands nowhere in what is sealed", async () => {
  const file = new File([bytesOf("x", 10)], "canary-name.jpg", { type: "image/jpeg" });
  const sealer = sealReport({ ...DRAFT, files: [file] }, MANIFEST, browserRandom);
  const [sealed] = await sealAll(sealer);
  const plain = open(sealed ?? new Uint8Array(0), [epochIdentity("epoch", 0)]);
  assert.ok(!Buffer.from(plain).includes("canary-name"));
});

test("each sealing of one file has another part id and another key", async () => {
  const sealer = sealReport({ ...DRAFT, files: [new Blob(["x"])] }, MANIFEST, browserRandom);
  const [media] = sealer.media;
  assert.ok(media);
  const [first, second] = [[] as Bytes[], [] as Bytes[]];
  const one = await media.seal(async (_, piece) => void first.push(piece));
  const other = await media.seal(async (_, piece) => void second.push(piece));
  assert.notDeepEqual(one.partId, other.partId);
  assert.notDeepEqual(first[0]?.slice(0, 4000), second[0]?.slice(0, 4000));
});

test("a file that goes away while it is read is told, and can be sealed again", async () => {
  const file = new Blob([bytesOf("x", 500_000)]);
  const broken = Object.assign(new Blob([bytesOf("x", 500_000)]), { slice: () => new Blob(["short"]) });
  const sealer = sealReport({ ...DRAFT, files: [broken] }, MANIFEST, browserRandom);
  await assert.rejects(sealAll(sealer), FileUnreadable);
  assert.equal(sealer.progress.missing, 1);
  const again = resumeReport(sealer.progress, [file], MANIFEST, "epoch", browserRandom);
  const [sealed] = await sealAll(again);
  const closing = opened(again.closing().sealed) as ClosingFrame;
  assert.deepEqual(closing.reportId, sealer.handle.reportId);
  assert.equal(closing.entries.length, 2);
  assert.deepEqual(closing.entries[1]?.sha256, Uint8Array.from(sha256(sealed ?? new Uint8Array(0))));
  assert.ok(closing.sequence > (opened(sealed ?? new Uint8Array(0)) as MediaFrame).sequence);
});

test("an addition carries the reply block alone, under the report's id and a later sequence", () => {
  const { handle } = sealReport(DRAFT, MANIFEST, browserRandom);
  const code = newCode(browserRandom);
  const about = { handle, form: "saw", lang: "ru", made: "", code, epoch: "epoch" } as const;
  const [first, second] = [1, 2].map(() => section(sealAddition(about, MANIFEST, browserRandom)));
  assert.ok(first && second);
  assert.deepEqual(first.reportId, handle.reportId);
  assert.deepEqual([first.sequence, second.sequence, first.parts], [2, 3, 0]);
  assert.equal(parseSection(first.body).answers.size, 0);
  assert.deepEqual(first.replyBlock, new CodeKeys(code).replyBlock());
});

test("the room left is exact: one byte more than it does not fit", () => {
  const of = (letters: number, code: string | null) => {
    const story = ["a", "b", "c"].map((id): [string, string] => [id, "қ".repeat(8000)]);
    return { ...DRAFT, code, answers: new Map([...story, ["d", "x".repeat(letters)]]) };
  };
  for (const code of [null, newCode(browserRandom)]) {
    const left = roomLeft(of(1, code), MANIFEST);
    const full = of(1 + left, code);
    assert.equal(roomLeft(full, MANIFEST), 0);
    assert.equal(sealReport(full, MANIFEST, browserRandom).section?.sealed.length, 65_536);
    assert.throws(() => sealReport(of(2 + left, code), MANIFEST, browserRandom), WrongSize);
  }
});

test("an answer that is too long by itself leaves no room, and is no crash", () => {
  const draft = { ...DRAFT, answers: new Map([["story", "x".repeat(20_003)]]) };
  assert.equal(roomLeft(draft, MANIFEST), -3);
  assert.throws(() => sealReport(draft, MANIFEST, browserRandom), SectionInvalid);
});

test("nothing to say and nothing to show is refused", () => {
  assert.throws(() => sealReport({ ...DRAFT, answers: new Map() }, MANIFEST, browserRandom), SectionInvalid);
});

test("a file above 4 GiB is refused before anything of it is read", () => {
  const huge = Object.defineProperty(new Blob([]), "size", { value: 2 ** 32 });
  assert.throws(() => sealReport({ ...DRAFT, files: [huge] }, MANIFEST, browserRandom), WrongSize);
});

test("media types are known by their name alone", () => {
  assert.equal(mediaTypeOf("image/JPEG"), 1);
  assert.equal(mediaTypeOf("video/webm; codecs=vp9"), 8);
  assert.deepEqual(["", "text/html", "image/svg+xml"].map(mediaTypeOf), [0, 0, 0]);
});

test("Padmé never shrinks, adds at most 12 % and is stable, around every power of two up to 4 GiB", () => {
  for (let exponent = 0; exponent <= 32; exponent++) {
    for (const size of [2 ** exponent - 1, 2 ** exponent, 2 ** exponent + 1].filter((one) => one > 0)) {
      const padded = padme(size);
      assert.ok(padded >= size && padded <= size * 1.12 + 1);
      assert.equal(padme(padded), padded);
    }
  }
});
