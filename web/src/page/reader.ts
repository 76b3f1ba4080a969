/** What the manifest says to a person: who reads, whom to call, what to do now, and warnings that never block. */

import { deployment } from "../manifest/current.ts";
import { warnings } from "../wire/manifest.ts";
import { hook, hooks, make } from "./dom.ts";
import { say, words } from "./language.ts";
import type { FormId } from "./screens.ts";
import { manifest, servers } from "./session.ts";
import type { Key } from "./words.ts";

const WARNINGS: Readonly<Record<ReturnType<typeof warnings>[number], Key>> = {
  "clock-behind": "warn_clock",
  "not-yet": "warn_clock",
  expired: "warn_old",
  "old-build": "warn_old",
};

function tellHotlines(place: HTMLElement): void {
  const { hotlines } = manifest().manifest;
  if (hotlines.length === 0) return;
  const title = make("h2");
  say(title, words("hotlines"));
  const lines = hotlines.map(({ label, number }) => {
    const name = make("span");
    say(name, (language) => label[language]);
    return make("li", {}, name, " ", make("b", {}, number));
  });
  place.replaceChildren(title, make("ul", { look: "parts" }, ...lines));
}

function tellWarnings(place: HTMLElement): void {
  const keys = new Set(warnings(manifest(), new Date()).map((warning) => WARNINGS[warning]));
  place.replaceChildren(
    ...[...keys].map((key) => {
      const line = make("p", { look: "box", t: "warning" });
      say(line, words(key));
      return line;
    }),
  );
}

/** Shows what to do now after a report of this kind. */
export function tellNextSteps(form: FormId): void {
  const steps = manifest().manifest.next_steps[form];
  const place = hook("next");
  place.replaceChildren();
  if (steps.en === "") return;
  const title = make("h2");
  const text = make("p", { look: "prose" });
  say(title, words("next_title"));
  say(text, (language) => steps[language]);
  place.append(title, text);
}

/** Shows who reads reports, numbers to call, warnings, and that this is training when it is. */
export function tellReader(): void {
  const { organisation, rehearsal } = manifest().manifest;
  say(
    hook("reader"),
    words("reader", (language) => organisation[language]),
  );
  hook("training").hidden = !rehearsal && !deployment().rehearsal;
  hooks("hotlines").forEach(tellHotlines);
  tellWarnings(hook("warnings"));
  const [best] = servers();
  if (best !== undefined) hook<HTMLAnchorElement>("forward").href = `${best}/forward`;
}
