/** Times as people write them. */
import { InvalidArgumentError } from "commander";

const secondsOf: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Unix seconds of `30s`, `10m`, `1h`, `30d` from now, or of a date like 2030-01-01 or 2030-01-01T12:00:00Z. */
export function secondsAt(text: string): bigint {
  const [, count, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const unitSeconds = secondsOf[unit];
  if (count !== undefined && unitSeconds !== undefined) {
    return BigInt(Math.floor(Date.now() / 1000) + Number(count) * unitSeconds);
  }
  const atMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw new InvalidArgumentError(
      "It must look like 30s, 10m, 1h, 30d, or like 2030-01-01.",
    );
  }
  return BigInt(Math.floor(atMs / 1000));
}
