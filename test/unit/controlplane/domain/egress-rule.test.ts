import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  addressesOf,
  egressRulesOf,
} from "../../../../controlplane/domain/egress-rule.ts";

test.each([
  ["api.example.com", "api.example.com"],
  ["API.Example.COM:443", "api.example.com:443"],
  ["localhost", "localhost"],
  ["my_db:5432", "my_db:5432"],
  ["*.example.com", "*.example.com"],
  ["*.Example.com:8443", "*.example.com:8443"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["1.2.3.4", "1.2.3.4"],
  ["1.2.3.4:80", "1.2.3.4:80"],
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["10.0.0.0/8:5432", "10.0.0.0/8:5432"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["::1", "::1"],
  ["2001:DB8:0:0::1", "2001:db8::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["[2001:db8::1]:443", "[2001:db8::1]:443"],
  ["fd00::/8", "fd00::/8"],
  ["[fd00::/8]:443", "[fd00::/8]:443"],
])("%s is a rule, spelled %s", (rule, spelled) => {
  expect(egressRulesOf("allow", [rule])).toEqual([spelled]);
});

test.each([
  "",
  " ",
  "*",
  "*.",
  "**.example.com",
  "a.*.example.com",
  "*example.com",
  "*.1.2.3.4",
  "example.com.",
  "-a.example.com",
  "a-.example.com",
  "a..b",
  `${"a".repeat(64)}.com`,
  "bücher.example",
  "a b.com",
  "https://example.com",
  "example.com/path",
  "user@example.com",
  "example.com:",
  "example.com:0",
  "example.com:080",
  "example.com:65536",
  "example.com:1:2",
  "[example.com]:80",
  "[1.2.3.4]:80",
  "[::1",
  "::1]",
  "[::1]80",
  "[]:80",
  // What some programs take for 127.0.0.1.
  "127.1",
  "2130706433",
  "0x7f000001",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "127.0.0.01",
  "256.1.1.1",
  "1.2.3.4.5",
  "10.0.0.0/33",
  "10.0.0.0/08",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.1.2.3/8",
  "fd00::1/8",
  "fd00::/129",
  "fe80::1%eth0",
  "::ffff:10.0.0.1",
  "::ffff:a00:0/104",
  "example.com/8",
  "a".repeat(301),
])("%j is no rule", (rule) => {
  expect(() => egressRulesOf("egress.allow", [rule])).toThrow(
    /^egress\.allow: .* is not a host name, \*\.domain/,
  );
});

test("a range with bits beyond its prefix is refused with the one that was meant", () => {
  expect(() => egressRulesOf("deny", ["10.1.2.3/8"])).toThrow(
    "it has bits beyond its prefix; write 10.0.0.0/8",
  );
});

test("rules are bounded in number, and each is kept once", () => {
  const many = Array.from({ length: 257 }, (_, at) => `h${at}.example.com`);
  expect(egressRulesOf("deny", many.slice(1))).toHaveLength(256);
  expect(() => egressRulesOf("deny", many)).toThrow("deny has 257 rules");
  expect(egressRulesOf("deny", ["A.com", "a.com"])).toEqual(["a.com"]);
});

test("a rule's spelling is a rule of the same spelling", () => {
  const rules = fc.oneof(
    fc.ipV4(),
    fc.ipV6().filter((ip) => !/^(::|0*:)*ffff:/i.test(ip)),
    fc.domain(),
    fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map(String),
  );
  fc.assert(
    fc.property(rules, (rule) => {
      const text = rule.replace(",", ":");
      const spelled = accepted(text);
      if (spelled) expect(egressRulesOf("allow", spelled)).toEqual(spelled);
    }),
  );
});

test("nothing but invalid is thrown at any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      accepted(text);
    }),
  );
});

test("addresses are addresses or ranges, without ports", () => {
  expect(addressesOf("addresses", ["192.0.2.7", "2001:DB8::/32"])).toEqual([
    "192.0.2.7",
    "2001:db8::/32",
  ]);
  for (const text of [
    "example.com",
    "192.0.2.7:80",
    "192.0.2.7/8",
    "",
    `${"0".repeat(300)}::`,
  ])
    expect(() => addressesOf("addresses", [text])).toThrow(/^addresses: /);
});

function accepted(text: string): string[] | undefined {
  try {
    return egressRulesOf("allow", [text]);
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid" });
    return undefined;
  }
}
