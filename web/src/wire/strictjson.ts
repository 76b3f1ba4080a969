/**
 * Strict JSON (SPEC.md section 3): one object, no white space, no key twice, integers from 0 to 2^53 - 1,
 * only the escapes that are needed, so that writing what was read gives the same text.
 *
 * Objects are read as maps: they keep the order of their keys, and no key has a meaning of its own.
 */

import { JSON_DEPTH_MAX, JSON_INTEGER_MAX } from "../generated/constants.ts";
import { EncodingInvalid } from "./errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

const WORD = /(?:0|[1-9][0-9]{0,15}|true|false|null)/y;

function refuse(why: string): never {
  throw new EncodingInvalid(why);
}

class Reader {
  private at = 0;
  private depth = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  whole(): JsonObject {
    if (this.text[0] !== "{") refuse("not a JSON object");
    const value = this.object();
    if (this.at !== this.text.length) refuse("something follows the JSON object");
    return value;
  }

  private value(): Json {
    const first = this.text[this.at];
    if (first === "{") return this.object();
    if (first === "[") return this.array();
    return first === '"' ? this.string() : this.word();
  }

  private object(): JsonObject {
    const found = new Map<string, Json>();
    this.members("{", "}", () => {
      const key = this.string();
      if (found.has(key)) refuse("a key stands twice in one JSON object");
      this.expect(":");
      found.set(key, this.value());
    });
    return found;
  }

  private array(): readonly Json[] {
    const found: Json[] = [];
    this.members("[", "]", () => found.push(this.value()));
    return found;
  }

  private members(open: string, close: string, member: () => void): void {
    this.expect(open);
    // A deep nest would overflow the stack before anything could refuse it.
    if (++this.depth > JSON_DEPTH_MAX) refuse("JSON is nested too deep");
    if (this.text[this.at] !== close) {
      member();
      while (this.text[this.at] === ",") {
        this.at++;
        member();
      }
    }
    this.expect(close);
    this.depth--;
  }

  private expect(character: string): void {
    if (this.text[this.at] !== character) refuse("not JSON in its shortest spelling");
    this.at++;
  }

  private string(): string {
    const start = this.at;
    this.expect('"');
    while (this.at < this.text.length && this.text[this.at] !== '"') {
      this.at += this.text[this.at] === "\\" ? 2 : 1;
    }
    this.expect('"');
    return unquote(this.text.slice(start, this.at));
  }

  private word(): Json {
    WORD.lastIndex = this.at;
    const found = WORD.exec(this.text)?.[0] ?? refuse("not JSON in its shortest spelling");
    this.at += found.length;
    const value: Json = JSON.parse(found);
    if (typeof value === "number" && value > JSON_INTEGER_MAX) refuse("a number above 2^53 - 1");
    return value;
  }
}

function unquote(quoted: string): string {
  let value: unknown;
  try {
    value = JSON.parse(quoted);
  } catch {
    return refuse("not a JSON string");
  }
  if (typeof value !== "string" || JSON.stringify(value) !== quoted) {
    return refuse("a string with a needless escape");
  }
  // Engines differ on writing half a surrogate pair, and UTF-8 has no form for one.
  return value === wellFormed(value) ? value : refuse("half a surrogate pair");
}

/**
 * Reads the one JSON object that `text` is.
 *
 * @throws EncodingInvalid unless {@link writeJson} of the result gives `text` again.
 */
export function readJson(text: string): JsonObject {
  return new Reader(text).whole();
}

/** Makes a text that JSON and UTF-8 can carry: a lone half of a surrogate pair becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]/g, (found) =>
    found.length === 2 ? found : "\ufffd",
  );
}

/** Writes a value in its one spelling; keys keep their order. Texts must be {@link wellFormed}. */
export function writeJson(value: Json): string {
  if (value instanceof Map) {
    const members = Array.from(value, ([key, item]) => `${JSON.stringify(key)}:${writeJson(item)}`);
    return `{${members.join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  return JSON.stringify(value);
}
