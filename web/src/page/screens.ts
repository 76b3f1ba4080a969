/**
 * Screens. Before the script, hidden checkboxes and CSS switch them; the script only adds focus and the status screen.
 * There is one address and no history step, whatever is on the screen.
 */

import { asButton, byId, inputById, showTop, tick } from "./dom.ts";

/** The screens that have a switch. */
export const SCREENS = ["saw", "look", "released", "answers"] as const;
/** The screens that send a report. */
export const FORMS = ["saw", "look", "released"] as const;

/** A screen that sends a report. */
export type FormId = (typeof FORMS)[number];

function toggle(id: string): HTMLInputElement {
  return inputById(`go-${id}`);
}

/** Only the switch of the screen shown can be reached with the keyboard; on the first screen all of them. */
function settle(): void {
  const open = SCREENS.find((id) => toggle(id).checked);
  for (const id of SCREENS) {
    toggle(id).hidden = open !== undefined && id !== open;
    if (id !== open) tick(toggle(id), false);
    toggle(id).setAttribute("aria-labelledby", id === open ? `b-${id}` : `l-${id}`);
  }
}

function closeAll(): void {
  for (const id of SCREENS) tick(toggle(id), false);
  settle();
}

/** Closes every screen and shows the first one. */
export function showHome(): void {
  document.documentElement.removeAttribute("data-screen");
  closeAll();
  showTop(byId("home"));
}

/** Closes every screen and shows what becomes of the report. */
export function showStatus(): void {
  document.documentElement.setAttribute("data-screen", "status");
  closeAll();
  showTop(byId("status"));
}

/** Keeps the switches in step, and lets Enter work on them as Space does. */
export function bindScreens(): void {
  for (const id of SCREENS) {
    asButton(toggle(id));
    toggle(id).addEventListener("change", () => {
      settle();
      showTop(byId(toggle(id).checked ? id : "home"));
    });
  }
  settle();
}
