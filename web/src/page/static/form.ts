/**
 * The static form screens: there and typable before the script.
 *
 * No control has a name or belongs to a form element, so no browser can send what is typed by itself;
 * `autocomplete=off` also keeps what is typed out of the browser's form history and session files; ticks are
 * kept out by `hideTicks` (dom.ts).
 */

import type { Field, Form, Forms } from "../forms.ts";
import type { Key } from "../words.ts";
import { element, type Rendering } from "./text.ts";

/** The last field of the first view; the rest of a form is folded. */
const FOLD_AFTER = "media";
/** The field that is set before anyone touches it: a street report is about now. */
const PRESET = { form: "saw", field: "when" };
const MAX_CHARACTERS = 20000;
const QUIET =
  "autocomplete=off autocorrect=off autocapitalize=off spellcheck=false translate=no writingsuggestions=false";
const INTROS: Readonly<Record<string, readonly Key[]>> = {
  saw: ["optional"],
  look: ["look_intro", "optional"],
  released: ["released_intro", "released_phone"],
};

function hint(rendering: Rendering, field: Field, id: string): string {
  return field.hint.en === "" ? "" : element(rendering, "p", `f.${field.id}.h`, `class=hint id=${id}-h`);
}

function control(form: string, field: Field, attributes: string): string {
  const id = `${form}-${field.id}`;
  const described = field.hint.en === "" ? "" : ` aria-describedby=${id}-h`;
  return `id=${id} data-t="${form}.${field.id}" ${QUIET}${described}${attributes}`;
}

function textField(rendering: Rendering, form: string, field: Field): string {
  const label = element(rendering, "label", `f.${field.id}`, `for=${form}-${field.id}`);
  const box = control(form, field, ` maxlength=${MAX_CHARACTERS}`);
  const input =
    field.kind === "long"
      ? `<textarea rows=${field.id === "story" ? 6 : 2} ${box}></textarea>`
      : `<input type=text ${box}>`;
  return `<div class=field>${label}${hint(rendering, field, `${form}-${field.id}`)}${input}</div>`;
}

function choiceField(rendering: Rendering, form: string, field: Field): string {
  const preset = form === PRESET.form && field.id === PRESET.field;
  const none = preset ? "" : element(rendering, "option", "none", 'value=""');
  const options = (field.choices ?? []).map(({ id }) =>
    element(rendering, "option", `f.${field.id}.${id}`, `value=${id}`),
  );
  const label = element(rendering, "label", `f.${field.id}`, `for=${form}-${field.id}`);
  const select = `<select ${control(form, field, "")}>${none}${options.join("")}</select>`;
  return `<div class=field>${label}${hint(rendering, field, `${form}-${field.id}`)}${select}</div>`;
}

function flagField(rendering: Rendering, form: string, field: Field): string {
  const words = element(rendering, "span", `f.${field.id}`);
  return `<label class=flag><input type=checkbox ${control(form, field, "")}>${words}</label>`;
}

function mediaField(rendering: Rendering, form: string, field: Field): string {
  const id = `${form}-${field.id}`;
  const input = control(
    form,
    field,
    ' class=quiet multiple accept="image/*,video/*,audio/*,application/pdf"',
  );
  return [
    `<div class=field><p class=label>${element(rendering, "span", `f.${field.id}`)}</p>`,
    hint(rendering, field, id),
    `<ul class=files data-t=files></ul><input type=file ${input}>`,
    element(rendering, "label", "add_files", `class=button for=${id}`),
    "</div>",
  ].join("");
}

const RENDER = { text: textField, long: textField, choice: choiceField, flag: flagField, media: mediaField };

function codeBox(rendering: Rendering): string {
  return [
    "<section class=box>",
    element(rendering, "h2", "code_title"),
    element(rendering, "p", "code_hint"),
    element(rendering, "p", "code_wait", "class=digits data-t=code"),
    "</section>",
  ].join("");
}

function sendBox(rendering: Rendering): string {
  return [
    element(rendering, "button", "send", "type=button class=main data-t=send disabled"),
    element(rendering, "p", "getting_ready", "class=note role=status data-t=note"),
    element(rendering, "p", "late", "class=late"),
    `<noscript>${element(rendering, "p", "no_script", "class=box")}</noscript>`,
  ].join("");
}

function fields(rendering: Rendering, forms: Forms, form: Form): string {
  const all = form.fields.map((id) => {
    const field = forms.fields.find((candidate) => candidate.id === id);
    if (field === undefined) throw new Error(`forms.json: ${form.id} names an unknown field`);
    return RENDER[field.kind](rendering, form.id, field);
  });
  const fold = form.fields.indexOf(FOLD_AFTER) + 1;
  const summary = element(rendering, "summary", "more");
  return `${all.slice(0, fold).join("")}<details data-t=more>${summary}${all.slice(fold).join("")}</details>`;
}

/** Renders the screen of one form. */
export function formScreen(rendering: Rendering, forms: Forms, form: Form): string {
  return [
    `<section class=screen id=${form.id}>`,
    element(rendering, "label", "back", `class=link for=go-${form.id} id=b-${form.id} data-t=back`),
    element(rendering, "h1", `form.${form.id}`, "tabindex=-1"),
    ...(INTROS[form.id] ?? []).map((key) => element(rendering, "p", key)),
    fields(rendering, forms, form),
    form.id === "look" ? codeBox(rendering) : "",
    sendBox(rendering),
    "</section>",
  ].join("");
}
