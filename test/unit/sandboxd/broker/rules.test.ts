import { expect, test } from "vitest";
import { policyOf } from "../../../../sandboxd/broker/policy.ts";
import { parseRule } from "../../../../sandboxd/broker/rules.ts";
import { egressRules, notEgressRules } from "../../../support/egress-rules.ts";

test.each(egressRules)("reads %s as it reads %s", (text, spelled) => {
  expect(parseRule(text)).toEqual(parseRule(spelled));
});

test.each(notEgressRules)("refuses %j", (text) => {
  expect(() => parseRule(text)).toThrow("is no egress rule");
});

const defaults = {
  maxEgressRequests: 1,
  maxEgressBytes: 2,
  egressMs: 3,
  egressBytesPerSecond: 4,
};
const limits = {
  maxEgressRequests: 0,
  maxEgressBytes: 20,
  egressMs: 0,
  egressBytesPerSecond: 40,
};

function proxy(
  name: string,
  containers: string[],
  labels: Record<string, string>,
) {
  const url = `http://${name}:3128`;
  return { name, url, username: "u", password: "p", containers, labels };
}

function settings(container: string, labels: Record<string, string> = {}) {
  const egress = { allow: ["a.test"], deny: ["b.test"] };
  return { container, labels, limits, egress };
}

test("resolves a container's policy from its own, the platform's and the host's", () => {
  const platform = {
    internalHosts: ["c.test"],
    deny: ["d.test"],
    proxies: [],
  };
  expect(policyOf(settings("acme"), platform, defaults)).toEqual({
    allow: ["a.test"],
    deny: ["b.test", "d.test"],
    internalHosts: ["c.test"],
    maxRequests: 1,
    maxBytes: 20,
    requestMs: 3,
    bytesPerSecond: 40,
  });
  const unlimited = { ...limits, maxEgressBytes: 0 };
  const plain = { ...settings("acme"), limits: unlimited };
  expect(policyOf(plain, platform, defaults).maxBytes).toBe(2);
});

test("takes the first proxy that names the container, or all of its labels, or nothing", () => {
  const proxies = [
    proxy("named", ["globex"], {}),
    proxy("labelled", [], { plan: "enterprise", region: "eu" }),
    proxy("both", ["initech"], { plan: "trial" }),
    proxy("rest", [], {}),
  ];
  const platform = { internalHosts: [], deny: [], proxies };
  const urlFor = (container: string, labels: Record<string, string>) =>
    policyOf(settings(container, labels), platform, defaults).proxy?.url;
  expect(urlFor("globex", {})).toBe("http://named:3128");
  expect(urlFor("acme", { plan: "enterprise", region: "eu", x: "y" })).toBe(
    "http://labelled:3128",
  );
  expect(urlFor("acme", { plan: "enterprise" })).toBe("http://rest:3128");
  expect(urlFor("initech", {})).toBe("http://both:3128");
  expect(urlFor("acme", { plan: "trial" })).toBe("http://both:3128");
  const without = { ...platform, proxies: proxies.slice(0, 3) };
  const policy = policyOf(settings("acme"), without, defaults);
  expect(policy.proxy).toBeUndefined();
});
