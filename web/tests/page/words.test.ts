import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Forms, formTexts } from "../../src/page/forms.ts";
import {
  dayText,
  type Language,
  packWords,
  saying,
  sizeText,
  unpackWords,
  type WordTable,
} from "../../src/page/words.ts";

const SRC = path.join(import.meta.dirname, "..", "..", "src");
const LANGUAGES: readonly Language[] = ["kk", "ru", "en"];

function strings(language: Language): Record<string, string> {
  return JSON.parse(readFileSync(path.join(SRC, "strings", `${language}.json`), "utf8"));
}

const files = LANGUAGES.map(strings);
const keys = Object.keys(files[0] ?? {});
const table: WordTable = {
  languages: LANGUAGES,
  texts: Object.fromEntries(keys.map((key) => [key, files.map((file) => file[key] ?? "")])),
};
const forms: Forms = JSON.parse(
  readFileSync(path.join(SRC, "..", "..", "intake", "wire", "forms.json"), "utf8"),
);
const formWords = formTexts(forms, LANGUAGES);

function holes(text: string): string[] {
  return Array.from(text.matchAll(/\{\d\}/g), ([hole]) => hole).sort();
}

test("strings_have_the_same_names_in_all_languages", () => {
  for (const file of files) assert.deepEqual(Object.keys(file), keys);
});

test("strings_are_complete_and_trimmed_in_all_languages", () => {
  for (const [key, texts] of Object.entries({ ...table.texts, ...formWords })) {
    for (const text of texts) assert.ok(text.length > 0 && text === text.trim(), key);
  }
});

test("strings_have_the_same_holes_in_all_languages", () => {
  for (const key of keys) {
    const [first, ...others] = files.map((file) => holes(file[key] ?? ""));
    for (const other of others) assert.deepEqual(other, first, key);
  }
});

test("strings_of_kazakh_and_russian_have_no_latin_letter_in_a_cyrillic_word", () => {
  for (const [key, texts] of Object.entries({ ...table.texts, ...formWords })) {
    for (const text of texts.slice(0, 2)) {
      assert.doesNotMatch(text, /[a-z][\u0400-\u04ff]|[\u0400-\u04ff][a-z]/i, key);
    }
  }
});

test("strings_of_russian_have_no_kazakh_letter", () => {
  for (const [key, texts] of Object.entries({ ...table.texts, ...formWords })) {
    assert.doesNotMatch(texts[1] ?? "", /[әғқңөұүһі]/i, key);
  }
});

test("strings_are_all_used", () => {
  const code = readdirSync(path.join(SRC, "page"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(path.join(SRC, "page", name), "utf8"))
    .join("\n");
  const made = /^(sum_|is_(waiting|sending|stored)$)/;
  for (const key of keys) assert.ok(made.test(key) || code.includes(`"${key}"`), key);
});

test("words_survive_packing", () => {
  assert.deepEqual(unpackWords(packWords(table)), table);
});

test("words_that_hold_the_separator_are_refused", () => {
  assert.throws(() => packWords({ languages: ["kk"], texts: { send: ["a|b"] } }));
});

test("saying_fills_holes_in_the_asked_language", () => {
  const say = saying(table, "is_refused", saying(table, "why_too_large"));
  assert.equal(say("en"), "not accepted: too large for this server");
  assert.equal(say("ru"), "не принято: слишком большой для этого сервера");
});

test("day_uses_own_month_names_in_kazakh", () => {
  assert.equal(dayText(table, "2026-03-01")("kk"), "2026 жылғы 1 наурыз");
  assert.equal(dayText(table, "2026-11-22")("ru"), "22 ноября 2026 года");
  assert.equal(dayText(table, "2026-12-09")("en"), "9 December 2026");
});

test("day_names_every_month_once", () => {
  for (const language of LANGUAGES) {
    const months = saying(table, "months")(language).split(" ");
    assert.equal(new Set(months).size, 12, language);
  }
});

test("day_that_is_not_a_day_stays_as_it_is", () => {
  for (const text of ["", "2026-13-01", "2026-00-10", "1.3.2026"]) {
    assert.equal(dayText(table, text)("kk"), text);
  }
});

test("size_is_written_in_kb_and_mb", () => {
  assert.equal(sizeText(table, 0)("en"), "1 KB");
  assert.equal(sizeText(table, 90_000)("kk"), "88 КБ");
  assert.equal(sizeText(table, 2_411_724)("ru"), "2,3 МБ");
  assert.equal(sizeText(table, 20 * 1024 * 1024)("en"), "20.0 MB");
});
