/** The language shown, and every text on the page that follows it. Fields are never touched, so typed words stay. */

import { hook, hooks } from "./dom.ts";
import {
  type Argument,
  dayText,
  type Key,
  type Language,
  type PackedWords,
  type Saying,
  saying,
  sizeText,
  unpackWords,
  type WordTable,
} from "./words.ts";

/** Filled in by build.mjs. */
declare const INTAKE_WORDS: PackedWords;

const table: WordTable = unpackWords(INTAKE_WORDS);
const sayings = new WeakMap<Element, Saying>();
let shown: Language | null = null;

/** Returns a string of the page as a saying. */
export function words(key: Key, ...args: readonly Argument[]): Saying {
  return saying(table, key, ...args);
}

/** A day `YYYY-MM-DD` in words. */
export function day(text: string): Saying {
  return dayText(table, text);
}

/** A size in bytes in words. */
export function size(bytes: number): Saying {
  return sizeText(table, bytes);
}

/** How far the sealing of files is, of `total` bytes. */
export function encryptingFiles(done: number, total: number): Saying {
  return words("encrypting_files", total > 0 ? Math.floor((100 * done) / total) : 0);
}

/** The language a report is labelled with: the one shown, else the phone's first that we have, else the page's first. */
export function reportLanguage(): Language {
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2));
  const known = table.languages.find((language) => spoken.includes(language));
  return shown ?? known ?? table.languages[0] ?? "kk";
}

function span(language: Language, say: Saying): HTMLElement {
  const made = document.createElement("span");
  made.lang = language;
  made.textContent = say(language);
  return made;
}

function fill(element: HTMLElement): void {
  const say = sayings.get(element) ?? words(element.getAttribute("data-i") as Key);
  const bare = element instanceof HTMLOptionElement || element instanceof HTMLTitleElement;
  if (shown !== null) element.textContent = say(shown);
  else if (bare) element.textContent = table.languages.map(say).join(" · ");
  else element.replaceChildren(...table.languages.flatMap((language) => [span(language, say), " "]));
}

/** Sets an element's text, now and whenever the language changes. */
export function say(element: HTMLElement, what: Saying): void {
  sayings.set(element, what);
  if (!element.hasAttribute("data-i")) element.setAttribute("data-i", "");
  fill(element);
}

/** Empties an element and stops translating it. */
export function unsay(element: HTMLElement): void {
  sayings.delete(element);
  element.removeAttribute("data-i");
  element.textContent = "";
}

/** Shows the whole page in one language. */
export function showLanguage(language: Language): void {
  shown = language;
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll<HTMLElement>("[data-i]")) fill(element);
  for (const known of table.languages) {
    hook(`lang-${known}`).setAttribute("aria-pressed", `${known === language}`);
  }
}

/** Makes the language buttons work; on the page in all languages, a tap on words of one language chooses it. */
export function bindLanguages(): void {
  const first = table.languages.find((language) => language === document.documentElement.lang);
  for (const language of table.languages) {
    const [button] = hooks<HTMLButtonElement>(`lang-${language}`);
    button?.addEventListener("click", () => showLanguage(language));
    if (button) button.disabled = false;
  }
  if (first !== undefined) showLanguage(first);
  document.querySelector("main")?.addEventListener("click", ({ target }) => {
    const touched = shown === null && target instanceof Element ? target.closest("label [lang]") : null;
    const language = table.languages.find((known) => known === touched?.getAttribute("lang"));
    if (language !== undefined) showLanguage(language);
  });
}
