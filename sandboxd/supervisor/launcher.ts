/** What the supervisor needs of whatever starts processes. */
import type { Duplex } from "node:stream";

/** A process whose one door to the supervisor is `pipe`. */
export interface LaunchedProcess {
  /** What was started here: the wall, where there is one. Killing it kills all of it. */
  pid: number;
  pipe: Duplex;
  /** Changes what it may use from now on. */
  confine(limits: ProcessLimits): void;
  /** Ends it at once, whatever it is doing. May be called twice. */
  kill(): void;
  /** Resolves when the process is gone. */
  exited: Promise<Ending>;
}

/** What a process may use. */
export interface ProcessLimits {
  /** Above it the process is killed. */
  memoryMb: number;
  /** Percent of one core. */
  cpuPercent: number;
}

/** How a process ended. */
export interface Ending {
  /** For the log: code or signal, and what it last wrote to stderr. */
  how: string;
  /** It was killed because it used more memory than it may. */
  isOutOfMemory: boolean;
}

export interface Launcher {
  /** Starts a process that may use so much. */
  launch(limits: ProcessLimits): LaunchedProcess;
}
