/** The person's own editor. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { CommandFailed } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Opens a file in $VISUAL or $EDITOR and waits until it is closed. */
export async function runEditor(
  file: string,
  { env }: Terminal,
): Promise<void> {
  const editor = env["VISUAL"] || env["EDITOR"];
  if (!editor)
    throw new CommandFailed(
      "failed",
      "there is no $EDITOR; set it, e.g. EDITOR=vi",
    );
  // By the shell, because it may come with arguments, like `code --wait`.
  const child = spawn("sh", ["-c", `${editor} "$1"`, "annex", file], {
    stdio: "inherit",
    env,
  });
  const [code]: unknown[] = await once(child, "exit");
  if (code !== 0)
    throw new CommandFailed(
      "failed",
      `'${editor}' ended with ${String(code)}; nothing was published`,
    );
}
