/** Static text: escaping, and a string in one language or in all of them side by side. */

import { type Key, type Language, saying, type WordTable } from "../words.ts";

/** What the static page is rendered with. */
export interface Rendering {
  readonly table: WordTable;
  /** The language shown first; null: all of them. */
  readonly shown: Language | null;
}

/** Escapes text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

/** Returns a string's text without markup; all languages joined when none is shown first. */
export function plain({ table, shown }: Rendering, key: Key): string {
  const languages = shown === null ? table.languages : [shown];
  return escapeHtml(languages.map(saying(table, key)).join(" · "));
}

function inAll({ table }: Rendering, key: Key): string {
  const say = saying(table, key);
  return table.languages
    .map((language) => `<span lang=${language}>${escapeHtml(say(language))}</span>`)
    .join(" ");
}

/** Renders an element with a string in it; the script finds it by `data-i` when the language changes. */
export function element(rendering: Rendering, tag: string, key: Key, attributes = ""): string {
  const bare = rendering.shown !== null || tag === "option" || tag === "title";
  const inside = bare ? plain(rendering, key) : inAll(rendering, key);
  return `<${tag} data-i="${key}"${attributes && ` ${attributes}`}>${inside}</${tag}>`;
}
