/** What holds for the executors of a container. */
export interface ExecutorSettings {
  /** V8 heap of each of its isolates. */
  heapLimitMb: number;
  /** Of each of its processes; above it the process is killed. */
  memoryMb: number;
  /** Of its processes together, in percent of a core. */
  cpuPercent: number;
  maxExecutors: number;
  /** Containers of one group share processes; empty: it shares with nobody. */
  trustGroup: string;
}
