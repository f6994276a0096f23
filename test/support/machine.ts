/** How busy this machine is beside a test: bounds in time are for one that is not, and are widened by no more than it takes. */

/** What the machine kept a process waiting. */
export interface Busyness {
  /** The latest a timer came, in milliseconds. */
  lateMs: number;
  /** How much longer than its CPU time a piece of work took; 1: no longer. */
  slowdown: number;
}

const rounds = 3;
const timerMs = 20;
const workMs = 15;
/** An idle machine shows so much too. */
const idle: Busyness = { lateMs: 10, slowdown: 1.5 };
/** Of such delays a call meets a few, one after the other. */
const delaysPerCall = 4;
/** However busy it is: a bound that was wider would say nothing. */
const widest = 4;

/** A few looks: of its timers the worst, of its work all together, since one look's may be one unlucky moment. */
export async function measureBusyness(): Promise<Busyness> {
  let worstMs = 0;
  let workedMs = 0;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, timerMs));
    const lateMs = performance.now() - startMs - timerMs;
    worstMs = Math.max(worstMs, lateMs);
    workedMs += work();
  }
  return { lateMs: worstMs, slowdown: workedMs / (rounds * workMs) };
}

/** The bound as it is on an idle machine, else wider by what the busier of both looks says. */
export function widened(
  boundMs: number,
  before: Busyness,
  after: Busyness,
): number {
  const lateMs = Math.max(before.lateMs, after.lateMs);
  const slowdown = Math.max(before.slowdown, after.slowdown);
  const isIdle = lateMs <= idle.lateMs && slowdown <= idle.slowdown;
  return isIdle
    ? boundMs
    : Math.ceil(boundMs * Math.min(widest, slowdown) + delaysPerCall * lateMs);
}

/** Works for so long of this thread's CPU time; gives how long that took. */
function work(): number {
  const startMs = performance.now();
  const start = process.threadCpuUsage();
  for (;;) {
    const { user, system } = process.threadCpuUsage(start);
    if ((user + system) / 1000 >= workMs) return performance.now() - startMs;
  }
}
