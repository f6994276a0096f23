/** Runs checks where it stands: bundled with one module's checks, it is both the extension and plain Node's program. */
import type { Check, Origins, Surface, Unavailable } from "./check.ts";
import { encode } from "./encode.ts";

/** What came of one check. */
export interface Answer {
  member: string;
  /** What the check gave, written down. */
  value?: string;
  /** Why it gave nothing. */
  error?: string;
}

const checkMs = 3000;

/** Runs the named checks one after the other. */
export async function runChecks(
  surface: Surface,
  members: readonly string[],
  origins: Origins,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const member of members) {
    const check = surface.checks[member];
    answers.push(
      check
        ? { member, ...(await answerOf(check, origins)) }
        : { member, error: "no check" },
    );
  }
  return answers;
}

async function answerOf(
  check: Check | Unavailable,
  origins: Origins,
): Promise<Omit<Answer, "member">> {
  const isOffered = typeof check === "function";
  const use = isOffered ? check : check.unavailable;
  try {
    const value = await inTime(use, origins);
    if (isOffered) return { value: encode(value) };
    return { error: `was to throw, but gave ${encode(value)}` };
  } catch (error) {
    const text = lineOf(error);
    return isOffered ? { error: text } : { value: text };
  }
}

async function inTime(use: Check, origins: Origins): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no end within ${checkMs} ms`)),
      checkMs,
    );
  });
  try {
    return await Promise.race([use(origins), late]);
  } finally {
    clearTimeout(timer);
  }
}

function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${encode(error)}`;
  const code: unknown = Reflect.get(error, "code");
  const named =
    code === undefined ? error.name : `${error.name} ${encode(code)}`;
  return `${named}: ${error.message.split("\n")[0] ?? ""}`;
}
