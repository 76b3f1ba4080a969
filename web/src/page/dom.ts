/** Finding and making elements. Texts are set as text only: the page's policy forbids markup from strings. */

/** Returns what is there; throws when the page lacks an element the script was built for. */
export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined)
    throw new Error("the page is not the one this script was built for");
  return value;
}

/** Returns the element with this id. */
export function byId(id: string): HTMLElement {
  return must(document.getElementById(id));
}

/** Returns the input with this id. */
export function inputById(id: string): HTMLInputElement {
  return byId(id) as HTMLInputElement;
}

/** Returns all elements with this `data-t`, in `within` or the whole page. */
export function hooks<E extends HTMLElement = HTMLElement>(name: string, within: ParentNode = document): E[] {
  return Array.from(within.querySelectorAll<E>(`[data-t="${name}"]`));
}

/** Returns the first element with this `data-t`. */
export function hook<E extends HTMLElement = HTMLElement>(name: string, within: ParentNode = document): E {
  return must(hooks<E>(name, within)[0]);
}

/** Makes an element with a `data-t`, a class and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { t = "", look = "" }: { t?: string; look?: string } = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (t !== "") made.setAttribute("data-t", t);
  if (look !== "") made.className = look;
  made.append(...children);
  return made;
}

/** Makes a checkbox that works without script a button to screen readers, and lets Enter press it too. */
export function asButton(box: HTMLInputElement): void {
  box.setAttribute("role", "button");
  box.setAttribute("aria-pressed", "false");
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") box.click();
  });
}

/**
 * Sets a checkbox and its default alike: Firefox writes every box that differs from its default into its session files,
 * whatever `autocomplete` says.
 */
export function tick(box: HTMLInputElement, on: boolean): void {
  box.checked = on;
  box.defaultChecked = on;
}

/** Keeps what is ticked by hand, now or before the script came, out of the browser's session files. */
export function hideTicks(): void {
  for (const box of document.querySelectorAll<HTMLInputElement>("input[type=checkbox]"))
    tick(box, box.checked);
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === "checkbox") tick(target, target.checked);
  });
}

/** Shows a screen from its top and gives its heading the focus, so a screen reader says where one is. */
export function showTop(screen: HTMLElement): void {
  scrollTo(0, 0);
  must(screen.querySelector("h1")).focus({ preventScroll: true });
}

/** Lets the browser paint before long work. */
export function painted(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
}
