/** Waiting between tries, cut short when there is reason to hope. */

const FIRST_MILLISECONDS = 1000;
const LONGEST_MILLISECONDS = 60_000;

/** How a drain waits. */
export interface Rest {
  /** Resolves after `milliseconds`, with true when it was woken before. */
  sleep(milliseconds: number): Promise<boolean>;
  /** Ends the sleep under way. */
  wake(): void;
}

/** Milliseconds before try number `failures` + 1: 1 s doubled up to 60 s, the last half of it by chance. */
export function delay(failures: number, chance: number): number {
  const whole = Math.min(LONGEST_MILLISECONDS, FIRST_MILLISECONDS * 2 ** Math.min(failures, 16));
  return Math.max(FIRST_MILLISECONDS, whole * (0.5 + chance / 2));
}

/** Sleeps by the browser's timer; wakes when the network or the person comes back. */
export class Naps implements Rest {
  private up: ((woken: boolean) => void) | null = null;

  constructor() {
    if (typeof document === "undefined") return;
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
    });
  }

  sleep(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (woken: boolean) => {
        clearTimeout(timer);
        if (this.up === end) this.up = null;
        resolve(woken);
      };
      const timer = setTimeout(end, milliseconds, false);
      this.up = end;
    });
  }

  wake(): void {
    this.up?.(true);
  }
}
