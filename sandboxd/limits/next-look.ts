/** When to look at a process's memory again: so soon that it cannot have grown far beyond its limit meanwhile. */

/** The fastest growth seen of a process that only allocates, with room to spare. */
const fastestBytesPerMs = 4 * 1024 * 1024;
const soonestMs = 2;
const whileGrowingMs = 20;
const latestMs = 100;
/** Less is noise. */
const growthBytes = 1024 * 1024;

export interface Look {
  beforeBytes: number;
  residentBytes: number;
  maxBytes: number;
}

/** In how many milliseconds. */
export function nextLookMs({
  beforeBytes,
  residentBytes,
  maxBytes,
}: Look): number {
  const reachedMs = (maxBytes - residentBytes) / fastestBytesPerMs;
  const isGrowing = residentBytes > beforeBytes + growthBytes;
  const latest = isGrowing ? whileGrowingMs : latestMs;
  return Math.min(latest, Math.max(soonestMs, reachedMs));
}
