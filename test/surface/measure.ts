/** Asks plain Node and the isolate the same, and says of every member whether it is there. */
import { bundleChecks } from "./bundle.ts";
import type { Origins } from "./check.ts";
import type { Isolates } from "./isolate.ts";
import { nodeMembers } from "./node-members.ts";
import { answersOfNode } from "./plain-node.ts";
import type { Answer } from "./run-checks.ts";
import { checksFileOf, surfaceIn } from "./surfaces.ts";

/** What is known of one member. */
export interface Finding {
  member: string;
  isPresent: boolean;
  isChecked: boolean;
  /** Why it is not present; of one that says so itself, what it says. */
  reason?: string;
}

/** What is known of one builtin. */
export interface Measured {
  module: string;
  findings: Finding[];
}

export interface Stage {
  folder: string;
  origins: Origins;
  isolates: Isolates;
}

/** Measures one builtin, or of it the named members alone. */
export async function measure(
  module: string,
  { folder, origins, isolates }: Stage,
  only?: readonly string[],
): Promise<Measured> {
  const members = only ?? (await nodeMembers(module));
  const file = await checksFileOf(module);
  if (file === undefined)
    return { module, findings: members.map(withoutCheck) };
  const { checks } = await surfaceIn(file);
  const checked = members.filter((member) => checks[member] !== undefined);
  const offered = checked.filter(
    (member) => typeof checks[member] === "function",
  );
  const script = await bundleChecks(file);
  const expected = await answersOfNode(folder, script, offered, origins);
  const given = await isolates.answersOf(module, script, checked);
  const byMember = (answers: Answer[]) =>
    new Map(answers.map((answer) => [answer.member, answer]));
  const [theirs, ours] = [byMember(expected), byMember(given)];
  return {
    module,
    findings: members.map((member) =>
      checks[member] === undefined
        ? withoutCheck(member)
        : {
            member,
            isChecked: true,
            ...judge(theirs.get(member), ours.get(member)),
          },
    ),
  };
}

function withoutCheck(member: string): Finding {
  return { member, isPresent: false, isChecked: false, reason: "no check" };
}

function judge(
  theirs: Answer | undefined,
  ours: Answer | undefined,
): Pick<Finding, "isPresent" | "reason"> {
  if (ours?.error !== undefined || ours?.value === undefined)
    return { isPresent: false, reason: ours?.error ?? "no answer" };
  if (!theirs)
    return { isPresent: false, reason: `cannot be offered: ${ours.value}` };
  if (theirs.error !== undefined)
    throw new Error(
      `${theirs.member}: plain Node itself fails: ${theirs.error}`,
    );
  if (theirs.value === ours.value) return { isPresent: true };
  return {
    isPresent: false,
    reason: difference(theirs.value ?? "", ours.value),
  };
}

const shownCharacters = 140;

/** Where two answers part, with a little of what lies before. */
function difference(theirs: string, ours: string): string {
  let same = 0;
  while (same < theirs.length && theirs[same] === ours[same]) same += 1;
  const start = Math.max(0, same - 60);
  const excerpt = (text: string) =>
    JSON.stringify(text.slice(start, start + shownCharacters));
  return `Node gives ${excerpt(theirs)}, here it is ${excerpt(ours)}`;
}
