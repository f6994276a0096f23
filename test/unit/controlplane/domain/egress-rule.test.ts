import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  addressesOf,
  egressRulesOf,
} from "../../../../controlplane/domain/egress-rule.ts";
import { egressRules, notEgressRules } from "../../../support/egress-rules.ts";

test.each(egressRules)("%s is a rule, spelled %s", (rule, spelled) => {
  expect(egressRulesOf("allow", [rule])).toEqual([spelled]);
});

test.each(notEgressRules)("%j is no rule", (rule) => {
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
