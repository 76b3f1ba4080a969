/** Return codes on the screen: made here, shown to be written on paper, held in memory only. */

import { browserRandom } from "../age/seal.ts";
import { formatCode, newCode } from "../wire/returncode.ts";
import { make } from "./dom.ts";
import { unsay } from "./language.ts";
import { onForget } from "./session.ts";

let relatives: string | null = null;

/** Shows a code as 8 groups of 4 digits. */
export function showCode(place: HTMLElement, code: string): void {
  unsay(place);
  const groups = formatCode(code).split(" ");
  place.append(...groups.flatMap((group) => [make("span", {}, group), " "]));
}

/** Makes a return code of 32 digits. */
export function freshCode(): string {
  return newCode(browserRandom);
}

/** Makes the code a relative sees before sending, and shows it. */
export function prepareCode(place: HTMLElement): void {
  relatives = freshCode();
  showCode(place, relatives);
}

/** The code the relative has seen; null before the page was ready. */
export function preparedCode(): string | null {
  return relatives;
}

onForget(() => {
  relatives = null;
});
