/**
 * Samples: what an extension is called with, and what should come of it, one a JSON file. They lie in `samples/` beside the
 * source and are published with it, so that whoever has the extension's name can check it.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { AnnexError } from "../../proto/errors.ts";

/** What should come of a sample. */
export interface Expectation {
  /** The whole answer, as JSON, or as text where it is no JSON. */
  payload?: unknown;
  /** The HTTP status; 200 where the code sets none. */
  status?: number;
  /** Of a failure, e.g. "threw". */
  reason?: string;
  /** What a failure's message has in it. */
  message?: string;
}

/** One sample. */
export interface Sample {
  name: string;
  payload: string;
  contentType: string;
  http?: {
    method: string;
    path: string;
    query: string;
    headers: [name: string, value: string][];
  };
  expect?: Expectation;
}

/** A file of samples before it was read into one. */
export interface SampleFile {
  /** As the author knows it. */
  file: string;
  text: string;
}

/** The sample files among a source's. */
export function samplesAmong(
  files: readonly { path: string; content: Uint8Array }[],
): SampleFile[] {
  return files
    .filter((file) => /^samples\/[^/]+\.json$/.test(file.path))
    .map((file) => ({
      file: file.path,
      text: Buffer.from(file.content).toString(),
    }))
    .toSorted((a, b) => (a.file < b.file ? -1 : 1));
}

/** The sample files that a command line names: files, or folders of them. */
export async function samplesNamed(
  names: readonly string[],
  cwd: string,
): Promise<SampleFile[]> {
  const found = await Promise.all(names.map((name) => filesAt(name, cwd)));
  return found.flat();
}

async function filesAt(name: string, cwd: string): Promise<SampleFile[]> {
  const target = path.resolve(cwd, name);
  try {
    const children = await readdir(target).catch(() => undefined);
    if (!children)
      return [{ file: name, text: await readFile(target, "utf8") }];
    const files = children.filter((child) => child.endsWith(".json"));
    return await Promise.all(
      files.toSorted().map(async (child) => ({
        file: path.join(name, child),
        text: await readFile(path.join(target, child), "utf8"),
      })),
    );
  } catch (cause) {
    throw new AnnexError("not_found", `--sample ${name}: cannot read it`, {
      cause,
    });
  }
}

/** The sample in a file; refuses what it does not understand, so that no expectation is passed over. */
export function sampleOf({ file, text }: SampleFile): Sample {
  const refuse = (what: string) =>
    new AnnexError("invalid", `${file}: ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse(
      `it is no JSON (${cause instanceof Error ? cause.message : ""})`,
    );
  }
  const fields = known(json, "a sample", keys.sample, refuse);
  const { name, payload, contentType, http, expect } = fields;
  if (name !== undefined && typeof name !== "string")
    throw refuse("`name` is a text");
  if (contentType !== undefined && typeof contentType !== "string")
    throw refuse("`contentType` is a text");
  return {
    name: name ?? path.basename(file, ".json"),
    payload:
      typeof payload === "string" && contentType !== undefined
        ? payload
        : JSON.stringify(payload ?? {}),
    contentType: contentType ?? "application/json",
    ...(http !== undefined && { http: httpOf(http, refuse) }),
    ...(expect !== undefined && { expect: expectationOf(expect, refuse) }),
  };
}

const keys = {
  sample: ["name", "payload", "contentType", "http", "expect"],
  http: ["method", "path", "query", "headers"],
  expect: ["payload", "status", "reason", "message"],
} as const;

type Refuse = (what: string) => AnnexError;

function known<Key extends string>(
  value: unknown,
  what: string,
  allowed: readonly Key[],
  refuse: Refuse,
): Partial<Record<Key, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refuse(`${what} is a JSON object with ${allowed.join(", ")}`);
  const stranger = Object.keys(value).find(
    (key) => !allowed.some((one) => one === key),
  );
  if (stranger !== undefined)
    throw refuse(
      `${what} has no '${stranger}'; it may have ${allowed.join(", ")}`,
    );
  return value;
}

function httpOf(value: unknown, refuse: Refuse): NonNullable<Sample["http"]> {
  const fields = known(value, "`http`", keys.http, refuse);
  const { method = "POST", path: target = "/", query = "", headers } = fields;
  if (
    typeof method !== "string" ||
    typeof target !== "string" ||
    typeof query !== "string"
  )
    throw refuse("`http` has its `method`, `path` and `query` as texts");
  const pairs = Object.entries(headers ?? {});
  return {
    method,
    path: target,
    query,
    headers: pairs.map(([name, one]) => [name, String(one)]),
  };
}

function expectationOf(value: unknown, refuse: Refuse): Expectation {
  const fields = known(value, "`expect`", keys.expect, refuse);
  const { status, reason, message } = fields;
  if (status !== undefined && typeof status !== "number")
    throw refuse("`expect.status` is a number");
  if (reason !== undefined && typeof reason !== "string")
    throw refuse("`expect.reason` is a failure's reason, e.g. threw");
  if (message !== undefined && typeof message !== "string")
    throw refuse("`expect.message` is a text");
  return {
    ...("payload" in fields && { payload: fields.payload }),
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason }),
    ...(message !== undefined && { message }),
  };
}
