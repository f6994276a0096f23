/** The table of what is there, for the documentation. */
import type { Measured } from "./measure.ts";

const runtime = "2026.1";

export interface Report {
  date: string;
  node: string;
  runtime: string;
  modules: Measured[];
}

export function reportOf(modules: Measured[]): Report {
  const date = new Date().toISOString().slice(0, 10);
  return { date, node: process.versions.node, runtime, modules };
}

/** Members, those with a check, those present. */
export function counts({ findings }: Measured) {
  return {
    members: findings.length,
    checked: findings.filter(({ isChecked }) => isChecked).length,
    present: findings.filter(({ isPresent }) => isPresent).length,
  };
}

export function render({ date, node, runtime: name, modules }: Report): string {
  const all = {
    module: "**all**",
    findings: modules.flatMap(({ findings }) => findings),
  };
  return `# The surface: what of Node is there

Written by \`npm run surface\`; do not edit.

Runtime ${name}, measured on ${date} against Node ${node}. A member counts as present only when a check of its
behaviour, a real call, gives in the isolate what it gives under plain Node in the same run. The list of members is Node's
own: what each builtin exports, and the public methods and accessors of its classes. A member without a check counts as
absent, and so does one that loads and throws an error that says it cannot be offered.

| Module | Members of Node | Checked | Present | % |
| --- | --: | --: | --: | --: |
${[...modules, all].map(rowOf).join("\n")}

## What is not there
${modules.map(absentOf).join("")}`;
}

function rowOf(measured: Measured): string {
  const { members, checked, present } = counts(measured);
  const percent = members === 0 ? "" : ((100 * present) / members).toFixed(1);
  return `| ${measured.module} | ${members} | ${checked} | ${present} | ${percent} |`;
}

function absentOf({ module, findings }: Measured): string {
  const reasons = new Map<string, string[]>();
  for (const { member, isPresent, reason = "" } of findings) {
    if (isPresent) continue;
    const told = shortened(reason);
    reasons.set(told, [...(reasons.get(told) ?? []), `\`${member}\``]);
  }
  if (reasons.size === 0) return "";
  const lines = Array.from(
    reasons,
    ([reason, members]) => `- ${members.join(", ")}: \`${reason}\``,
  );
  return `\n### ${module}\n\n${lines.join("\n")}\n`;
}

const shownCharacters = 200;

/** Within a code span nothing of it is taken for Markdown. */
function shortened(reason: string): string {
  return reason
    .replaceAll("`", "'")
    .replaceAll(/\s+/g, " ")
    .slice(0, shownCharacters);
}
