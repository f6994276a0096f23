/** What this process was started with and would hand on to every child. */
import { closeSync, readdirSync, readFileSync } from "node:fs";

/** O_CLOEXEC on every architecture we run on; the kernel prints flags in octal. */
const closeOnExec = 0o2000000;

/**
 * Closes the descriptors that whoever started this process left open to it and its children. Node marks its own, and the
 * first few inherited ones; one with a high number would be open behind the walls. Gives what was closed.
 */
export function closeInherited(): number[] {
  return inheritable().filter((descriptor) => {
    try {
      closeSync(descriptor);
      return true;
    } catch {
      return false;
    }
  });
}

function inheritable(): number[] {
  return openDescriptors().filter(
    (descriptor) => descriptor > 2 && isInheritable(descriptor),
  );
}

/** None where there is no /proc, that is, outside Linux. */
function openDescriptors(): number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number);
  } catch {
    return [];
  }
}

function isInheritable(descriptor: number): boolean {
  try {
    const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
    const flags = /^flags:\s*([0-7]+)$/m.exec(text)?.[1];
    return (
      flags !== undefined && (Number.parseInt(flags, 8) & closeOnExec) === 0
    );
  } catch {
    return false; // closed meanwhile, such as that of the listing itself
  }
}
