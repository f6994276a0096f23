import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { promisify } from "node:util";

/** The path of a command, as a shell would find it. */
export async function findCommand(name: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("/bin/sh", [
      "-c",
      'command -v -- "$1"',
      "sh",
      name,
    ]);
    const path = stdout.trim();
    await access(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
