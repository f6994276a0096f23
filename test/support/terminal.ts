/** A terminal for tests of the CLI: what it says is kept. */
import { annex } from "../../clients/cli/annex.ts";

/** What a run of the CLI may see. */
export interface Surroundings {
  env?: Record<string, string>;
  cwd?: string;
  stdin?: string;
}

/** What a run of the CLI did. */
export interface Ran {
  exit: number;
  stdout: string;
  stderr: string;
  /** The standard output as JSON; undefined where it is none. */
  // oxlint-disable-next-line typescript/no-explicit-any -- each test looks into the shape it promises
  json: any;
}

/** Runs `annex` with these arguments in this process. */
export async function runAnnex(
  argv: string[],
  { env = {}, cwd = "/", stdin = "" }: Surroundings = {},
): Promise<Ran> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const exit = await annex(argv, {
    env,
    cwd,
    stdin: (async function* () {
      yield stdin;
    })(),
    stdout: { write: (text) => stdout.push(Buffer.from(text).toString()) },
    stderr: { write: (text) => stderr.push(Buffer.from(text).toString()) },
  });
  const text = stdout.join("");
  return {
    exit,
    stdout: text,
    stderr: stderr.join(""),
    json: jsonOf(text),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
