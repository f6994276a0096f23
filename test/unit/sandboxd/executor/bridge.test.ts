/** What the executor believes of an isolate that somebody took over: nothing that breaks a bound. */
import { expect, test } from "vitest";
import { readDrained } from "../../../../sandboxd/executor/bridge.ts";

const url = "http://x/";

function drained(item: unknown, body = ""): unknown {
  return readDrained(`0${JSON.stringify([item])}\n${body}`)?.items[0];
}

test("a request outward is read with its body, as text and as bytes", () => {
  const head = ["egress", 1, 2, "POST", url, ["a", "1", "b", "2"]];
  const request = {
    kind: "egress",
    call: 1,
    egress: 2,
    method: "POST",
    url,
    headers: [
      ["a", "1"],
      ["b", "2"],
    ],
  };
  expect(drained([...head, "utf8"], "é")).toEqual({
    ...request,
    body: Buffer.from("é"),
  });
  expect(drained([...head, "latin1"], "\u00e9")).toEqual({
    ...request,
    body: Buffer.from([0xe9]),
  });
});

test.each([
  ["a method that is no token", [1, "A B", url, [], "utf8"]],
  ["an empty method", [1, "", url, [], "utf8"]],
  ["a long method", [1, "A".repeat(65), url, [], "utf8"]],
  ["a long URL", [1, "GET", "x".repeat(16_385), [], "utf8"]],
  ["a URL that is no text", [1, "GET", {}, [], "utf8"]],
  ["a header with a line break", [1, "GET", url, ["a", "\r\n"], "utf8"]],
  ["a header's name with a space", [1, "GET", url, ["a b", ""], "utf8"]],
  ["half a header", [1, "GET", url, ["a"], "utf8"]],
  ["long headers", [1, "GET", url, ["a", "x".repeat(65_536)], "utf8"]],
  ["an unknown encoding", [1, "GET", url, [], "utf16le"]],
  ["a number below 0", [-1, "GET", url, [], "utf8"]],
  ["no number", ["1", "GET", url, [], "utf8"]],
])("a request outward with %s breaks the bounds", (_name, rest) => {
  expect(drained(["egress", 1, ...rest])).toBeUndefined();
});

test.each([
  [["read", 1, 2, "hex"]],
  [["read", 1, "2", "utf8"]],
  [["abort", 1, 1.5]],
  [["abort", 1]],
  [["egress-pull", 1, 2]],
])("%j breaks the bounds", (item) => {
  expect(drained(item)).toBeUndefined();
});

test.each([
  ["a line", ["log", 1, "log", 1, "x".repeat(32_769)]],
  ["a message", ["failure", 1, "threw", "x".repeat(32_769), "", 0, 0]],
  ["a stack", ["failure", 1, "threw", "", "x".repeat(32_769), 0, 0]],
])("%s longer than the runtime makes any breaks the bounds", (_name, item) => {
  expect(drained(item)).toBeUndefined();
  const fits = item.map((part) =>
    typeof part === "string" ? part.slice(0, 32_768) : part,
  );
  expect(drained(fits)).toBeDefined();
});
