/** Ends a process that may be gone already. */

export function endProcess(pid: number): void {
  // 0, a process that has no pid here, would be our own group.
  if (pid === 0 || pid === process.pid) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile, or not ours: who asked looks whether it is there.
  }
}
