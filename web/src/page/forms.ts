/** The form description that phone and laptop both read: `intake/wire/forms.json` (SPEC.md section 3). */

import type { Language, WordTable } from "./words.ts";

/** A text in every language of the project. */
export type FormWords = Readonly<Record<Language, string>>;

/** One of a field's fixed answers. */
export interface Choice {
  readonly id: string;
  readonly label: FormWords;
}

/** One question. */
export interface Field {
  readonly id: string;
  readonly kind: "text" | "long" | "choice" | "flag" | "media";
  readonly label: FormWords;
  readonly hint: FormWords;
  readonly choices?: readonly Choice[];
}

/** One journey: its title and its fields in order. */
export interface Form {
  readonly id: string;
  readonly title: FormWords;
  readonly fields: readonly string[];
}

/** The whole file. */
export interface Forms {
  readonly version: number;
  readonly forms: readonly Form[];
  readonly fields: readonly Field[];
}

/** Returns the words of the forms under their names (see {@link import("./words.ts").Key}), in the order of `languages`. */
export function formTexts(forms: Forms, languages: readonly Language[]): WordTable["texts"] {
  const texts: Record<string, readonly string[]> = {};
  const put = (key: string, words: FormWords) => {
    texts[key] = languages.map((language) => words[language]);
  };
  for (const form of forms.forms) put(`form.${form.id}`, form.title);
  for (const field of forms.fields) {
    put(`f.${field.id}`, field.label);
    if (field.hint.en !== "") put(`f.${field.id}.h`, field.hint);
    for (const choice of field.choices ?? []) put(`f.${field.id}.${choice.id}`, choice.label);
  }
  return texts;
}
