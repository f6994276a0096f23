/** When a command that runs on and on must end. */

/** Settles at Ctrl-C, SIGTERM, SIGHUP, or when npm, which started us, has ended. */
export function interruption(
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
    // npm passes a signal on to the shell between us and no further, and Node has no event for a parent's end.
    if (env["npm_command"] !== undefined) watchParent(resolve);
  });
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const parentCheckMs = 250;

function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, parentCheckMs);
  timer.unref();
}
