/** What the daemons log, for whoever watches `annex dev`. */
import { fieldsOfLine } from "./daemon.ts";

/** The line as it is shown; undefined for what need not be seen: anything below a warning. */
export function shownLine(
  name: string,
  line: string,
  isVerbose: boolean,
): string | undefined {
  const fields = fieldsOfLine(line);
  if (isVerbose || !fields) return `${name}: ${line}`;
  return isWarning(fields.get("level")) ? `${name}: ${line}` : undefined;
}

/** pino's levels, by number or by name. */
function isWarning(level: unknown): boolean {
  if (typeof level === "number") return level >= 40;
  return level === "warn" || level === "error" || level === "fatal";
}
