import { expect, test } from "vitest";
import {
  type Clocks,
  createCallLimits,
  type LimitedRequest,
} from "../../../../sandboxd/invoke/limits.ts";

const defaults = { wallMs: 10_000, syncMs: 1_000, cpuMs: 500 };
const none: Clocks = { wallMs: 0, syncMs: 0, cpuMs: 0 };

test("gives the host's defaults where nobody has said anything", () => {
  expect(limits()(requestOf())).toEqual({
    ...defaults,
    wallClock: "wall_time",
  });
  const unset = { containers: { acme: none }, points: { login: none } };
  expect(limits(unset)(requestOf())).toEqual({
    ...defaults,
    wallClock: "wall_time",
  });
});

test("takes a container's limits in place of the host's, whether smaller or greater", () => {
  const acme = { wallMs: 60_000, syncMs: 20, cpuMs: 0 };
  expect(limits({ containers: { acme } })(requestOf())).toEqual({
    wallMs: 60_000,
    wallClock: "wall_time",
    syncMs: 20,
    cpuMs: 500,
  });
});

test("narrows by the point and never widens", () => {
  const acme = { wallMs: 300, syncMs: 100, cpuMs: 50 };
  const login = { wallMs: 200, syncMs: 5_000, cpuMs: 0 };
  const limitsOf = limits({ containers: { acme }, points: { login } });
  expect(limitsOf(requestOf())).toEqual({
    wallMs: 200,
    wallClock: "wall_time",
    syncMs: 100,
    cpuMs: 50,
  });
});

test("asks nothing of a point for a call that names its extension, or brings its code", () => {
  const login = { wallMs: 1, syncMs: 1, cpuMs: 1 };
  const limitsOf = limits({ points: { login } });
  const byName = { $case: "extension" as const, value: "login" };
  for (const target of [byName, undefined])
    expect(limitsOf(requestOf({ target }))).toMatchObject(defaults);
});

test("narrows by the call and never widens", () => {
  const login = { wallMs: 200, syncMs: 30, cpuMs: 20 };
  const limitsOf = limits({ points: { login } });
  expect(limitsOf(requestOf({ syncMs: 10, cpuMs: 40 }))).toMatchObject({
    syncMs: 10,
    cpuMs: 20,
  });
  expect(limitsOf(requestOf({ syncMs: 99_999, cpuMs: 1 }))).toMatchObject({
    syncMs: 30,
    cpuMs: 1,
  });
});

test("names the caller's deadline only where it is what is smallest", () => {
  const limitsOf = limits({ points: { login: { ...none, wallMs: 200 } } });
  for (const [timeoutMs, wallMs, wallClock] of [
    [0, 200, "wall_time"],
    [199, 199, "deadline"],
    [200, 200, "wall_time"],
    [5_000, 200, "wall_time"],
  ] as const)
    expect(limitsOf(requestOf({ timeoutMs }))).toMatchObject({
      wallMs,
      wallClock,
    });
});

test("follows at the next call what has been replaced", () => {
  const containers: Record<string, Clocks> = {};
  const points: Record<string, Clocks> = {};
  const limitsOf = limits({ containers, points });
  const wallMs = () => limitsOf(requestOf()).wallMs;
  expect(wallMs()).toBe(10_000);
  containers["acme"] = { ...none, wallMs: 700 };
  expect(wallMs()).toBe(700);
  points["login"] = { ...none, wallMs: 600 };
  expect(wallMs()).toBe(600);
  points["login"] = { ...none, wallMs: 650 };
  expect(wallMs()).toBe(650);
  delete containers["acme"];
  delete points["login"];
  expect(wallMs()).toBe(10_000);
});

test("keeps containers and points apart", () => {
  const limitsOf = limits({
    containers: {
      acme: { ...none, cpuMs: 10 },
      other: { ...none, cpuMs: 20 },
    },
    points: { login: { ...none, syncMs: 1 }, signup: { ...none, syncMs: 2 } },
  });
  const seen = ["acme", "other"].flatMap((container) =>
    ["login", "signup"].map((value) => {
      const target = { $case: "point" as const, value };
      const { cpuMs, syncMs } = limitsOf(requestOf({ container, target }));
      return [cpuMs, syncMs];
    }),
  );
  expect(seen).toEqual([
    [10, 1],
    [10, 2],
    [20, 1],
    [20, 2],
  ]);
});

function limits({
  containers = {},
  points = {},
}: {
  containers?: Record<string, Clocks>;
  points?: Record<string, Clocks>;
} = {}) {
  return createCallLimits(defaults, {
    containerSettings(container) {
      const found = containers[container];
      return found && { limits: found };
    },
    pointLimits: (point) => points[point],
  });
}

function requestOf(overrides: Partial<LimitedRequest> = {}): LimitedRequest {
  return {
    container: "acme",
    target: { $case: "point", value: "login" },
    timeoutMs: 0,
    syncMs: 0,
    cpuMs: 0,
    ...overrides,
  };
}
