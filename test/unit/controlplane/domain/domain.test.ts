import * as fc from "fast-check";
import { expect, test } from "vitest";
import { etagOf } from "../../../../controlplane/domain/etag.ts";
import { checkMeta } from "../../../../controlplane/domain/extension.ts";
import {
  nameOfResource,
  resourceOfName,
} from "../../../../controlplane/domain/history.ts";
import {
  checkContainerName,
  checkExtensionName,
  checkPointName,
} from "../../../../controlplane/domain/name.ts";
import { pageOf, pageRangeOf } from "../../../../controlplane/domain/page.ts";

test.each(["a", "0", "acme-1_x", "a".repeat(63)])(
  "%s may name a container and a point",
  (name) => {
    checkContainerName(name);
    checkPointName(name);
  },
);

test.each(["", "-a", "_a", "A", "a b", "a/b", "a".repeat(64), "é", "a\n"])(
  "%j may name no container and no point",
  (name) => {
    expect(() => checkContainerName(name)).toThrow(/1 to 63 of a-z/);
    expect(() => checkPointName(name)).toThrow(/cannot name a point/);
  },
);

test.each(["a", "Z9", "a-._~!$+=:@", "x".repeat(128)])(
  "%s may name an extension",
  (name) => checkExtensionName(name),
);

test.each(["", ".a", "-a", "a/b", "a|b", "a%", "x".repeat(129), "a\n"])(
  "%j may name no extension",
  (name) => {
    expect(() => checkExtensionName(name)).toThrow(/1 to 128 of letters/);
  },
);

test("a long wrong name is not repeated in full", () => {
  expect(() => checkContainerName("A".repeat(100_000))).toThrow(
    /^"A{64}"… cannot name/,
  );
});

test("resource names are read back", () => {
  const resources = [
    { kind: "container", container: "acme" },
    { kind: "extension", container: "acme", extension: "a:b" },
    { kind: "point", point: "on-login" },
    { kind: "egress" },
    { kind: "keys" },
    { kind: "revocations" },
  ] as const;
  for (const resource of resources)
    expect(resourceOfName(nameOfResource(resource))).toEqual(resource);
  expect(() => resourceOfName("extension/acme")).toThrow("no resource");
});

test("paging through any list gives it whole and in order", () => {
  const lists = fc.uniqueArray(fc.string({ minLength: 1, unit: "grapheme" }));
  const sizes = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(lists, sizes, (names, pageSize) => {
      const all = names.toSorted();
      const read: string[] = [];
      let pageToken = "";
      do {
        const range = pageRangeOf({ pageSize, pageToken });
        const rest = all.filter((name) => name > (range.after ?? ""));
        const rows = rest.slice(0, range.size + 1);
        const page = pageOf(range, rows, (name) => name);
        read.push(...page.items);
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      expect(read).toEqual(all);
    }),
  );
});

test("an etag is another for every history, revision and name", () => {
  const at = { historyId: "h1", revision: 1 };
  const etags = [
    etagOf("a", at),
    etagOf("b", at),
    etagOf("a", { ...at, revision: 2 }),
    etagOf("a", { ...at, historyId: "h2" }),
  ];
  expect(new Set(etags).size).toBe(4);
  expect(etagOf("a", at)).toBe(etags[0]);
});

test("meta has limits, each with its own message", () => {
  const many = Array.from({ length: 101 }, (_, index) => [`k${index}`, ""]);
  checkMeta(Object.fromEntries(many.slice(1)));
  expect(() => checkMeta(Object.fromEntries(many))).toThrow(/101 entries/);
  expect(() => checkMeta({ "": "" })).toThrow(/1 to 128 characters/);
  expect(() => checkMeta({ a: "x".repeat(64 * 1024) })).toThrow(/as JSON/);
});
