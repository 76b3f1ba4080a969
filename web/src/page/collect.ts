/** Reading what was typed, from the live page: words typed before the script arrived are there too. */

import type { Answer } from "../wire/section.ts";
import { byId, tick } from "./dom.ts";
import { filesOf } from "./files.ts";
import type { FormId } from "./screens.ts";

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function controls(form: FormId): Control[] {
  return Array.from(byId(form).querySelectorAll<Control>(`[data-t^="${form}."]`)).filter(
    (c) => c.type !== "file",
  );
}

function answer(control: Control): Answer | null {
  if (control.type === "checkbox") return (control as HTMLInputElement).checked ? true : null;
  const text = control.value.trim();
  return text === "" ? null : text;
}

/** Whether a control only says what it said before anyone touched it. */
function isPreset(control: Control): boolean {
  return control instanceof HTMLSelectElement && control.selectedIndex === 0;
}

/** Returns field id -> answer, in the order of the form; empty fields are left out. */
export function collectAnswers(form: FormId): Map<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const control of controls(form)) {
    const given = answer(control);
    if (given === null) continue;
    const id = (control.getAttribute("data-t") ?? "").slice(form.length + 1);
    answers.set(id, given);
    // "Just now" that nobody chose must not read as testimony.
    if (isPreset(control)) answers.set(`${id}_preset`, true);
  }
  return answers;
}

/** Whether nothing was written, ticked, chosen or added; a preset alone is nothing. */
export function isEmpty(form: FormId): boolean {
  const touched = controls(form).some((control) => answer(control) !== null && !isPreset(control));
  return !touched && filesOf(form).length === 0;
}

/** Empties every field of a form. */
export function clearFields(form: FormId): void {
  for (const control of controls(form)) {
    if (control instanceof HTMLSelectElement) control.selectedIndex = 0;
    else if (control.type === "checkbox") tick(control as HTMLInputElement, false);
    else control.value = "";
  }
}
