/**
 * The static page: one document, form first and script last (SPEC.md section 11 names its two blocks).
 *
 * Screens switch without script: unnamed checkboxes before `main`, their labels inside it, sibling selectors in CSS.
 */

import type { Forms } from "../forms.ts";
import { type Key, LANGUAGE_NAMES, type Language, saying } from "../words.ts";
import { formScreen } from "./form.ts";
import { element, type Rendering } from "./text.ts";

/** Script, style and their CSP hashes (`sha256-…`), ready to be put in. */
export interface Assets {
  readonly script: string;
  readonly scriptHash: string;
  readonly style: string;
  readonly styleHash: string;
}

function head(rendering: Rendering, assets: Assets): string {
  const policy = [
    "default-src 'none'",
    `script-src '${assets.scriptHash}'`,
    `style-src '${assets.styleHash}'`,
    "connect-src http: https:",
    "img-src blob: data:",
    "media-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join("; ");
  return [
    "<meta charset=utf-8>",
    `<meta http-equiv=Content-Security-Policy content="${policy}">`,
    '<meta name=viewport content="width=device-width,initial-scale=1">',
    "<meta name=referrer content=no-referrer><meta name=robots content=noindex>",
    '<meta name=google content=notranslate><meta name=format-detection content="telephone=no">',
    '<meta name=color-scheme content="light dark"><link rel=icon href="data:,">',
    element(rendering, "title", "title"),
    `<style>${assets.style}</style>`,
  ].join("");
}

/** The checkboxes that switch screens; their state is all that a page without script has. */
function switches(forms: Forms): string {
  const screens = [...forms.forms.map((form) => form.id), "answers"];
  const box = (id: string, label: string) =>
    `<input type=checkbox id=${id} class=quiet autocomplete=off aria-labelledby=${label}>`;
  return box("gone", "l-gone") + screens.map((id) => box(`go-${id}`, `l-${id}`)).join("");
}

/** The training notice is in every language at once, whatever language is shown. */
function training({ table }: Rendering): string {
  const say = saying(table, "training");
  const notices = table.languages.map((language) => `<span lang=${language}>${say(language)}</span>`);
  return `<p class=training data-t=training hidden>${notices.join(" ")}</p>`;
}

function top(rendering: Rendering): string {
  const button = (language: Language) =>
    `<button type=button lang=${language} data-t=lang-${language} disabled>${LANGUAGE_NAMES[language]}</button>`;
  return [
    `<header>${training(rendering)}<nav aria-labelledby=l-language>`,
    element(rendering, "span", "language", "class=quiet id=l-language"),
    `${rendering.table.languages.map(button).join("")}</nav></header>`,
  ].join("");
}

function home(rendering: Rendering, forms: Forms): string {
  const go = (id: string, key: Key, look: string) =>
    element(rendering, "label", key, `class=${look} for=go-${id} id=l-${id} data-t=go-${id}`);
  return [
    "<section id=home>",
    element(rendering, "h1", "title", "tabindex=-1"),
    element(rendering, "p", "reader_wait", "data-t=reader"),
    `<noscript>${element(rendering, "p", "no_script", "class=box")}</noscript>`,
    "<p class=box data-t=left hidden></p>",
    "<div class=box data-t=interrupted hidden><p data-t=interrupted-text></p>",
    "<input type=file id=cut class=quiet multiple autocomplete=off data-t=interrupted-files>",
    `${element(rendering, "label", "add_files", "class=button for=cut")} `,
    `${element(rendering, "button", "go_without", "type=button class=button data-t=interrupted-skip")}</div>`,
    ...forms.forms.map((form) => go(form.id, `form.${form.id}`, "main")),
    element(rendering, "p", "promise"),
    go("answers", "read_answer", "link"),
    element(
      rendering,
      "a",
      "pass_on",
      'class=link href="/forward" target=_blank rel="noopener noreferrer" data-t=forward',
    ),
    "<div data-t=warnings></div><div data-t=hotlines></div></section>",
  ].join("");
}

function answers(rendering: Rendering): string {
  return [
    "<section class=screen id=answers>",
    element(rendering, "label", "back", "class=link for=go-answers id=b-answers data-t=back"),
    element(rendering, "h1", "read_answer", "tabindex=-1"),
    element(rendering, "p", "ans_intro"),
    element(rendering, "p", "ans_watch"),
    `<div class=field>${element(rendering, "label", "ans_code", "for=code")}`,
    "<textarea id=code rows=2 inputmode=numeric autocomplete=off autocorrect=off autocapitalize=off",
    " spellcheck=false translate=no maxlength=100 data-t=answer-code aria-describedby=answer-note></textarea></div>",
    element(rendering, "button", "ans_read", "type=button class=main data-t=answer-read disabled"),
    element(
      rendering,
      "p",
      "getting_ready",
      "class=note role=status id=answer-note data-t=answer-note data-ready",
    ),
    "<div data-t=answer-list></div>",
    element(rendering, "button", "ans_delete", "type=button class=button data-t=answer-delete hidden"),
    `<noscript>${element(rendering, "p", "no_script", "class=box")}</noscript></section>`,
  ].join("");
}

function status(rendering: Rendering): string {
  return [
    "<section id=status>",
    element(rendering, "h1", "status_title", "tabindex=-1"),
    "<p class=note role=status data-t=summary></p><p class=note role=status data-t=progress></p>",
    element(rendering, "p", "no_storage", "class=box data-t=no-storage hidden"),
    element(rendering, "p", "carry", "class=box data-t=carry hidden"),
    "<ul class=parts data-t=parts></ul>",
    `<div class=box data-t=want-box>${element(rendering, "p", "want_hint")}`,
    `${element(rendering, "button", "want", "type=button class=button data-t=want")}</div>`,
    `<section class=box data-t=code-box hidden>${element(rendering, "h2", "code_title")}`,
    `${element(rendering, "p", "code_hint")}<p class=digits data-t=code></p></section>`,
    "<div data-t=next></div><div data-t=hotlines></div>",
    element(rendering, "button", "again", "type=button class=button data-t=again"),
    "</section>",
  ].join("");
}

function foot(rendering: Rendering): string {
  return [
    `<details class=traces data-t=traces>${element(rendering, "summary", "traces")}`,
    element(rendering, "p", "traces_kept"),
    element(rendering, "p", "traces_not"),
    "<p data-t=wipe-count></p>",
    element(rendering, "button", "wipe", "type=button class=button data-t=wipe disabled"),
    "</details>",
  ].join("");
}

/** Renders the whole document; the two blocks are empty, stamping fills them. */
export function renderPage(rendering: Rendering, forms: Forms, assets: Assets): string {
  return [
    `<!doctype html>\n<html lang=${rendering.shown ?? "mul"} translate=no class=notranslate>`,
    `<head>${head(rendering, assets)}</head>\n<body>`,
    switches(forms),
    top(rendering),
    `<main>${home(rendering, forms)}`,
    ...forms.forms.map((form) => formScreen(rendering, forms, form)),
    answers(rendering),
    status(rendering),
    `${foot(rendering)}</main>`,
    `<footer>${element(rendering, "label", "leave", "class=leave for=gone id=l-gone data-t=leave")}</footer>\n`,
    '<script type="application/json" id="intake-deployment"></script>\n',
    `<script>${assets.script}</script>\n`,
    '<script type="text/plain" id="intake-manifest"></script></body></html>\n',
  ].join("");
}
