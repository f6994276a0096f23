/** An isolate of ours as one who answers checks: an extension for each builtin, published and called through the front door. */
import { connect, type Annex } from "../../clients/node/index.ts";
import type { Ours } from "../bench/ours.ts";
import type { Origins } from "./check.ts";
import type { Answer } from "./run-checks.ts";

/** Small enough that a batch ends within the limits of one call. */
const batchSize = 24;
const callMs = 30_000;

/** Who asks one isolate after another. */
export interface Isolates {
  answersOf(
    module: string,
    script: string,
    members: readonly string[],
  ): Promise<Answer[]>;
  close(): Promise<void>;
}

export function askIsolates(ours: Ours, origins: Origins): Isolates {
  const client = connect({ socket: ours.socket });
  return {
    async answersOf(module, script, members) {
      const container = `surface-${module.replaceAll(/[/_]/g, "-")}`;
      await ours.publish(container, "checks", script);
      const answers: Answer[] = [];
      for (let start = 0; start < members.length; start += batchSize)
        answers.push(
          ...(await ask(members.slice(start, start + batchSize), (batch) =>
            call(client, container, { members: batch, origins }),
          )),
        );
      return answers;
    },
    close: () => client.close(),
  };
}

/** Asks for a batch; where one member takes the others down with it, asks for halves, until it stands alone. */
async function ask(
  members: readonly string[],
  callWith: (batch: readonly string[]) => Promise<Answer[] | string>,
): Promise<Answer[]> {
  const answers = await callWith(members);
  if (typeof answers !== "string") return answers;
  if (members.length === 1)
    return [{ member: members[0] ?? "", error: answers }];
  const middle = Math.ceil(members.length / 2);
  return [
    ...(await ask(members.slice(0, middle), callWith)),
    ...(await ask(members.slice(middle), callWith)),
  ];
}

/** The answers, or why there are none. */
async function call(
  client: Annex,
  container: string,
  payload: { members: readonly string[]; origins: Origins },
): Promise<Answer[] | string> {
  const outcome = await client.invoke({
    container,
    extension: "checks",
    payload,
    timeoutMs: callMs,
  });
  if (outcome.kind === "result") return outcome.payload as Answer[]; // what run-checks answers, by our own script
  if (outcome.kind === "failure")
    return `${outcome.reason}: ${outcome.message.split("\n")[0] ?? ""}`;
  return outcome.kind;
}
