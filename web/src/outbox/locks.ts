/**
 * Tells tabs of one page that one of them is sealing, so that another does not take its half-sealed files for
 * those of a closed page. Without Web Locks nobody can tell; then the sealing tab seals that file again.
 */

const SEALING = "outbox-sealing";

function locks(): LockManager | undefined {
  return typeof navigator === "undefined" ? undefined : navigator.locks;
}

/** Says that this tab is sealing until the function it returns is called. */
export function holdSealing(): () => void {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  locks()
    ?.request(SEALING, { mode: "shared" }, () => released)
    .catch(() => undefined);
  return release;
}

/** Whether another tab is sealing. */
export async function isSealingElsewhere(): Promise<boolean> {
  try {
    const { held } = (await locks()?.query()) ?? {};
    return held?.some(({ name }) => name === SEALING) ?? false;
  } catch {
    return false;
  }
}
