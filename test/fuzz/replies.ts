/** One whole message of each kind that an untrusted process may send: every field that may be there is. */
import type { CallFailure } from "../../proto/errors.ts";
import type { BrokerReply } from "../../sandboxd/broker/messages.ts";
import type { OutboxItem } from "../../sandboxd/executor/runtime/outbox.ts";
import type { ExecutorReply } from "../../sandboxd/protocol.ts";

const limit = { name: "egress_bytes", value: 1, observed: 2 };
const failure: CallFailure = {
  reason: "threw",
  message: "no",
  limit,
  stack: "at f (a.js:1:1)",
  httpStatus: 404,
  errorName: "TypeError",
};

export const executorReplies: ExecutorReply[] = [
  { type: "ready" },
  {
    type: "loaded",
    id: 1,
    failure: { ...failure, file: "a.js", line: 1, column: 2 },
    compileUs: 3,
    evaluateUs: 4,
    isSettled: true,
  },
  { type: "settled", id: 1 },
  {
    type: "answered",
    id: 1,
    contentType: "application/json",
    httpStatus: 200,
    headers: [
      ["x-a", "1"],
      ["x-b", "2"],
    ],
    runUs: 5,
  },
  { type: "failed", id: 1, failure, runUs: 6 },
  { type: "displaced", id: 1, effects: 0 },
  { type: "cancelled", id: 1 },
  { type: "discarded", version: "acme/hello@1" },
  {
    type: "logged",
    id: 1,
    version: "acme/hello@1",
    invocationId: "i",
    lines: [{ level: "log", timeMs: 1, text: "a line" }],
    dropped: 0,
  },
  {
    type: "egress",
    id: 1,
    egress: 1,
    method: "GET",
    url: "http://nowhere.example/",
    headers: [["x-a", "1"]],
  },
  {
    type: "egress-connect",
    id: 1,
    egress: 2,
    host: "nowhere.example",
    port: 5432,
    address: "",
  },
  { type: "egress-write", id: 1, egress: 2 },
  { type: "egress-upgrade", id: 1, egress: 2 },
  { type: "egress-finish", id: 1, egress: 2 },
  {
    type: "egress-lookup",
    id: 1,
    egress: 3,
    name: "nowhere.example",
    record: "MX",
  },
  { type: "egress-pull", id: 1, egress: 1, bytes: 1024 },
  { type: "egress-abort", id: 1, egress: 1 },
];

export const brokerReplies: BrokerReply[] = [
  { type: "ready" },
  {
    type: "head",
    id: 1,
    status: 200,
    statusText: "OK",
    headers: [["x-a", "1"]],
  },
  { type: "note", id: 1, note: "connected" },
  { type: "note", id: 1, note: "found" },
  { type: "note", id: 1, note: "taken" },
  { type: "chunk", id: 1 },
  { type: "end", id: 1 },
  {
    type: "failure",
    id: 1,
    failure: { kind: "limit", message: "no more", limit },
  },
];

/** What an isolate may have in its outbox. */
export const outboxItems: OutboxItem[] = [
  ["loaded", 1, "callback", "none"],
  ["timer", 1, 2, 5],
  ["clear", 1, 2],
  ["log", 1, "log", 1, "a line"],
  ["dropped", 1, 3],
  ["egress", 1, 1, "GET", "http://x/", ["x-a", "1"], "utf8"],
  ["connect", 1, 2, "nowhere.example", 5432, ""],
  ["write", 1, 2, "latin1"],
  ["finish", 1, 2],
  ["upgrade", 1, 2],
  ["lookup", 1, 3, "nowhere.example", "MX"],
  ["read", 1, 1, "latin1"],
  ["abort", 1, 1],
  ["result", 1, 200, "text/plain", ["x-a", "1"], "latin1"],
  ["failure", 1, "threw", "no", "at f (a.js:1:1)", 404, 0],
];
