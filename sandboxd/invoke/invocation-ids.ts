import { randomBytes } from "node:crypto";

/** Makes names for invocations, unique among all hosts and runs: 16 random characters a run, then a count. */
export function createInvocationIds(): () => string {
  const run = randomBytes(12).toString("base64url");
  let count = 0;
  return () => `${run}-${(count++).toString(36)}`;
}
