/**
 * The words of the page: strings of `src/strings`, form labels of `intake/wire/forms.json`, in all languages of the build.
 *
 * Pure: build.mjs renders the static page with it, the script switches languages with it, the tests call it.
 */

import type kk from "../strings/kk.json";

/** A language of the page. */
export type Language = "kk" | "ru" | "en";

/** A string's name; `form.<id>` is a form's title, `f.<id>`, `f.<id>.h` and `f.<id>.<choice>` a field's label, hint, choice. */
export type Key = keyof typeof kk | `form.${string}` | `f.${string}`;

/** Every string: name -> one text a language, in the order of `languages`. */
export interface WordTable {
  readonly languages: readonly Language[];
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** A table as it travels in the script: names and each language's texts joined, which brotli likes best. */
export interface PackedWords {
  readonly languages: readonly Language[];
  readonly keys: string;
  readonly texts: readonly string[];
}

/** A text that is not yet in a language. */
export type Saying = (language: Language) => string;

/** What stands in a text's `{0}`, `{1}` …: itself in a language or the same in all. */
export type Argument = string | number | Saying;

/** Each language's name for itself. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  kk: "Қазақша",
  ru: "Русский",
  en: "English",
};

const BETWEEN = "|";

/** Packs a table; no text may hold the character that stands between them. */
export function packWords({ languages, texts }: WordTable): PackedWords {
  const all = Object.values(texts);
  if (all.flat().some((text) => text.includes(BETWEEN))) throw new Error(`a text holds ${BETWEEN}`);
  return {
    languages,
    keys: Object.keys(texts).join(BETWEEN),
    texts: languages.map((_, index) => all.map((each) => each[index]).join(BETWEEN)),
  };
}

/** Undoes {@link packWords}. */
export function unpackWords({ languages, keys, texts }: PackedWords): WordTable {
  const columns = texts.map((text) => text.split(BETWEEN));
  const rows = keys
    .split(BETWEEN)
    .map((key, row) => [key, columns.map((column) => column[row] ?? "")] as const);
  return { languages, texts: Object.fromEntries(rows) };
}

/** Returns a saying of the table; a name that is not in it gives an empty text, which the tests refuse. */
export function saying(table: WordTable, key: Key, ...args: readonly Argument[]): Saying {
  return (language) => {
    const text = table.texts[key]?.[table.languages.indexOf(language)] ?? "";
    return text.replace(/\{(\d)\}/g, (_, digit: string) => {
      const argument = args[Number(digit)] ?? "";
      return typeof argument === "function" ? argument(language) : `${argument}`;
    });
  };
}

/** Writes a day `YYYY-MM-DD` with month names of our own: browsers have none for Kazakh. Returns other text unchanged. */
export function dayText(table: WordTable, day: string): Saying {
  const [, year = "", month = "", date = ""] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  return (language) => {
    const name = saying(table, "months")(language).split(" ")[Number(month) - 1];
    return name === undefined ? day : saying(table, "date", Number(date), name, year)(language);
  };
}

/** Writes a size in bytes as whole KB, or as MB with one decimal from 1 MB on. */
export function sizeText(table: WordTable, bytes: number): Saying {
  if (bytes < 1024 * 1024) return saying(table, "kb", Math.max(1, Math.round(bytes / 1024)));
  const megabytes = (bytes / (1024 * 1024)).toFixed(1);
  return saying(table, "mb", (language) => (language === "en" ? megabytes : megabytes.replace(".", ",")));
}
