import { beforeEach, expect, test } from "vitest";
import type { ContainerPolicy } from "../../../sandboxd/broker/policy.ts";
import type { OpenCatalog } from "../../../sandboxd/cache/catalog.ts";
import { followEgress } from "../../../sandboxd/isolation.ts";
import {
  openIn,
  publish,
  settingsOf,
  temporaryFolder,
} from "./cache/support.ts";

const defaults = {
  maxEgressRequests: 1,
  maxEgressBytes: 2,
  egressMs: 3,
  egressBytesPerSecond: 4,
};
const narrow = settingsOf("acme", {
  egress: { allow: ["api.example.com"], deny: ["203.0.113.0/24"] },
});

let catalog: OpenCatalog;
let policies: Map<string, ContainerPolicy>;

beforeEach(async () => {
  catalog = await openIn(await temporaryFolder());
  policies = new Map();
});

test("a container that is deleted before its extensions has no way out at once, and none later", async () => {
  await catalog.putContainer(narrow);
  await publish(catalog);
  follow();
  expect(policies.get("acme")).toMatchObject(narrow.egress);
  await catalog.removeContainer("acme");
  expect(catalog.hasContainer("acme")).toBe(true);
  expect(policies).toEqual(new Map());
  await catalog.putEgress({ internalHosts: [], deny: [], proxies: [] });
  expect(policies).toEqual(new Map());
  await catalog.removeExtension("acme", "hello");
  expect(policies).toEqual(new Map());
});

test("a container of which only its extension is known has no way out until more is said", async () => {
  await publish(catalog);
  follow();
  expect(policies).toEqual(new Map());
  await catalog.putContainer(settingsOf("acme"));
  expect(policies.get("acme")).toMatchObject({ allow: [], deny: [] });
});

function follow(): void {
  followEgress(
    {
      configure: (container, policy) => void policies.set(container, policy),
      forget: (container) => void policies.delete(container),
    },
    catalog,
    defaults,
  );
}
