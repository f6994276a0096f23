import { expect, test } from "vitest";
import {
  carries,
  checkedEgress,
} from "../../../../controlplane/domain/egress.ts";
import { checkLabels } from "../../../../controlplane/domain/labels.ts";

const proxy = {
  name: "office",
  url: "http://proxy.example.com:3128",
  username: "",
  password: "",
  containers: [],
  labels: {},
  addresses: [],
};

function withProxy(changed: Partial<typeof proxy>) {
  return {
    internalHosts: [],
    deny: [],
    proxies: [{ ...proxy, ...changed }],
  };
}

test.each([
  ["HTTP://Proxy.Example.com:3128/", "http://proxy.example.com:3128"],
  ["https://192.0.2.1:443", "https://192.0.2.1:443"],
  ["socks5://[2001:DB8::1]:1080", "socks5://[2001:db8::1]:1080"],
  ["socks5://localhost:1080", "socks5://localhost:1080"],
])("%s is a proxy's URL, spelled %s", (url, spelled) => {
  expect(checkedEgress(withProxy({ url })).proxies[0]?.url).toBe(spelled);
});

test.each([
  "",
  "proxy.example.com:3128",
  "ftp://proxy.example.com:21",
  "socks4://proxy.example.com:1080",
  "http://proxy.example.com",
  "http://proxy.example.com:0",
  "http://proxy.example.com:3128/path",
  "http://proxy.example.com:3128?query",
  "http://127.1:3128",
  "http://[proxy.example.com]:3128",
  "http://[192.0.2.1]:3128",
  "http://2001:db8::1:3128",
  "http://:3128",
])("%s is no proxy's URL", (url) => {
  expect(() => checkedEgress(withProxy({ url }))).toThrow(
    'proxy "office": url must be http://, https:// or socks5://',
  );
});

test("a proxy's URL is bounded", () => {
  const url = `http://${"a.".repeat(150)}com:1`;
  expect(() => checkedEgress(withProxy({ url }))).toThrow(
    "url has 312 characters: at most 300 are allowed",
  );
});

test("credentials in a proxy's URL are refused without being repeated", () => {
  for (const url of [
    "http://user:hunter2@proxy.example.com:3128",
    "hunter2@",
    "socks5://hunter2@1.2.3.4:1",
  ])
    expect(() => checkedEgress(withProxy({ url }))).toThrow(
      /^(?!.*hunter2).*use username and password/,
    );
});

test("a password is never repeated, whatever is wrong with it", () => {
  for (const changed of [
    { username: "u", password: "hunter2\n" },
    { username: "u", password: "hunter2".repeat(50) },
    { username: "", password: "hunter2" },
  ])
    expect(() => checkedEgress(withProxy(changed))).toThrow(
      /^(?!.*hunter2)proxy "office"/,
    );
});

test("proxies are bounded in number, and each has a name of its own", () => {
  const many = Array.from({ length: 33 }, (_, at) => ({
    ...proxy,
    name: `p${at}`,
  }));
  const rest = { internalHosts: [], deny: [] };
  checkedEgress({ ...rest, proxies: many.slice(1) });
  expect(() => checkedEgress({ ...rest, proxies: many })).toThrow(
    "proxies has 33 entries",
  );
  expect(() => checkedEgress({ ...rest, proxies: [proxy, proxy] })).toThrow(
    'there are two proxies "office"',
  );
});

test("a proxy carries the containers it names, those with its labels, or all", () => {
  const acme = { name: "acme", labels: { plan: "enterprise", region: "eu" } };
  const fits = (containers: string[], labels: Record<string, string>) =>
    carries({ containers, labels }, acme);
  expect(fits([], {})).toBe(true);
  expect(fits(["acme"], {})).toBe(true);
  expect(fits(["other"], {})).toBe(false);
  expect(fits([], { plan: "enterprise" })).toBe(true);
  expect(fits([], { plan: "enterprise", region: "us" })).toBe(false);
  expect(fits([], { toString: "x" })).toBe(false);
  expect(fits(["other"], { plan: "enterprise" })).toBe(true);
  expect(fits(["acme"], { plan: "free" })).toBe(true);
});

test("labels have limits, each with its own message", () => {
  const many = Array.from({ length: 17 }, (_, at) => [`k${at}`, ""]);
  checkLabels("labels", Object.fromEntries(many.slice(1)));
  checkLabels("labels", { "example.com/Plan_1": "a.b-c_d/E" });
  expect(() => checkLabels("labels", Object.fromEntries(many))).toThrow(
    "labels has 17 entries",
  );
  for (const name of ["", "-a", "a b", "é", "a".repeat(64)])
    expect(() => checkLabels("labels", { [name]: "" })).toThrow(
      /cannot name a label/,
    );
  for (const value of ["a b", "ü", "a\n", "x".repeat(64)])
    expect(() => checkLabels("labels", { name: value })).toThrow(
      /cannot be the value of label "name"/,
    );
});

test.each([
  ["localhost", "give the address, 127.0.0.1 or ::1"],
  ["LocalHost:8080", "give the address, 127.0.0.1:8080 or [::1]:8080"],
  ["db.localhost", 'internal_hosts: "db.localhost" opens nothing'],
  ["*.localhost:80", 'internal_hosts: "*.localhost:80" opens nothing'],
])("%s is no internal host, for it would open nothing", (rule, message) => {
  expect(() =>
    checkedEgress({ internalHosts: [rule], deny: [], proxies: [] }),
  ).toThrow(message);
});

test("a loopback name may be denied, and its address opened", () => {
  const egress = {
    internalHosts: ["127.0.0.1:8080", "localhost.example.com"],
    deny: ["localhost"],
    proxies: [],
  };
  expect(checkedEgress(egress)).toEqual(egress);
});
