/** Section bodies (SPEC.md section 3): a person's words as strict JSON. */

import {
  ANSWER_ID_PATTERN,
  ANSWER_LIST_MAX,
  ANSWER_MAX_CHARACTERS,
  CLOCK_STEP_MINUTES,
} from "../generated/constants.ts";
import { type Bytes, characters, checkDay, fromUtf8, toUtf8 } from "./bytes.ts";
import { errorsAs, SectionInvalid } from "./errors.ts";
import { type Language, languages } from "./shape.ts";
import { type Json, readJson, wellFormed, writeJson } from "./strictjson.ts";

/** One answer: 1 to 20,000 characters, `true`, or 1 to 64 such texts. */
export type Answer = string | true | readonly string[];

/** Field id -> answer, in the order of the form. */
export type Answers = ReadonlyMap<string, Answer>;

/** What a person answered on one form. */
export interface SectionBody {
  /** Id of a form in forms.json. */
  readonly form: string;
  readonly lang: Language;
  /** The phone's clock, {@link madeText}, or "" when unknown. */
  readonly made: string;
  readonly answers: Answers;
}

const ID = new RegExp(`^${ANSWER_ID_PATTERN}$`);
const MADE = /^([0-9-]{10})T([01][0-9]|2[0-3]):(00|15|30|45)$/;
const STEP_MILLISECONDS = CLOCK_STEP_MINUTES * 60_000;

/** The UTC time `YYYY-MM-DDThh:mm`, rounded down to 15 minutes: finer would help to tell phones apart. */
export function madeText(now: Date): string {
  const rounded = Math.floor(now.getTime() / STEP_MILLISECONDS) * STEP_MILLISECONDS;
  return new Date(rounded).toISOString().slice(0, 16);
}

function refuse(why: string): never {
  throw new SectionInvalid(why);
}

function checkText(value: Json | undefined): string {
  const good = typeof value === "string" && value !== "" && characters(value) <= ANSWER_MAX_CHARACTERS;
  return good ? value : refuse("an answer is not a text of 1 to 20,000 characters");
}

function checkAnswer(value: Json | Answer): Answer {
  if (value === true) return true;
  if (!Array.isArray(value)) return checkText(value as Json);
  if (value.length < 1 || value.length > ANSWER_LIST_MAX) refuse("an answer has other than 1 to 64 texts");
  return value.map(checkText);
}

function checkMade(value: Json | undefined): string {
  if (value === "") return value;
  const [whole, day] =
    (typeof value === "string" && MADE.exec(value)) || refuse("the time is not in its form");
  errorsAs(SectionInvalid, () => checkDay(day ?? ""));
  return whole;
}

function isLanguage(value: Json | undefined): value is Language {
  return languages.some((language) => language === value);
}

function checkId(value: Json | undefined): string {
  return typeof value === "string" && ID.test(value) ? value : refuse("an id is not in its form");
}

/**
 * Reads a section body.
 *
 * @throws SectionInvalid for anything {@link writeSection} does not write.
 */
export function parseSection(untrusted: Uint8Array): SectionBody {
  const json = errorsAs(SectionInvalid, () => readJson(fromUtf8(untrusted)));
  if (Array.from(json.keys()).join() !== "form,lang,made,answers")
    refuse("the fields are not the expected ones");
  const [lang, answers] = [json.get("lang"), json.get("answers")];
  if (!isLanguage(lang) || !(answers instanceof Map)) return refuse("no known language or no answers");
  const entries = Array.from(answers as ReadonlyMap<string, Json>);
  return {
    form: checkId(json.get("form")),
    lang,
    made: checkMade(json.get("made")),
    answers: new Map(entries.map(([id, value]) => [checkId(id), checkAnswer(value)])),
  };
}

/**
 * Writes a section body; half surrogate pairs, which a text field may hold, become U+FFFD.
 *
 * @throws SectionInvalid for an id, a time or an answer that may not stand in one.
 */
export function writeSection({ form, lang, made, answers }: SectionBody): Bytes {
  const entries = Array.from(answers, ([id, value]): [string, Json] => [
    checkId(id),
    checkAnswer(clean(value)),
  ]);
  const json = new Map<string, Json>([
    ["form", checkId(form)],
    ["lang", lang],
    ["made", checkMade(made)],
    ["answers", new Map(entries)],
  ]);
  return toUtf8(writeJson(json));
}

function clean(answer: Answer): Answer {
  if (answer === true) return true;
  return typeof answer === "string" ? wellFormed(answer) : answer.map(wellFormed);
}
