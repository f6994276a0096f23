/** The commands that say what holds for containers, points and the platform. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ContainerLimits } from "../../../../proto/gen/annex/control/v1/container.ts";
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
  const requests = fake.calls.map(({ request }) => request);
  return { ...result, calls: fake.calls, requests };
}

const acme = {
  name: "acme",
  createTime: "2026-11-21T00:00:00Z",
  etag: "e1",
  labels: { plan: "free", area: "eu" },
  trustGroup: "ours",
  limits: { cpuMs: 50, heapMb: 64 },
  egress: { allow: ["api.example.com"], deny: ["10.0.0.0/8"] },
};
const containers = {
  createContainer: () => ({ container: acme }),
  getContainer: () => ({ container: acme }),
  updateContainer: () => ({ container: acme }),
};

function limitsOf(limits: Partial<ContainerLimits>): ContainerLimits {
  return ContainerLimits.fromPartial(limits);
}

it("creates a container with everything that was said of it", async () => {
  const { requests, exit } = await ran(
    "container create acme --label plan=free --label area=eu --trust-group ours --limit cpu-ms=50 --limit heap_mb=64 --allow api.example.com --allow *.example.net:443 --deny 10.0.0.0/8",
    containers,
  );
  expect(exit).toBe(0);
  expect(requests).toEqual([
    {
      name: "acme",
      validateOnly: false,
      labels: { plan: "free", area: "eu" },
      trustGroup: "ours",
      limits: limitsOf({ cpuMs: 50, heapMb: 64 }),
      egress: {
        allow: ["api.example.com", "*.example.net:443"],
        deny: ["10.0.0.0/8"],
      },
    },
  ]);
});

it("shows a container's settings as the flags take them", async () => {
  const { stdout, json } = await ran("container get acme", containers);
  expect(json).toBeUndefined();
  expect(stdout).toBe(`name         acme
trust_group  ours
labels       plan=free, area=eu
limits       heap_mb=64, cpu_ms=50
allow        api.example.com
deny         10.0.0.0/8
create_time  2026-11-21T00:00:00Z
etag         e1
`);
  const told = await ran("container get acme --json", containers);
  expect(told.json).toMatchObject({
    labels: { plan: "free", area: "eu" },
    trust_group: "ours",
    limits: { cpu_ms: 50, heap_mb: 64, wall_ms: 0 },
    egress: { allow: ["api.example.com"], deny: ["10.0.0.0/8"] },
  });
});

it.each([
  [
    "--limit cpu-ms=default --limit wall-ms=100",
    { limits: limitsOf({ heapMb: 64, wallMs: 100 }) },
  ],
  [
    "--label plan=paid --remove-label area --label new=",
    { labels: { values: { plan: "paid", new: "" } } },
  ],
  [
    "--allow a.example --allow b.example",
    { egress: { allow: ["a.example", "b.example"], deny: ["10.0.0.0/8"] } },
  ],
  ["--allow-any", { egress: { allow: [], deny: ["10.0.0.0/8"] } }],
  ["--deny-none", { egress: { allow: ["api.example.com"], deny: [] } }],
])(
  "changes a part, and only if nothing changed meanwhile: %s",
  async (flags, change) => {
    const { requests, exit } = await ran(
      `container update acme ${flags}`,
      containers,
    );
    expect(exit).toBe(0);
    const nothing = {
      labels: undefined,
      trustGroup: undefined,
      limits: undefined,
      egress: undefined,
    };
    expect(requests).toEqual([
      { name: "acme" },
      { name: "acme", etag: "e1", validateOnly: false, ...nothing, ...change },
    ]);
  },
);

it.each([
  ["--allow 10.0.0.0/8 --allow api.example.com", "--allow 10.0.0.0/8 opens"],
  ["--allow localhost:80 --allow [::1]:80", "--allow localhost:80, [::1]:80 o"],
  ["--allow 192.168.1.2:443", "only `annex egress update --internal-host`"],
])("says of %s that it opens nothing by itself", async (flags, note) => {
  for (const order of ["create", "update"]) {
    const line = `container ${order} acme ${flags} --json`;
    const { exit, stderr, json } = await ran(line, containers);
    expect(exit).toBe(0);
    expect(stderr).toContain(note);
    expect(json).toMatchObject({ name: "acme" });
  }
});

it("says nothing of rules that open something", async () => {
  const flags = "--allow 192.0.2.1 --allow 0.0.0.0/0 --allow a.example:80";
  const denied = "--deny 10.0.0.0/8 --deny localhost";
  const line = `container create acme ${flags} --allow 2001:db8::/32 ${denied}`;
  expect((await ran(line, containers)).stderr).toBe("");
});

it("sets and takes away a trust group without reading anything", async () => {
  const given = await ran("container update acme --trust-group x", containers);
  expect(given.requests).toMatchObject([{ trustGroup: "x", etag: "" }]);
  const taken = await ran(
    "container update acme --no-trust-group --etag e0 --dry-run",
    containers,
  );
  expect(taken.requests).toMatchObject([
    { trustGroup: "", etag: "e0", validateOnly: true },
  ]);
});

it.each([
  ["container update acme", "what is to be changed?"],
  ["container update acme --limit cpu-ms", "NAME is one of heap_mb, memory_mb"],
  ["container update acme --limit speed=1", "NAME is one of heap_mb"],
  ["container update acme --limit cpu-ms=fast", "must be a whole number"],
  ["container update acme --limit cpu-ms=-1", "must be a whole number"],
  ["container update acme --label plan", "NAME=VALUE"],
  [
    "container update acme --allow a.example --allow-any",
    "cannot be used with",
  ],
  ["container update acme --deny a.example --deny-none", "cannot be used with"],
  ["point update p", "what is to be changed?"],
  ["point update p --limit heap-mb=64", "NAME is one of cpu_ms, sync_ms"],
  ["egress update", "what is to be changed?"],
  ["egress proxy create office", "Give --proxy-url"],
  ["egress proxy update office", "what is to be changed?"],
  ["egress proxy update office --all --container acme", "cannot be used with"],
])("does not understand: %s", async (line, message) => {
  const { exit, stderr, calls } = await ran(line, {});
  expect(exit).toBe(2);
  expect(stderr).toContain(message);
  expect(calls).toEqual([]);
});

it("says what hosts make of limits that say less than they seem to", async () => {
  const { stdout } = await ran("container update --help", {});
  const help = stdout.replaceAll(/\s+/g, " ");
  expect(help).toContain("that host uses heap_mb + 64");
  expect(help).toContain("0 is the host's default, of max_queued_calls too");
});

const point = { name: "p", createTime: "t", etag: "e2", limits: { cpuMs: 9 } };

it("limits a point, and keeps the limits that are not named", async () => {
  const created = await ran("point create p --limit wall-ms=500", {
    createPoint: () => ({ point }),
  });
  expect(created.requests).toEqual([
    {
      name: "p",
      validateOnly: false,
      limits: { cpuMs: 0, syncMs: 0, wallMs: 500 },
    },
  ]);
  const { requests, stdout } = await ran("point update p --limit wall_ms=5", {
    getPoint: () => ({ point }),
    updatePoint: () => ({ point }),
  });
  expect(requests[1]).toEqual({
    name: "p",
    etag: "e2",
    validateOnly: false,
    limits: { cpuMs: 9, syncMs: 0, wallMs: 5 },
  });
  expect(stdout).toContain("limits       cpu_ms=9\n");
  const list = await ran("point list", {
    listPoints: () => ({ points: [point] }),
  });
  expect(list.stdout).toMatch(/LIMITS\n.* cpu_ms=9\n/);
});

const office = {
  name: "office",
  url: "http://proxy.example.com:3128",
  username: "annex",
  password: "",
  containers: ["acme"],
  labels: { plan: "paid" },
  addresses: ["192.0.2.7"],
};
const egress = {
  internalHosts: ["db:5432"],
  deny: ["a.example"],
  proxies: [office],
  etag: "e3",
};
const platform = {
  getEgress: () => ({ egress }),
  updateEgress: () => ({ egress }),
};

it("shows the platform's egress, without a word of passwords", async () => {
  const { stdout } = await ran("egress get", platform);
  expect(stdout).toBe(`internal_hosts  db:5432
deny            a.example
etag            e3

PROXY   URL                            USERNAME  CARRIES          ADDRESSES
office  http://proxy.example.com:3128  annex     acme, plan=paid  192.0.2.7
`);
  const { json } = await ran("egress get --json", platform);
  const { password: _password, ...told } = office;
  expect(json).toEqual({
    internal_hosts: ["db:5432"],
    deny: ["a.example"],
    proxies: [told],
    etag: "e3",
  });
});

it.each([
  [
    "--internal-host db:1 --internal-host 10.0.0.1",
    { internalHosts: ["db:1", "10.0.0.1"] },
  ],
  ["--no-internal-hosts", { internalHosts: [] }],
  ["--deny b.example", { deny: ["b.example"] }],
  ["--deny-none", { deny: [] }],
])(
  "replaces the platform's rules that are named: %s",
  async (flags, change) => {
    const { requests, exit } = await ran(`egress update ${flags}`, platform);
    expect(exit).toBe(0);
    const { etag, ...before } = egress;
    expect(requests[1]).toEqual({
      egress: { ...before, etag, ...change },
      etag,
      validateOnly: false,
    });
  },
);

it("adds proxies with passwords from a file or the standard input, in their order", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "annex-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(path.join(folder, "proxy.txt"), "hunter2\n");
  const flags =
    "--proxy-url socks5://h:1 --username u --container a --container b --label k=v --address 192.0.2.9";
  const appended = await ran(
    `egress proxy create fixed ${flags} --password-file proxy.txt`,
    platform,
    { cwd: folder },
  );
  const fixed = {
    name: "fixed",
    url: "socks5://h:1",
    username: "u",
    password: "hunter2",
    containers: ["a", "b"],
    labels: { k: "v" },
    addresses: ["192.0.2.9"],
  };
  expect(appended.requests[1]).toMatchObject({
    egress: { proxies: [office, fixed], internalHosts: ["db:5432"] },
    etag: "e3",
  });
  expect(appended.stdout + appended.stderr).not.toContain("hunter2");
  const first = await ran(
    `egress proxy create fixed ${flags} --password-stdin --before office`,
    platform,
    { stdin: "hunter2\n" },
  );
  expect(first.requests[1]).toMatchObject({
    egress: { proxies: [fixed, office] },
  });
});

it("changes and deletes a proxy, and touches no other", async () => {
  const other = { ...office, name: "other" };
  const two = {
    ...platform,
    getEgress: () => ({ egress: { ...egress, proxies: [office, other] } }),
  };
  const proxiesOf = async (line: string) => {
    const { requests } = await ran(line, two);
    return requests[1]?.egress.proxies;
  };
  expect(
    await proxiesOf("egress proxy update office --address 192.0.2.8 --all"),
  ).toEqual([
    { ...office, addresses: ["192.0.2.8"], containers: [], labels: {} },
    other,
  ]);
  expect(await proxiesOf("egress proxy update other --before office")).toEqual([
    other,
    office,
  ]);
  expect(await proxiesOf("egress proxy delete office")).toEqual([other]);
});

it.each([
  ["egress proxy delete nobody", 5],
  ["egress proxy update nobody --address 192.0.2.8", 5],
  ["egress proxy update office --before nobody", 5],
  ["egress proxy update office --password-file /nowhere/at/all", 5],
  ["egress proxy create office --proxy-url http://h:1", 6],
])("changes nothing where it cannot: %s", async (line, exit) => {
  const ended = await ran(line, platform);
  expect(ended.exit).toBe(exit);
  expect(ended.calls.map(({ method }) => method)).not.toContain("updateEgress");
});

it("lists the addresses of a container's connections", async () => {
  const proxies = [{ proxy: "office", addresses: ["192.0.2.7", "192.0.2.8"] }];
  const answers = {
    listEgressAddresses: () => ({ proxies, direct: false }),
  };
  const one = await ran("egress addresses --container acme", answers);
  expect(one.requests).toEqual([{ container: "acme" }]);
  expect(one.stdout).toBe("PROXY   ADDRESSES\noffice  192.0.2.7, 192.0.2.8\n");
  const { json } = await ran("egress addresses --json", answers);
  expect(json).toEqual({ proxies, direct: false });
  const direct = await ran("egress addresses", {
    listEgressAddresses: () => ({ proxies: [], direct: true }),
  });
  expect(direct.stdout).toBe(
    "directly from the hosts, whose addresses the platform does not know\n",
  );
});
