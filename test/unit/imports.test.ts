/** Keeps the table of who may import whom: STYLE's section 3, as a test. */
import { readFileSync } from "node:fs";
import { globSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../support/paths.ts";

interface Rule {
  /** Files the rule is for, which may also import one another: the first rule that matches a file is its rule. */
  files: RegExp;
  /** What else they may import beside `node:`: paths from the root, or package names. */
  may: RegExp[];
}

const proto = /^proto\/(?!rpc\/)/;
const rpc = /^proto\/rpc\//;
const errors = /^proto\/errors\.ts$/;
const otelApi = /^@opentelemetry\/api$/;
const pipe = /^sandboxd\/(protocol|frames|host-clock|egress-bounds)\.ts$/;
const executorFlags = /^sandboxd\/executor-flags\.ts$/;
const settings = /^(commander|fastest-levenshtein)$/;

const rules: Rule[] = [
  { files: /^proto\/errors\.ts$/, may: [] },
  { files: pipe, may: [errors] },
  {
    files: /^proto\/gen\//,
    may: [/^@bufbuild\/protobuf\/wire$/, /^nice-grpc-common$/],
  },
  { files: /^proto\/token\.ts$/, may: [errors, /^jose$/] },
  {
    files: rpc,
    may: [
      proto,
      otelApi,
      /^@bufbuild\/protobuf(\/(wire|wkt))?$/,
      /^@grpc\/grpc-js$/,
      /^grpc-health-check$/,
      /^nice-grpc/,
    ],
  },
  { files: /^controlplane\/domain\//, may: [errors, /^ipaddr\.js$/] },
  {
    files: /^controlplane\/store\//,
    may: [errors, /^controlplane\/domain\//, /^better-sqlite3$/, /^kysely/],
  },
  {
    files: /^controlplane\/build\//,
    may: [
      errors,
      /^controlplane\/domain\//,
      /^(esbuild|acorn|fastest-levenshtein|@jridgewell\/trace-mapping)$/,
    ],
  },
  {
    files: /^controlplane\/(sync|services)\//,
    may: [
      proto,
      rpc,
      otelApi,
      /^controlplane\/domain\//,
      /^(lru-cache|cockatiel)$/,
    ],
  },
  {
    files: /^controlplane\/http\//,
    may: [proto, rpc, otelApi, /^controlplane\/domain\//, /^(fastify|undici)$/],
  },
  { files: /^controlplane\/config\.ts$/, may: [errors, settings] },
  { files: /^controlplane\/telemetry\//, may: [errors, /^@opentelemetry\//] },
  {
    files: /^controlplane\/[^/]+\.ts$/,
    may: [/^(proto|controlplane)\//, otelApi, /^pino$/],
  },
  { files: /^sandboxd\/limits\//, may: [errors] },
  { files: /^sandboxd\/cache\//, may: [errors, /^lru-cache$/] },
  { files: /^sandboxd\/supervisor\//, may: [errors, pipe] },
  {
    files: /^sandboxd\/executor\/runtime\//,
    may: [/^sandboxd\/egress-bounds\.ts$/],
  },
  {
    files:
      /^sandboxd\/executor\/(bundle|library\/(scripts|packages|pack))\.ts$/,
    may: [
      /^sandboxd\/executor\/library\//,
      // What a library must have, and how its scripts are named.
      /^sandboxd\/executor\/runtime\/(web-globals|node\/new-context-prefix)\.ts$/,
      /^(esbuild|isolated-vm)$/,
      executorFlags,
    ],
  },
  {
    files: /^sandboxd\/executor\//,
    may: [errors, pipe, /^isolated-vm$/, /^@jridgewell\/trace-mapping$/],
  },
  {
    files: /^sandboxd\/(sync|invoke|gateway)\//,
    may: [proto, rpc, otelApi, pipe, /^(cockatiel|lru-cache)$/],
  },
  { files: /^sandboxd\/walls\//, may: [errors, executorFlags] },
  { files: /^sandboxd\/broker\/bundle\.ts$/, may: [/^esbuild$/] },
  {
    files: /^sandboxd\/broker\//,
    may: [
      errors,
      pipe,
      /^sandboxd\/supervisor\/egress\.ts$/, // the gate it is
      /^(undici|ipaddr\.js|cockatiel)$/,
    ],
  },
  { files: /^sandboxd\/telemetry\//, may: [errors, /^@opentelemetry\//] },
  { files: /^sandboxd\/(config|settings)\.ts$/, may: [errors, settings] },
  { files: /^sandboxd\/lock\.ts$/, may: [errors, /^better-sqlite3$/] },
  {
    files: /^sandboxd\/[^/]+\.ts$/,
    may: [/^(proto|sandboxd)\//, otelApi, /^(pino|lru-cache)$/],
  },
  { files: /^clients\/node\//, may: [proto, rpc, otelApi] },
  {
    files: /^clients\/cli\//,
    may: [proto, rpc, /^(commander|cli-table3|esbuild)$/],
  },
];

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g;

test("nobody imports what the import table does not allow", () => {
  const breaches = sourceFiles().flatMap((file) => {
    const rule = rules.find(({ files }) => files.test(file));
    if (!rule) return [`${file}: the table has no rule for it`];
    return importsOf(file)
      .filter(({ target }) => !isAllowed(file, target, rule))
      .map(({ line, target }) => `${file}:${line} may not import ${target}`);
  });
  expect(breaches).toEqual([]);
});

test("the table's rules all have files", () => {
  const files = sourceFiles();
  const idle = rules.filter(
    (rule) => !files.some((file) => rule.files.test(file)),
  );
  expect(idle.map(({ files: pattern }) => String(pattern))).toEqual([]);
});

function sourceFiles(): string[] {
  return globSync("{proto,controlplane,sandboxd,clients}/**/*.ts", {
    cwd: repositoryRoot,
  }).toSorted();
}

function importsOf(file: string): { line: number; target: string }[] {
  const text = readFileSync(join(repositoryRoot, file), "utf8");
  return [...text.matchAll(importPattern)].map((match) => ({
    line: text.slice(0, match.index).split("\n").length + 1,
    target: targetOf(file, match[1] ?? match[2] ?? ""),
  }));
}

function targetOf(file: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return relative(
    repositoryRoot,
    join(repositoryRoot, dirname(file), specifier),
  );
}

function isAllowed(file: string, target: string, rule: Rule): boolean {
  if (target.startsWith("node:")) return true;
  // A rule for several folders lets none of them import another.
  const own = file.split("/").slice(0, 2).join("/");
  if (
    rule.files.test(target) &&
    (target.startsWith(`${own}/`) || file.split("/").length === 2)
  )
    return true;
  return rule.may.some((allowed) => allowed.test(target));
}
