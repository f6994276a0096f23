import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { shownLine } from "../../../../clients/cli/log-lines.ts";
import { readyBlock } from "../../../../clients/cli/ready-block.ts";
import { writeDevFile } from "../../../../clients/cli/dev-file.ts";
import { startFakeControlPlane } from "../../../support/fake-control-plane.ts";
import { runAnnex } from "../../../support/terminal.ts";

const dev = {
  http: "http://127.0.0.1:7701",
  grpc: "http://127.0.0.1:7700",
  run: "http://127.0.0.1:7702",
  socket: "/home/annex/sandboxd.sock",
  admin_token: "admin-token",
  container: "demo",
  token: "demo-token",
};

it("shows a curl line that works as pasted, and no admin's token", () => {
  const block = blockOf("none", "rlimit");
  expect(block).toContain(
    `\ncurl http://127.0.0.1:7702/api/run/demo -H "Authorization: Bearer demo-token" --data-binary 'module.exports = function (cb) { cb(null, { hello: "world" }); }'\n`,
  );
  expect(block).toContain("/home/annex/sandboxd.sock");
  expect(block).not.toContain("admin-token");
});

it("says in one line what walls code in, and loudly that nothing does", () => {
  expect(blockOf("bwrap", "cgroup1")).toContain(
    "\n\nCode is walled in: bwrap, limits cgroup1.\n\n",
  );
  expect(blockOf("bwrap-no-proc", "")).toContain(
    "\n\nCode is walled in: bwrap-no-proc.\n\n",
  );
  expect(blockOf("bwrap", "cgroup1")).not.toContain("NO WALLS");
  const bare = blockOf("none", "rlimit");
  expect(bare).toContain("!!! NO WALLS: code runs here as you");
  expect(bare).not.toContain("walled in");
});

function blockOf(walls: string, limits: string): string {
  return readyBlock({ devFile: dev, walls, limits }, "/home/annex");
}

it("shows the daemons' warnings and what is no log line, and all of it when asked", () => {
  expect(
    shownLine("sandboxd", '{"level":30,"msg":"ready"}', false),
  ).toBeUndefined();
  expect(
    shownLine("sandboxd", '{"level":"info","msg":"ready"}', false),
  ).toBeUndefined();
  expect(shownLine("sandboxd", '{"level":40,"msg":"late"}', false)).toBe(
    'sandboxd: {"level":40,"msg":"late"}',
  );
  expect(shownLine("sandboxd", '{"level":"error"}', false)).toBe(
    'sandboxd: {"level":"error"}',
  );
  expect(shownLine("sandboxd", "Error: x", false)).toBe("sandboxd: Error: x");
  expect(shownLine("sandboxd", '{"level":30}', true)).toBe(
    'sandboxd: {"level":30}',
  );
});

it("refuses to start a second one in the same home, at once", async () => {
  await using fake = await startFakeControlPlane({});
  const home = await mkdtemp(path.join(tmpdir(), "annex-dev-"));
  try {
    await writeDevFile(home, { ...dev, http: fake.url });
    const { exit, stdout, stderr } = await runAnnex(["dev", "--home", home]);
    expect({ exit, stdout }).toEqual({ exit: 1, stdout: "" });
    expect(stderr).toContain(
      `Annex runs already in ${home} (control plane at ${fake.url})`,
    );
  } finally {
    await rm(home, { recursive: true });
  }
});

it("refuses a port base that leaves no room", async () => {
  expect(
    (await runAnnex(["dev", "--home", "/nowhere", "--port-base", "65535"]))
      .exit,
  ).toBe(2);
});
