import { describe, expect, test } from "vitest";
import { classOf, Guard } from "../../../../sandboxd/broker/guard.ts";
import { addressOf, parseRule } from "../../../../sandboxd/broker/rules.ts";

const probes: Record<string, string> = {
  "8.8.8.8": "public",
  "93.184.216.34": "public",
  "172.15.255.255": "public",
  "172.32.0.1": "public",
  "192.169.0.1": "public",
  "100.128.0.1": "public",
  "2606:4700:4700::1111": "public",
  "2a00:1450:4001::1": "public",
  "10.0.0.1": "private",
  "172.16.0.1": "private",
  "172.31.255.255": "private",
  "192.168.1.1": "private",
  "100.64.0.1": "private",
  "fd12:3456::1": "private",
  "fc00::1": "private",
  "127.0.0.1": "special",
  "127.255.255.254": "special",
  "0.0.0.0": "special",
  "0.1.2.3": "special",
  "169.254.169.254": "special",
  "169.254.170.2": "special",
  "100.100.100.200": "special",
  "168.63.129.16": "special",
  "192.0.0.192": "special",
  "198.18.0.1": "special",
  "192.0.2.1": "special",
  "203.0.113.1": "special",
  "224.0.0.1": "special",
  "240.0.0.1": "special",
  "255.255.255.255": "special",
  "::": "special",
  "::1": "special",
  "::7f00:1": "special",
  "::ffff:127.0.0.1": "special",
  "::ffff:8.8.8.8": "special",
  "64:ff9b::7f00:1": "special",
  "64:ff9b:1::1": "special",
  "2002:7f00:1::1": "special",
  "2001:0:7f00:1::1": "special",
  "fe80::1": "special",
  "fec0::1": "special",
  "ff02::1": "special",
  "fd00:ec2::254": "special",
  "fd20:ce::254": "special",
  "2001:db8::1": "special",
  "100::1": "special",
  "5f00::1": "special",
  "4000::1": "special",
};

test.each(Object.entries(probes))("takes %s for %s", (text, expected) => {
  const address = addressOf(text);
  expect(address && classOf(address)).toBe(expected);
});

function guardOf(rules: {
  allow?: string[];
  deny?: string[];
  internalHosts?: string[];
  ownAddresses?: string[];
}): Guard {
  return new Guard({
    allow: (rules.allow ?? []).map(parseRule),
    deny: (rules.deny ?? []).map(parseRule),
    internalHosts: (rules.internalHosts ?? []).map(parseRule),
    ownAddresses: new Set(rules.ownAddresses),
  });
}

/** What becomes of a name with these addresses. */
function decide(
  guard: Guard,
  host: string,
  addresses: string[],
  port = 443,
): string {
  const target = { host, port };
  return (
    guard.refuseTarget(target) ??
    guard.refuseAddresses(target, addresses) ??
    "open"
  );
}

describe("allow and deny", () => {
  test("opens every public address where nothing is said", () => {
    const guard = guardOf({});
    expect(decide(guard, "acme.test", ["8.8.8.8"])).toBe("open");
    expect(decide(guard, "8.8.8.8", ["8.8.8.8"])).toBe("open");
  });

  test("refuses a name with one address that is not public", () => {
    const addresses = ["8.8.8.8", "10.0.0.1"];
    expect(decide(guardOf({}), "acme.test", addresses)).toBe("address");
  });

  test("refuses a name without addresses", () => {
    expect(decide(guardOf({}), "acme.test", [])).toBe("address");
  });

  test("opens what an allow list names, by name, domain, address, range and port", () => {
    const guard = guardOf({
      allow: ["acme.test", "*.acme.test:8443", "8.8.8.8", "9.9.0.0/16:80"],
    });
    expect(decide(guard, "acme.test", ["1.1.1.1"])).toBe("open");
    expect(decide(guard, "a.b.acme.test", ["1.1.1.1"], 8443)).toBe("open");
    expect(decide(guard, "a.acme.test", ["1.1.1.1"])).toBe("rule");
    expect(decide(guard, "other.test", ["8.8.8.8"])).toBe("open");
    expect(decide(guard, "other.test", ["8.8.8.8", "1.1.1.1"])).toBe("rule");
    expect(decide(guard, "9.9.1.1", ["9.9.1.1"], 80)).toBe("open");
    expect(decide(guard, "9.9.1.1", ["9.9.1.1"])).toBe("rule");
    expect(decide(guard, "notacme.test", ["1.1.1.1"])).toBe("rule");
  });

  test("opens no private address for an allow list", () => {
    const guard = guardOf({ allow: ["acme.test", "10.0.0.0/8", "127.0.0.1"] });
    expect(decide(guard, "acme.test", ["10.0.0.1"])).toBe("address");
    expect(decide(guard, "127.0.0.1", ["127.0.0.1"])).toBe("address");
  });

  test("lets deny win over allow and over the platform's own hosts", () => {
    const guard = guardOf({
      allow: ["acme.test", "10.1.1.1"],
      deny: ["acme.test", "10.0.0.0/8", "*.bad.test:443"],
      internalHosts: ["10.0.0.0/8"],
    });
    expect(decide(guard, "acme.test", ["8.8.8.8"])).toBe("rule");
    expect(decide(guard, "10.1.1.1", ["10.1.1.1"])).toBe("rule");
    expect(
      decide(guardOf({ deny: ["8.8.0.0/16"] }), "acme.test", [
        "1.1.1.1",
        "8.8.8.8",
      ]),
    ).toBe("rule");
  });

  test("refuses ports of other protocols", () => {
    expect(decide(guardOf({}), "acme.test", ["8.8.8.8"], 25)).toBe("port");
    expect(decide(guardOf({}), "acme.test", ["8.8.8.8"], 6667)).toBe("port");
  });
});

describe("the platform's own hosts", () => {
  test("opens a private address to the name alone", () => {
    const guard = guardOf({ internalHosts: ["billing.corp", "*.svc:8080"] });
    expect(decide(guard, "billing.corp", ["10.0.0.5"])).toBe("open");
    expect(decide(guard, "other.corp", ["10.0.0.5"])).toBe("address");
    expect(decide(guard, "10.0.0.5", ["10.0.0.5"])).toBe("address");
    expect(decide(guard, "a.svc", ["fd12::1", "100.64.1.1"], 8080)).toBe(
      "open",
    );
    expect(decide(guard, "a.svc", ["fd12::1"])).toBe("address");
  });

  test.each([
    "127.0.0.1",
    "::1",
    "169.254.169.254",
    "fd00:ec2::254",
    "100.100.100.200",
    "0.0.0.0",
  ])("opens %s by its address and not by a name", (address) => {
    const byName = guardOf({ internalHosts: ["billing.corp"] });
    expect(decide(byName, "billing.corp", [address])).toBe("address");
    const byAddress = guardOf({ internalHosts: [address] });
    expect(decide(byAddress, "billing.corp", [address])).toBe("open");
  });

  test("keeps the host's own public addresses shut", () => {
    const guard = guardOf({
      ownAddresses: ["8.8.8.8", "2606:4700::1"],
      internalHosts: ["billing.corp"],
    });
    expect(decide(guard, "8.8.8.8", ["8.8.8.8"])).toBe("address");
    expect(decide(guard, "billing.corp", ["2606:4700::1"])).toBe("address");
    expect(decide(guard, "acme.test", ["8.8.4.4"])).toBe("open");
  });
});
