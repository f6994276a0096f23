import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  type Answers,
  type RunAnswer,
  startFakeControlPlane,
} from "../../../support/fake-control-plane.ts";
import { runAnnex } from "../../../support/terminal.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "annex-cli-"));
  await writeFile(path.join(folder, "hello.js"), "module.exports = 1;");
});
afterEach(() => rm(folder, { recursive: true }));

async function ran(
  argv: string[],
  answers: Answers,
  run?: RunAnswer,
  env: Record<string, string> = {},
) {
  await using fake = await startFakeControlPlane(answers, run);
  const connection = { ANNEX_URL: fake.url, ANNEX_TOKEN: "t" };
  const result = await runAnnex(argv, {
    env: { ...connection, ...env },
    cwd: folder,
  });
  return { ...result, calls: fake.calls, runs: fake.runs };
}

const extension = {
  container: "acme",
  name: "hello",
  enabled: true,
  activeVersion: 3,
  newestVersion: 3,
  points: ["p"],
  meta: { camelCase: "kept" },
  secretNames: ["K"],
  createTime: "2026-11-21T00:00:00Z",
  updateTime: "2026-11-21T00:00:00Z",
  etag: "e7",
};
const extensionJson = {
  container: "acme",
  name: "hello",
  enabled: true,
  active_version: 3,
  newest_version: 3,
  points: ["p"],
  meta: { camelCase: "kept" },
  secret_names: ["K"],
  create_time: "2026-11-21T00:00:00Z",
  update_time: "2026-11-21T00:00:00Z",
  etag: "e7",
  quarantines: [],
};
const version = {
  container: "acme",
  extension: "hello",
  number: 3,
  digest: "d".repeat(64),
  runtime: "2026.1",
  bundleBytes: 19n,
  createTime: "2026-11-21T00:00:00Z",
  active: true,
  quarantines: [],
};
const versionJson = {
  container: "acme",
  extension: "hello",
  number: 3,
  digest: "d".repeat(64),
  runtime: "2026.1",
  bundle_bytes: 19,
  create_time: "2026-11-21T00:00:00Z",
  active: true,
  quarantines: [],
};
const done = {
  version: 3,
  subscribed: 2,
  stored: 2,
  compiled: 2,
  warm: 1,
  refused: [],
  quarantined: [],
};

const published = {
  publishVersion: () => ({ extension, version }),
  getRollout: () => ({ rollout: done }),
};
const create = [
  "extension",
  "create",
  "hello.js",
  "--container",
  "acme",
  "--name",
  "hello",
];

it("creates an extension of a file with all that belongs to it, and waits for the hosts", async () => {
  const options = [
    "--point",
    "p",
    "--point",
    "q",
    "--secret",
    "K=v=w",
    "--meta",
    "a=b",
    "--meta",
    "c=d",
    "--json",
  ];
  const { exit, json, calls } = await ran([...create, ...options], published);
  expect(exit).toBe(0);
  expect(calls.map(({ method }) => method)).toEqual([
    "publishVersion",
    "getRollout",
  ]);
  expect(calls[0]?.request).toEqual({
    container: "acme",
    extension: "hello",
    files: [{ path: "hello.js", content: Buffer.from("module.exports = 1;") }],
    entry: "hello.js",
    activate: true,
    create: true,
    points: ["p", "q"],
    meta: { a: "b", c: "d" },
    secrets: { K: "v=w" },
    validateOnly: false,
    etag: "",
  });
  expect(json).toEqual({
    extension: extensionJson,
    version: versionJson,
    rollout: done,
  });
});

it("asks again until every host has compiled it", async () => {
  const states = [{ ...done, compiled: 0 }, { ...done, compiled: 1 }, done];
  const { exit, stdout, calls } = await ran(create, {
    ...published,
    getRollout: () => ({ rollout: states.shift() }),
  });
  expect(exit).toBe(0);
  expect(calls).toHaveLength(4);
  expect(calls[1]?.request.waitMs).toBeGreaterThan(0);
  expect(stdout).toBe(
    "acme/hello: version 3 is active and compiled on 2 of 2 hosts\n",
  );
});

it("tells which host refused a version, and why", async () => {
  const refused = [
    { host: "m1", reason: "threw", message: "hello.js:1:7: no" },
  ];
  const { exit, stderr, json } = await ran([...create, "--json"], {
    ...published,
    getRollout: () => ({ rollout: { ...done, compiled: 1, refused } }),
  });
  expect(exit).toBe(3);
  expect(stderr).toMatch(
    /version 3 of acme\/hello was refused.*\n {2}m1: threw: hello\.js:1:7: no\n/,
  );
  expect(json.error.code).toBe("invalid");
});

it("tells which host has a version in quarantine, why, and how to release it", async () => {
  const quarantined = [{ host: "m1", message: "it ended 5 executors" }];
  const answers = {
    ...published,
    getRollout: () => ({ rollout: { ...done, compiled: 1, quarantined } }),
  };
  const { exit, stderr, json } = await ran([...create, "--json"], answers);
  expect(exit).toBe(6);
  expect(stderr).toMatch(
    /version 3 of acme\/hello is in quarantine.*annex extension release hello --container acme.*\n {2}m1: it ended 5 executors\n/,
  );
  expect(json.error.code).toBe("precondition");
});

it("shows quarantines beside extensions and versions, and releases them", async () => {
  const quarantines = [
    { host: "m1", message: "it ended 5 executors: out of \u001b[31mmemory" },
    { host: "m2", message: "it ended 6 executors" },
  ];
  const answers = {
    listVersions: () => ({ versions: [{ ...version, quarantines }] }),
    listExtensions: () => ({ extensions: [{ ...extension, quarantines }] }),
    getExtension: () => ({ extension: { ...extension, quarantines } }),
    getVersion: () => ({ version: { ...version, quarantines } }),
    releaseQuarantine: () => ({ extension }),
  };
  const list = ["extension", "list", "--container", "acme"];
  const all = await ran([...list, "--json"], answers);
  expect(all.json).toEqual({ extensions: [{ ...extensionJson, quarantines }] });
  expect((await ran(list, answers)).stdout).toMatch(/BY\n.* p +m1, m2\n$/);
  const get = ["extension", "get", "hello", "--container", "acme"];
  const shown = await ran(get, answers);
  expect(shown.stdout).toContain("quarantined_by  m1, m2\n");
  expect(shown.stdout).toContain("3        m2    it ended 6 executors\n");
  const line = ["extension", "versions", "hello", "--container", "acme"];
  const listed = await ran([...line, "--json"], answers);
  expect(listed.json).toEqual({ versions: [{ ...versionJson, quarantines }] });
  const { stdout } = await ran(line, answers);
  expect(stdout).toContain("m1, m2");
  expect(stdout).toContain("3        m1    it ended 5 executors: out of ?[31m");
  const release = ["extension", "release", "hello", "--container", "acme"];
  const released = await ran(release, answers);
  expect(released.stdout).toBe("acme/hello: quarantines are released\n");
  expect(released.calls[0]?.request).toEqual({
    container: "acme",
    extension: "hello",
    validateOnly: false,
  });
  const tried = await ran([...release, "--dry-run", "--json"], answers);
  expect(tried.calls[0]?.request.validateOnly).toBe(true);
  expect(tried.json).toEqual(extensionJson);
});

it("ends with its own exit code when the hosts are late", async () => {
  const late = {
    ...published,
    getRollout: () => ({ rollout: { ...done, compiled: 1 } }),
  };
  const { exit, stderr } = await ran([...create, "--wait-ms", "20"], late);
  expect(exit).toBe(4);
  expect(stderr).toContain("after 20 ms only 1 of 2 hosts");
});

it("does not wait when told so, nor for a dry run, nor for what is not activated", async () => {
  for (const option of ["--no-wait", "--dry-run"]) {
    const { exit, calls, json } = await ran(
      [...create, option, "--json"],
      published,
    );
    expect(exit).toBe(0);
    expect(calls.map(({ method }) => method)).toEqual(["publishVersion"]);
    expect(json.rollout).toBe(null);
  }
  const stored = await ran(
    [
      "extension",
      "publish",
      "hello.js",
      "--container",
      "acme",
      "--name",
      "hello",
      "--no-activate",
      "--etag",
      "e7",
    ],
    published,
  );
  expect(stored.calls).toHaveLength(1);
  expect(stored.calls[0]?.request).toMatchObject({
    activate: false,
    create: false,
    etag: "e7",
  });
  expect(stored.stdout).toBe("acme/hello: version 3 is stored\n");
});

it("says so when no host is connected", async () => {
  const { exit, stderr } = await ran(create, {
    ...published,
    getRollout: () => ({ rollout: { version: 3 } }),
  });
  expect(exit).toBe(0);
  expect(stderr).toContain("no host is connected");
});

it("refuses a file that is not there before it asks anybody", async () => {
  const { exit, stderr, calls } = await ran(
    ["extension", "create", "nope.js", "--container", "acme", "--name", "x"],
    published,
  );
  expect(exit).toBe(5);
  expect(stderr).toContain("nope.js");
  expect(calls).toEqual([]);
});

it("activates and rolls back, and waits for the hosts", async () => {
  const answers = {
    ...published,
    activateVersion: () => ({ extension }),
    rollBackExtension: () => ({ extension }),
  };
  const activated = await ran(
    [
      "extension",
      "activate",
      "hello",
      "--version",
      "3",
      "--container",
      "acme",
      "--json",
    ],
    answers,
  );
  expect(activated.calls.map(({ method }) => method)).toEqual([
    "activateVersion",
    "getRollout",
  ]);
  expect(activated.calls[0]?.request.number).toBe(3);
  expect(activated.json).toEqual({ extension: extensionJson, rollout: done });
  const back = await ran(
    ["extension", "rollback", "hello", "--container", "acme"],
    answers,
  );
  expect(back.stdout).toBe("acme/hello: version 3 is active\n");
});

it("lists and shows extensions and versions", async () => {
  const where = ["--container", "acme"];
  const list = await ran(["extension", "list", ...where, "--json"], {
    listExtensions: () => ({ extensions: [extension] }),
  });
  expect(list.json).toEqual({ extensions: [extensionJson] });
  const get = await ran(["extension", "get", "hello", ...where], {
    getExtension: () => ({ extension }),
    getVersion: () => ({ version }),
  });
  expect(get.stdout).toContain("active_version  3\n");
  expect(get.stdout).toContain("active_runtime  2026.1\n");
  expect(get.stdout).toContain("meta            camelCase=kept\n");
  const versions = await ran(
    ["extension", "versions", "hello", ...where, "--json"],
    { listVersions: () => ({ versions: [version] }) },
  );
  expect(versions.json).toEqual({ versions: [versionJson] });
  const deleted = await ran(
    ["extension", "delete", "hello", ...where, "--json"],
    { deleteExtension: () => ({}) },
  );
  expect(deleted.json).toEqual({
    deleted: true,
    container: "acme",
    name: "hello",
  });
});

it("changes meta data without losing the rest, nor what changed meanwhile", async () => {
  const answers = {
    getExtension: () => ({
      extension: { ...extension, meta: { a: "1", b: "2" } },
    }),
    updateExtension: () => ({ extension }),
  };
  const { calls, stdout } = await ran(
    [
      "extension",
      "update",
      "hello",
      "--container",
      "acme",
      "--meta",
      "c=3",
      "--remove-meta",
      "a",
    ],
    answers,
  );
  expect(calls[1]?.request).toMatchObject({
    meta: { entries: { b: "2", c: "3" } },
    etag: "e7",
    enabled: undefined,
  });
  expect(stdout).toBe("acme/hello: meta camelCase=kept\n");
  expect(
    (
      await ran(
        ["extension", "update", "hello", "--container", "acme"],
        answers,
      )
    ).exit,
  ).toBe(2);
});

it("enables and disables", async () => {
  const answers = { updateExtension: () => ({ extension }) };
  const on = await ran(
    ["extension", "enable", "hello", "--container", "acme"],
    answers,
  );
  expect(on.calls[0]?.request).toMatchObject({
    enabled: true,
    meta: undefined,
  });
  const off = await ran(
    ["extension", "disable", "hello", "--container", "acme"],
    answers,
  );
  expect(off.calls[0]?.request).toMatchObject({ enabled: false });
});

const source = {
  ...published,
  getExtension: () => ({ extension }),
  getVersion: () => ({
    version,
    entry: "src/a.js",
    files: [
      { path: "src/a.js", content: Buffer.from("before") },
      { path: "b.js", content: Buffer.from("b") },
    ],
  }),
};
const edit = ["extension", "edit", "hello", "--container", "acme"];

it("publishes what was saved in the editor, on top of what was read only", async () => {
  const { exit, calls } = await ran(edit, source, undefined, {
    ...searchPath(),
    EDITOR: "printf after >",
  });
  expect(exit).toBe(0);
  expect(calls[1]?.request).toMatchObject({ number: 3, source: true });
  expect(calls[2]).toMatchObject({
    method: "publishVersion",
    request: {
      files: [
        { path: "b.js", content: Buffer.from("b") },
        { path: "src/a.js", content: Buffer.from("after") },
      ],
      entry: "src/a.js",
      activate: true,
      create: false,
      etag: "e7",
    },
  });
});

it("publishes nothing where nothing was changed or the editor failed", async () => {
  const unchanged = await ran([...edit, "--json"], source, undefined, {
    ...searchPath(),
    EDITOR: "cat >/dev/null",
  });
  expect(unchanged).toMatchObject({ exit: 0, json: { changed: false } });
  const failed = await ran(edit, source, undefined, {
    ...searchPath(),
    EDITOR: "false",
  });
  expect(failed.exit).toBe(1);
  const none = await ran(edit, source);
  expect(none.stderr).toContain("$EDITOR");
  for (const { calls } of [unchanged, failed, none])
    expect(calls.map(({ method }) => method)).not.toContain("publishVersion");
});

const ok = {
  status: 200,
  headers: { "x-annex-invocation-id": "i1" },
  body: '{"hello":"you"}',
};
const invoke = ["extension", "invoke", "hello", "--container", "acme"];

it("calls an extension over HTTP and prints what it answers", async () => {
  await writeFile(path.join(folder, "data.json"), '{"n":1}');
  const plain = await ran([...invoke, "--data", "@data.json"], {}, ok);
  expect(plain).toMatchObject({ exit: 0, stdout: '{"hello":"you"}\n' });
  expect(plain.runs[0]).toMatchObject({
    url: "/api/run/acme/hello",
    body: '{"n":1}',
    headers: { authorization: "Bearer t", "content-type": "application/json" },
  });
  const told = await ran([...invoke, "--json"], {}, ok);
  expect(told.json).toEqual({
    status: 200,
    invocation_id: "i1",
    content_type: "application/json",
    body: { hello: "you" },
  });
  expect((await ran([...invoke, "--data", "{n:1}"], {}, ok)).exit).toBe(2);
  expect((await ran([...invoke, "--data", "@nope"], {}, ok)).exit).toBe(5);
});

it.each([
  [
    "webtask",
    500,
    { error: "Script generated…", details: "Error: no" },
    9,
    "Error: no",
  ],
  ["webtask", 404, { error: "mine" }, 9, "mine"],
  [
    "compiler",
    400,
    { message: "Compilation failed: x" },
    3,
    "Compilation failed: x",
  ],
  ["proxy", 401, { message: "a token is needed" }, 8, "a token is needed"],
  [
    "proxy",
    403,
    { message: "it is disabled", reason: "disabled" },
    6,
    "it is disabled",
  ],
  ["proxy", 403, { message: "not yours" }, 8, "not yours"],
  ["proxy", 404, { message: "no extension" }, 5, "no extension"],
  ["proxy", 503, { message: "no host" }, 7, "no host"],
  ["proxy", 504, { message: "late" }, 4, "late"],
])("tells who failed: %s %i", async (from, status, body, exit, message) => {
  const answer = {
    status,
    headers: { "x-wt-response-source": from },
    body: JSON.stringify(body),
  };
  const result = await ran([...invoke, "--json"], {}, answer);
  expect(result.exit).toBe(exit);
  expect(result.stderr).toContain(`HTTP ${status}: ${message}\n`);
  expect(result.json.error.message).toContain(message);
});

it("shows where in the author's source the extension failed", async () => {
  const failure = {
    details: "TypeError: no name",
    stack: "at greet (greet.ts:7:52)\nat index.ts:5:18",
  };
  const headers = { "x-wt-response-source": "webtask" };
  const answer = { status: 500, headers, body: JSON.stringify(failure) };
  const { stderr } = await ran(invoke, {}, answer);
  expect(stderr).toContain(
    "TypeError: no name\n    at greet (greet.ts:7:52)\n    at index.ts:5:18\n",
  );
});

it("runs a CommonJS file as it is, with data in the query", async () => {
  const { exit, runs } = await ran(
    [
      "run",
      "hello.js",
      "--container",
      "acme",
      "--data",
      '{"name":"a b","n":1}',
    ],
    {},
    ok,
  );
  expect(exit).toBe(0);
  expect(runs[0]).toMatchObject({
    url: "/api/run/acme?name=a+b&n=1",
    body: "module.exports = 1;",
  });
  expect(
    (
      await ran(
        ["run", "hello.js", "--container", "acme", "--data", "[1]"],
        {},
        ok,
      )
    ).exit,
  ).toBe(2);
});

it("runs folders and TypeScript as one script, or says where they do not build", async () => {
  await mkdir(path.join(folder, "many"));
  await writeFile(
    path.join(folder, "many/index.ts"),
    "import { a } from './a.ts';\nexport const b: number = a;",
  );
  await writeFile(path.join(folder, "many/a.ts"), "export const a = 41 + 1;");
  const { exit, runs } = await ran(
    ["run", "many", "--container", "acme"],
    {},
    ok,
  );
  expect(exit).toBe(0);
  const module = { exports: { b: 0 } };
  // oxlint-disable-next-line typescript/no-implied-eval -- the script is made of the two files above
  new Function("module", "exports", runs[0]?.body ?? "")(
    module,
    module.exports,
  );
  expect(module.exports.b).toBe(42);
  await writeFile(path.join(folder, "many/a.ts"), "export const a: = 1;");
  const broken = await ran(["run", "many", "--container", "acme"], {}, ok);
  expect(broken.exit).toBe(3);
  expect(broken.stderr).toMatch(/a\.ts:1:16/);
  expect((await ran(["run", "nope", "--container", "acme"], {}, ok)).exit).toBe(
    5,
  );
});

/** Editors are found in PATH. */
function searchPath(): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "" };
}
