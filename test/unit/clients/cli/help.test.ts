import type { Command } from "commander";
import { expect, it } from "vitest";
import { exitCodes } from "../../../../clients/cli/exit-codes.ts";
import { programFor } from "../../../../clients/cli/program.ts";
import { runAnnex } from "../../../support/terminal.ts";

const silent = {
  env: {},
  cwd: "/",
  stdin: (async function* () {})(),
  stdout: { write: () => true },
  stderr: { write: () => true },
};

function commandsBelow(
  command: Command,
  path: string[] = [],
): { path: string[]; command: Command }[] {
  return command.commands.flatMap((child) => {
    const here = [...path, child.name()];
    return [{ path: here, command: child }, ...commandsBelow(child, here)];
  });
}

const all = commandsBelow(programFor(silent));
const leaves = all.filter(({ command }) => command.commands.length === 0);

it("has the commands it promises", () => {
  expect(leaves.map(({ path }) => path.join(" ")).toSorted()).toEqual([
    "backup",
    "container create",
    "container delete",
    "container get",
    "container list",
    "container update",
    "controlplane",
    "dev",
    "egress addresses",
    "egress get",
    "egress proxy create",
    "egress proxy delete",
    "egress proxy update",
    "egress update",
    "extension activate",
    "extension check",
    "extension create",
    "extension delete",
    "extension disable",
    "extension edit",
    "extension enable",
    "extension get",
    "extension invoke",
    "extension list",
    "extension publish",
    "extension release",
    "extension rollback",
    "extension update",
    "extension versions",
    "host get",
    "host list",
    "point bind",
    "point create",
    "point delete",
    "point get",
    "point list",
    "point unbind",
    "point update",
    "restore",
    "run",
    "sandboxd",
    "secret delete",
    "secret list",
    "secret set",
    "token create",
    "token inspect",
    "token revoke",
  ]);
});

it.each(all.map(({ path }) => [path.join(" "), path] as const))(
  "teaches %s",
  async (name, path) => {
    const { exit, stdout } = await runAnnex(["help", ...path]);
    const help =
      path.length === 1 ? stdout : (await runAnnex([...path, "--help"])).stdout;
    expect(exit).toBe(0);
    expect(help).toContain(`Usage: annex ${name}`);
    expect(help).toMatch(/^[A-Z].{10,}$/m);
    expect(help).toMatch(new RegExp(`Examples?:\n +\\$ annex ${name}`));
  },
);

it("shows examples that its own commands understand", () => {
  const texts = all.map(({ command }) => {
    let text = "";
    command.configureOutput({ writeOut: (part) => (text += part) });
    command.outputHelp();
    return text;
  });
  const examples = texts.flatMap((text) =>
    [...text.matchAll(/^ +\$ annex (.*)$/gm)].map(([, line = ""]) => line),
  );
  expect(examples.length).toBeGreaterThan(leaves.length);
  for (const example of examples) {
    const words = example.split(" ");
    const leaf = leaves.find(({ path }) =>
      path.every((word, at) => words[at] === word),
    );
    expect(leaf, example).toBeDefined();
    const isDaemon = ["controlplane", "sandboxd"].includes(words[0] ?? "");
    const known = leaf?.command.options.map((option) => option.long) ?? [];
    const used = words.filter((word) => word.startsWith("--"));
    if (!isDaemon) expect(known, example).toEqual(expect.arrayContaining(used));
  }
});

it.each(
  leaves
    .filter(({ path }) => !["controlplane", "sandboxd"].includes(path.join()))
    .map(({ path, command }) => [path.join(" "), command] as const),
)("takes --json: %s", (_, command) => {
  expect(command.options.map(({ long }) => long)).toContain("--json");
});

it("tells every exit code", async () => {
  const { stdout } = await runAnnex(["--help"]);
  for (const { exit, meaning } of exitCodes)
    expect(stdout).toContain(`  ${exit}  ${meaning}\n`.trimEnd());
});

it("names the nearest command and option for a misspelt one, and ends with 2", async () => {
  const command = await runAnnex(["extenson", "list"]);
  expect(command).toMatchObject({ exit: 2, stdout: "" });
  expect(command.stderr).toContain("Did you mean extension?");
  const option = await runAnnex(["extension", "list", "--contaner", "a"]);
  expect(option.exit).toBe(2);
  expect(option.stderr).toContain("Did you mean --container?");
  expect((await runAnnex(["extension", "publsh"])).stderr).toContain(
    "Did you mean publish?",
  );
});

it("tells a usage error as JSON too where JSON was asked for", async () => {
  const ran = await runAnnex(["container", "get", "--json"]);
  expect(ran.exit).toBe(2);
  expect(ran.json).toEqual({
    error: { code: "usage", message: "missing required argument 'name'" },
  });
});
