/** How what all containers take from one place is shared among them, where nothing that was taken can be taken back. */

export interface Shared {
  max: number;
  /** By all of them. */
  taken: number;
  /** How many have taken something, the one that asks among them. */
  takers: number;
  /** What each may have, as long as there is any. */
  least: number;
}

/**
 * Whether one that has `held` may take `more`: all that there is up to half of it; from there on, an equal part of what is
 * left. So a few who keep all they can get leave some to whoever comes after them.
 */
export function isFair(shared: Shared, held: number, more: number): boolean {
  const { max, taken, takers, least } = shared;
  if (taken + more > max) return false;
  if (taken + more <= max / 2) return true;
  return held + more <= Math.max(least, (max - taken) / takers);
}
