import { expect, test } from "vitest";
import { checkReply } from "../../../../sandboxd/supervisor/reply.ts";

const failure = { reason: "threw", message: "no" };

test("keeps what belongs to a reply and drops everything else", () => {
  const head = {
    type: "failed",
    id: 7,
    failure: { ...failure, extra: 1 },
    runUs: 3,
    container: "other",
  };
  expect(checkReply(head)).toEqual({
    type: "failed",
    id: 7,
    failure,
    runUs: 3,
  });
});

test("cuts texts that are longer than anybody wants to read", () => {
  const head = {
    type: "failed",
    id: 1,
    failure: { ...failure, message: "x".repeat(1e6) },
    runUs: 0,
  };
  const reply = checkReply(head);
  expect(reply).toHaveProperty("failure.message.length", 8192);
});

test.each([
  ["null", null],
  ["a number", 7],
  ["no type", {}],
  ["an unknown type", { type: "obey" }],
  ["an id that is no number", { type: "failed", id: "7", failure, runUs: 0 }],
  ["an id that is not whole", { type: "failed", id: 1.5, failure, runUs: 0 }],
  ["a negative time", { type: "failed", id: 1, failure, runUs: -1 }],
  [
    "a reason nobody knows",
    { type: "failed", id: 1, failure: { reason: "x", message: "" }, runUs: 0 },
  ],
  [
    "a reason that is sandboxd's to give",
    {
      type: "failed",
      id: 1,
      failure: { reason: "quarantined", message: "" },
      runUs: 0,
    },
  ],
  [
    "a reason from a prototype",
    {
      type: "failed",
      id: 1,
      failure: { reason: "toString", message: "" },
      runUs: 0,
    },
  ],
  ["no failure", { type: "failed", id: 1, runUs: 0 }],
  [
    "a status that is none",
    {
      type: "answered",
      id: 1,
      contentType: "",
      httpStatus: 42,
      headers: [],
      runUs: 0,
    },
  ],
  [
    "more headers than anybody sends",
    {
      type: "answered",
      id: 1,
      contentType: "",
      httpStatus: 200,
      headers: Array.from({ length: 2049 }, () => ["", ""]),
      runUs: 0,
    },
  ],
  [
    "headers that are no list",
    {
      type: "answered",
      id: 1,
      contentType: "",
      httpStatus: 200,
      headers: {},
      runUs: 0,
    },
  ],
  [
    "a log level nobody knows",
    {
      type: "logged",
      id: 1,
      version: "",
      invocationId: "",
      lines: [{ level: "x", timeMs: 1, text: "" }],
      dropped: 0,
    },
  ],
])("refuses a reply with %s", (_, head) => {
  expect(() => checkReply(head)).toThrow();
});
