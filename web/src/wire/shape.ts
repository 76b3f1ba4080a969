/**
 * Parsed strict JSON into typed values, one check a function. Every failure is ManifestInvalid and names the
 * field, never its content.
 */

import { type Bytes, characters, checkDay, fromBase64 } from "./bytes.ts";
import { errorsAs, ManifestInvalid } from "./errors.ts";
import type { Json, JsonObject } from "./strictjson.ts";

/** The languages of the page, in the order of LANGUAGES in constants.py. */
export const languages = ["kk", "ru", "en"] as const;

/** A language of the page. */
export type Language = (typeof languages)[number];

/** One text in Kazakh, Russian and English. */
export type Words = Readonly<Record<Language, string>>;

function fail(where: string, why: string): never {
  throw new ManifestInvalid(`${where}: ${why}`);
}

/** The members of an object that has exactly `keys`, in that order. */
export function fields<K extends string>(value: Json, keys: readonly K[], where: string): Record<K, Json> {
  const object = value instanceof Map ? (value as JsonObject) : fail(where, "not an object");
  if (Array.from(object.keys()).join() !== keys.join()) fail(where, "the fields are not the expected ones");
  return Object.fromEntries(object) as Record<K, Json>;
}

/** An integer from `low` to `high`. */
export function integer(value: Json, low: number, high: number, where: string): number {
  const good = typeof value === "number" && value >= low && value <= high;
  return good ? value : fail(where, `not an integer from ${low} to ${high}`);
}

/** True or false. */
export function flag(value: Json, where: string): boolean {
  return typeof value === "boolean" ? value : fail(where, "not true or false");
}

/** A text of `low` to `high` characters, without control characters but newline, and without `<`. */
export function text(value: Json, low: number, high: number, where: string): string {
  if (typeof value !== "string") fail(where, "not a text");
  const size = characters(value);
  if (size < low || size > high) fail(where, `not a text of ${low} to ${high} characters`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
  return /[\u0000-\u0009\u000b-\u001f<]/.test(value) ? fail(where, "a character that is not allowed") : value;
}

/** A text that `pattern` matches as a whole. */
export function matching(value: Json, pattern: RegExp, where: string): string {
  return typeof value === "string" && pattern.test(value) ? value : fail(where, "not in its form");
}

/** 64 lower-case hex digits. */
export function hex64(value: Json, where: string): string {
  return matching(value, /^[0-9a-f]{64}$/, where);
}

/** A text in the three languages, each of `low` to `high` characters. */
export function words(value: Json, low: number, high: number, where: string): Words {
  const found = fields(value, languages, where);
  const read = (language: Language) => text(found[language], low, high, `${where}.${language}`);
  return { kk: read("kk"), ru: read("ru"), en: read("en") };
}

/** A day written `YYYY-MM-DD`. */
export function day(value: Json, where: string): string {
  return errorsAs(ManifestInvalid, () => checkDay(text(value, 10, 10, where)));
}

/** Exactly `size` bytes in canonical base64. */
export function raw(value: Json, size: number, where: string): Bytes {
  return errorsAs(ManifestInvalid, () => fromBase64(text(value, 4, 4 * size, where), size));
}

/** An array of `low` to `high` values, each read by `item`. */
export function array<T>(
  value: Json,
  low: number,
  high: number,
  item: (value: Json, where: string) => T,
  where: string,
): readonly T[] {
  const found: readonly Json[] = Array.isArray(value) ? value : fail(where, "not a list");
  if (found.length < low || found.length > high) fail(where, `not a list of ${low} to ${high} entries`);
  return found.map((entry, i) => item(entry, `${where}[${i}]`));
}
