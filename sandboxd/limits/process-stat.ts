/** What the kernel tells of a process in /proc/PID/stat. */

export interface ProcessStat {
  pid: number;
  parentPid: number;
  /** Tells it from a later process with the same pid. */
  startTicks: string;
  residentPages: number;
}

/** Undefined where the text is not that of a process. */
export function parseStat(text: string): ProcessStat | undefined {
  // The command's name stands in brackets and may hold anything, brackets included.
  const nameEnd = text.lastIndexOf(")");
  const fields = text.slice(nameEnd + 2).split(" ");
  const startTicks = fields[19];
  if (nameEnd < 0 || startTicks === undefined) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    parentPid: Number(fields[1]),
    startTicks,
    residentPages: Number(fields[21]),
  };
}
