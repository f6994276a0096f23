/** What a command may touch of the process that runs it. */
import type { OutputFlags } from "./verb.ts";

/** Handed to every command, so that tests can hand another. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  stdin: AsyncIterable<Uint8Array | string>;
  stdout: Output;
  stderr: Output;
}

/** Where text goes. */
export interface Output {
  write(text: string | Uint8Array): unknown;
}

/** What a command has to say, for programs and for people. */
export interface Answer {
  json: unknown;
  text: string;
}

/** Prints an answer the way that was asked for. */
export function print(
  terminal: Terminal,
  { json }: OutputFlags,
  answer: Answer,
): void {
  if (json) terminal.stdout.write(`${JSON.stringify(answer.json)}\n`);
  else if (answer.text !== "") terminal.stdout.write(`${answer.text}\n`);
}

/** All of the standard input, as text. */
export async function textOfStdin(terminal: Terminal): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of terminal.stdin) {
    chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  }
  return Buffer.concat(chunks).toString();
}
