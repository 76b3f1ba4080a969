/** Chosen files: listed by kind and size, never by name and never as a picture somebody could see over a shoulder. */

import { byId, hook, make } from "./dom.ts";
import { say, size, words } from "./language.ts";
import { FORMS, type FormId } from "./screens.ts";
import type { Key, Saying } from "./words.ts";

const chosen = new Map<FormId, File[]>();
const KINDS: Readonly<Record<string, Key>> = { image: "is_image", video: "is_video", audio: "is_audio" };

/** Returns the files chosen in a form, in the order they were added. */
export function filesOf(form: FormId): readonly File[] {
  return chosen.get(form) ?? [];
}

function kind(file: File): Saying {
  const [type = ""] = file.type.split("/");
  return words(file.type === "application/pdf" ? "is_pdf" : (KINDS[type] ?? "is_file"));
}

function row(form: FormId, file: File, number: number): HTMLElement {
  const about = make("span");
  about.id = `${form}-file-${number}`;
  const kindOf = kind(file);
  const sizeOf = size(file.size);
  say(about, (language) => `${number}. ${kindOf(language)}, ${sizeOf(language)}`);
  const remove = make("button", { t: "file-remove", look: "button" });
  remove.type = "button";
  remove.setAttribute("aria-describedby", about.id);
  say(remove, words("remove"));
  remove.addEventListener("click", () =>
    setFiles(
      form,
      filesOf(form).filter((other) => other !== file),
    ),
  );
  return make("li", { t: "file" }, about, remove);
}

function setFiles(form: FormId, files: readonly File[]): void {
  chosen.set(form, [...files]);
  hook("files", byId(form)).replaceChildren(...files.map((file, index) => row(form, file, index + 1)));
}

/** Moves what the browser holds into our list; the emptied input keeps no path in the browser's session files. */
function take(form: FormId, input: HTMLInputElement): void {
  const files = Array.from(input.files ?? []);
  input.value = "";
  if (files.length > 0) setFiles(form, [...filesOf(form), ...files]);
}

/** Forgets the files of a form. */
export function clearFiles(form: FormId): void {
  setFiles(form, []);
}

/** Forgets every file without touching the page. */
export function forgetFiles(): void {
  chosen.clear();
}

/** Adopts files chosen before the script arrived and follows later choices. */
export function bindFiles(): void {
  for (const form of FORMS) {
    const input = hook<HTMLInputElement>(`${form}.media`);
    input.addEventListener("change", () => take(form, input));
    take(form, input);
  }
}
