/** `--data`: JSON on the command line, or in a file. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { AnnexError } from "../../proto/errors.ts";
import { CommandFailed } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** The JSON of `--data JSON` or `--data @file`, as text and as value. */
export async function dataOf(
  data: string,
  terminal: Terminal,
): Promise<{ text: string; value: unknown }> {
  const text = data.startsWith("@")
    ? await textOf(data.slice(1), terminal)
    : data;
  try {
    return { text, value: JSON.parse(text) };
  } catch (cause) {
    const hint = 'write it like \'{"name":"you"}\', or give @file';
    throw new CommandFailed(
      "usage",
      `--data is no JSON (${cause instanceof Error ? cause.message : ""}); ${hint}`,
      { cause },
    );
  }
}

async function textOf(file: string, terminal: Terminal): Promise<string> {
  try {
    return await readFile(path.resolve(terminal.cwd, file), "utf8");
  } catch (cause) {
    throw new AnnexError(
      "not_found",
      `--data @${file}: cannot read that file`,
      { cause },
    );
  }
}
