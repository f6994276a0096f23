/** What readable-stream asks of Node's `process`; the bundle puts it in the place of the package `process`. */

const queue = globalThis.queueMicrotask;

export function nextTick(
  callback: (...args: unknown[]) => void,
  ...args: unknown[]
): void {
  queue(() => callback(...args));
}

export const env = {};
export const version = "";
export const versions = {};
export const browser = true;
