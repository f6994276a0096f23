/** The commands about containers, points, secrets, tokens and hosts. */
import { expect, it } from "vitest";
import { HostVersionState } from "../../../../proto/gen/annex/control/v1/host.ts";
import { TokenKind } from "../../../../proto/gen/annex/control/v1/token.ts";
import {
  type Answers,
  startFakeControlPlane,
} from "../../../support/fake-control-plane.ts";
import { runAnnex, type Surroundings } from "../../../support/terminal.ts";

/** Runs one command line against a fake with these answers. */
async function ran(
  line: string,
  answers: Answers,
  surroundings: Surroundings = {},
) {
  await using fake = await startFakeControlPlane(answers);
  const env = { ANNEX_URL: fake.url, ANNEX_TOKEN: "t" };
  const result = await runAnnex(line.split(" "), { env, ...surroundings });
  return { ...result, calls: fake.calls, text: result.stdout };
}

const acme = { name: "acme", createTime: "2026-11-21T00:00:00Z", etag: "e1" };
const noLimits = {
  heap_mb: 0,
  memory_mb: 0,
  cpu_percent: 0,
  cpu_ms: 0,
  sync_ms: 0,
  wall_ms: 0,
  max_running_calls: 0,
  max_queued_calls: 0,
  max_executors: 0,
  max_egress_requests: 0,
  max_egress_bytes: 0,
  egress_ms: 0,
  egress_bytes_per_second: 0,
};
const acmeJson = {
  name: "acme",
  labels: {},
  trust_group: "",
  limits: noLimits,
  egress: { allow: [], deny: [] },
  create_time: "2026-11-21T00:00:00Z",
  etag: "e1",
};

it("creates, shows and deletes a container", async () => {
  const created = await ran("container create acme --json", {
    createContainer: () => ({ container: acme }),
  });
  expect(created.json).toEqual(acmeJson);
  expect(created.calls[0]?.request).toEqual({
    name: "acme",
    validateOnly: false,
    labels: {},
    trustGroup: "",
    limits: undefined,
    egress: undefined,
  });
  const shown = await ran("container get acme", {
    getContainer: () => ({ container: acme }),
  });
  expect(shown.text).toBe(
    `name         acme
trust_group  -
labels       -
limits       the hosts' defaults
allow        every public address
deny         -
create_time  2026-11-21T00:00:00Z
etag         e1
`,
  );
  const deleted = await ran("container delete acme --etag e1 --json", {
    deleteContainer: () => ({}),
  });
  expect(deleted.json).toEqual({ deleted: true, name: "acme" });
  expect(deleted.calls[0]?.request).toEqual({
    name: "acme",
    etag: "e1",
    validateOnly: false,
  });
});

it("checks without changing anything on --dry-run", async () => {
  const { calls, json } = await ran("container delete acme --dry-run --json", {
    deleteContainer: () => ({}),
  });
  expect(calls[0]?.request.validateOnly).toBe(true);
  expect(json.deleted).toBe(false);
});

it("lists every page", async () => {
  const pages: Record<string, object> = {
    "": { containers: [acme], nextPageToken: "2" },
    "2": { containers: [{ ...acme, name: "umbrella" }] },
  };
  const answers = {
    listContainers: ({ pageToken }: { pageToken: string }) => pages[pageToken],
  };
  const { json } = await ran("container list --json", answers);
  expect(json).toEqual({
    containers: [acmeJson, { ...acmeJson, name: "umbrella" }],
  });
  const { text } = await ran("container list", answers);
  expect(text).toBe(
    `NAME      CREATED               LABELS  TRUST GROUP
acme      2026-11-21T00:00:00Z  -       -
umbrella  2026-11-21T00:00:00Z  -       -
`,
  );
});

it("says so where the control plane's answer is incomplete", async () => {
  const { exit, stderr } = await ran("container get acme", {
    getContainer: () => ({}),
  });
  expect(exit).toBe(1);
  expect(stderr).toContain("incomplete");
});

it("keeps points and binds extensions at them", async () => {
  const point = { name: "p", createTime: "2026-11-21T00:00:00Z", etag: "e" };
  expect(
    (await ran("point create p --json", { createPoint: () => ({ point }) }))
      .json.name,
  ).toBe("p");
  expect(
    (
      await ran("point list --json", {
        listPoints: () => ({ points: [point] }),
      })
    ).json.points,
  ).toHaveLength(1);
  expect(
    (await ran("point get p --json", { getPoint: () => ({ point }) })).json
      .etag,
  ).toBe("e");
  expect(
    (await ran("point delete p --json", { deletePoint: () => ({}) })).json,
  ).toEqual({ deleted: true, name: "p" });
  const binding = { container: "acme", point: "p", extension: "x" };
  const bound = await ran("point bind p x --container acme --replace --json", {
    bindExtension: () => ({ binding }),
  });
  expect(bound.json).toEqual(binding);
  expect(bound.calls[0]?.request).toEqual({
    ...binding,
    replace: true,
    validateOnly: false,
  });
  const listed = await ran("point list --container acme", {
    listBindings: () => ({ bindings: [binding] }),
  });
  expect(listed.text).toBe("POINT  EXTENSION\np      x\n");
  const unbound = await ran("point unbind p --container acme --json", {
    unbindExtension: () => ({}),
  });
  expect(unbound.calls[0]?.request).toEqual({ container: "acme", point: "p" });
});

it("asks for the container where none is named", async () => {
  const { exit, stderr, calls } = await ran("point unbind p", {});
  expect(exit).toBe(2);
  expect(stderr).toContain("--container");
  expect(calls).toEqual([]);
});

it("sets secrets from the command line and from the standard input, and never shows them", async () => {
  const secret = {
    container: "acme",
    extension: "x",
    name: "K",
    updateTime: "2026-11-21T00:00:00Z",
  };
  const answers = {
    setSecret: () => ({ secret }),
    listSecrets: () => ({ secrets: [secret] }),
    deleteSecret: () => ({}),
  };
  const where = "--container acme --extension x";
  const one = await ran(`secret set K=a=b ${where} --json`, answers);
  expect(one.calls[0]?.request).toEqual({
    container: "acme",
    extension: "x",
    name: "K",
    value: "a=b",
  });
  expect(one.json).toEqual({
    container: "acme",
    extension: "x",
    name: "K",
    update_time: "2026-11-21T00:00:00Z",
  });
  await using fake = await startFakeControlPlane(answers);
  const env = { ANNEX_URL: fake.url, ANNEX_TOKEN: "t" };
  await runAnnex(["secret", "set", "K", "--value-stdin", ...where.split(" ")], {
    env,
    stdin: "two\nlines\n",
  });
  expect(fake.calls[0]?.request.value).toBe("two\nlines");
  const missing = await ran(`secret set K ${where}`, answers);
  expect(missing.exit).toBe(2);
  expect(missing.stderr).toContain("K=VALUE");
  expect((await ran(`secret list ${where}`, answers)).text).toBe(
    "NAME  UPDATED\nK     2026-11-21T00:00:00Z\n",
  );
  expect(
    (await ran(`secret delete K ${where}`, answers)).calls[0]?.request.name,
  ).toBe("K");
});

const claims = {
  kind: TokenKind.CONTAINER,
  containers: ["a", "b"],
  extension: "x",
  expiresAtS: 1893456000n,
  notBeforeS: 0n,
  jti: "j",
  issuedAtS: 1n,
};
const claimsJson = {
  kind: "container",
  containers: ["a", "b"],
  extension: "x",
  not_before: null,
  expires: "2030-01-01T00:00:00.000Z",
  issued: "1970-01-01T00:00:01.000Z",
  jti: "j",
};

it("issues tokens, and prints nothing but the token for people", async () => {
  const answers = { issueToken: () => ({ token: "tok", claims }) };
  const line =
    "token create --container a --container b --extension x --expires 2030-01-01";
  const one = await ran(line, answers);
  expect(one.text).toBe("tok\n");
  expect(one.calls[0]?.request.claims).toMatchObject({
    kind: TokenKind.CONTAINER,
    containers: ["a", "b"],
    extension: "x",
    expiresAtS: 1893456000n,
  });
  expect((await ran(`${line} --json`, answers)).json).toEqual({
    token: "tok",
    claims: claimsJson,
  });
  expect(
    (await ran("token create --admin", answers)).calls[0]?.request.claims.kind,
  ).toBe(TokenKind.ADMIN);
  const before = BigInt(Math.floor(Date.now() / 1000)) + 600n;
  const join = await ran("token create --join --expires 10m", answers);
  const expiresAtS: bigint = join.calls[0]?.request.claims.expiresAtS;
  expect(expiresAtS - before).toBeGreaterThanOrEqual(0n);
  expect(expiresAtS - before).toBeLessThan(60n);
});

it.each([
  "token create",
  "token create --admin --container a",
  "token create --container a --expires soon",
  "token revoke",
  "token revoke t --jti j",
])("does not understand: %s", async (line) => {
  const { exit, calls, stderr } = await ran(line, {});
  expect(exit).toBe(2);
  expect(stderr).not.toBe("");
  expect(calls).toEqual([]);
});

it("inspects and revokes tokens", async () => {
  const valid = await ran("token inspect t0 --json", {
    inspectToken: () => ({ claims, valid: true }),
  });
  expect(valid.json).toEqual({ valid: true, reason: "", claims: claimsJson });
  const expired = await ran("token inspect t0", {
    inspectToken: () => ({ claims, valid: false, reason: "expired" }),
  });
  expect(expired.text).toMatch(
    /^valid +no\nreason +expired\nkind +container\n/,
  );
  const foreign = await ran("token inspect t0 --json", {
    inspectToken: () => ({ valid: false, reason: "not ours" }),
  });
  expect(foreign.json.claims).toBe(null);
  const revoked = await ran("token revoke t0", { revokeToken: () => ({}) });
  expect(revoked.calls[0]?.request.subject).toEqual({
    $case: "token",
    value: "t0",
  });
  const byId = await ran("token revoke --jti j", { revokeToken: () => ({}) });
  expect(byId.calls[0]?.request.subject).toEqual({ $case: "jti", value: "j" });
});

it("shows hosts and what they hold", async () => {
  const host = {
    name: "m1",
    connected: true,
    sinceTime: "2026-11-21T00:00:00Z",
    runtimes: ["2026.1"],
    runUrl: "http://h",
    release: "0.1.0",
    revision: 12n,
    walls: "bwrap",
    limits: "cgroup2",
    versions: [
      {
        container: "acme",
        extension: "x",
        version: 2,
        state: HostVersionState.REFUSED,
        reason: "a.js:1:1: \u001b[31mno",
      },
    ],
  };
  const fields = {
    name: "m1",
    connected: true,
    since_time: "2026-11-21T00:00:00Z",
    runtimes: ["2026.1"],
    run_url: "http://h",
    release: "0.1.0",
    revision: 12,
    walls: "bwrap",
    limits: "cgroup2",
  };
  expect(
    (await ran("host list --json", { listHosts: () => ({ hosts: [host] }) }))
      .json,
  ).toEqual({ hosts: [fields] });
  const got = await ran("host get m1 --json", { getHost: () => ({ host }) });
  expect(got.json).toEqual({
    ...fields,
    versions: [
      {
        container: "acme",
        extension: "x",
        version: 2,
        state: "refused",
        reason: "a.js:1:1: \u001b[31mno",
      },
    ],
  });
  const list = await ran("host list", { listHosts: () => ({ hosts: [host] }) });
  expect(list.text).toMatch(/WALLS +LIMITS\n.* bwrap +cgroup2\n$/);
  const table = await ran("host get m1", { getHost: () => ({ host }) });
  expect(table.text).toContain(
    "acme       x          2        refused  a.js:1:1: ?[31mno",
  );
});
