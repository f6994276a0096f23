/**
 * What bounds the memory, CPU, processes and open files of executors: control groups where this sandboxd may make its own,
 * otherwise a look at their memory every few milliseconds.
 */
import type { TreeFiles } from "./tree-files.ts";

export interface Limits {
  readonly name: LimitsName;
  /** What bounds each thing, in words. */
  readonly holds: Holdings;
  /** What this sandboxd and all its executors may use together. */
  readonly memoryLimitBytes: number;
  /** Makes a place for one process and all that it starts; throws `unavailable` where none can be made now. */
  enclose(limits: ProcessLimits): Enclosure;
  /** Resolves when no place is left. May be called twice. */
  close(): Promise<void>;
}

export type LimitsName = "cgroup2" | "cgroup1" | "rlimit";

export interface Holdings {
  memory: string;
  cpu: string;
  processes: string;
  files: string;
}

/** A place for one process and all that it starts. */
export interface Enclosure {
  /** The argv of a small program that puts itself into the place and then becomes `command`. */
  wrap(command: readonly string[]): string[];
  /** The process has started: the outermost, where there are walls. To be called in the tick that started it. */
  started(pid: number): void;
  /** Changes what it may use from now on. */
  confine(limits: ProcessLimits): void;
  /** It was killed because it used more memory than it may; asked between its end and `release`. */
  isOutOfMemory(): boolean;
  /** The process is gone; whatever else is left in the place is ended. May be called twice. */
  release(): void;
}

/** What a process and all that it starts may use. */
export interface ProcessLimits {
  memoryMb: number;
  /** Of one core. */
  cpuPercent: number;
}

export interface LimitsOptions {
  choice: "auto" | LimitsName;
  /** Processes and threads of one enclosure. */
  maxProcesses: number;
  /** Descriptors each process of an enclosure may have open. */
  maxOpenFiles: number;
  log: LimitsLog;
  files?: TreeFiles;
}

/** What is said about limits. */
export interface LimitsLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What every backend is opened with. */
export interface BackendOptions {
  memoryLimitBytes: number;
  maxProcesses: number;
  maxOpenFiles: number;
  log: LimitsLog;
  files: TreeFiles;
}

/** Why a backend cannot be had on this machine: says what is missing. */
export class Missing extends Error {
  constructor(message: string, cause?: unknown) {
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    super(message + why, { cause });
    this.name = "Missing";
  }
}
