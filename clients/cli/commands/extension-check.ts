/** `annex extension check`: an extension's samples in a runtime, without publishing or activating anything. */
import path from "node:path";
import type { Command } from "commander";
import { AnnexError } from "../../../proto/errors.ts";
import { postJson } from "../../../proto/rpc/connect.ts";
import { connectionOf, containerOf, servicesAt } from "../connection.ts";
import { CommandFailed } from "../exit-codes.ts";
import { gather, type GatheredSource } from "../gather.ts";
import { present } from "../present.ts";
import {
  judge,
  outcomesOf,
  shownOutcome,
  type Judged,
} from "../sample-outcomes.ts";
import {
  sampleOf,
  samplesAmong,
  samplesNamed,
  type Sample,
} from "../samples.ts";
import { tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  collect,
  type ConnectionFlags,
  inContainer,
  remoteVerb,
} from "../verb.ts";

interface Flags extends ConnectionFlags {
  container?: string;
  runtime?: string;
  source?: string;
  entry?: string;
  sample?: string[];
}

/** Adds `extension check`. */
export function addCheck(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "check <name>", {
    description:
      "Run an extension's samples in a runtime, with nothing published or activated; exit code 9 where one does not come out as it should",
    examples: [
      "extension check hello --runtime 2026.1 --container acme",
      "extension check hello --source ./hello --container acme",
      "extension check hello --sample big-order.json --runtime 2026.1",
    ],
  });
  inContainer(command)
    .option(
      "--runtime <name>",
      "the runtime to run them in; by default the active version's (see host list)",
    )
    .option(
      "--source <path>",
      "check this file or folder in place of the active version's source",
    )
    .option("--entry <path>", "the file of the folder to start from")
    .option(
      "--sample <file>",
      "a sample, or a folder of them; by default samples/*.json of the source; may be repeated",
      collect,
    )
    .addHelpText("after", sampleHelp)
    .action((name: string, flags: Flags) => check(name, flags, terminal));
}

const sampleHelp = `
A sample is a JSON file:
  { "payload": { "name": "you" }, "expect": { "payload": { "hello": "you" } } }
It may also have "name", "contentType", and "http" with method, path, query and
headers; "expect" has payload and status, or reason and message of a failure.
A sample that expects nothing should come out as with the active version.
Samples in the folder samples/ of the source are published with it.`;

async function check(
  extension: string,
  flags: Flags,
  terminal: Terminal,
): Promise<void> {
  const connection = await connectionOf(flags, terminal);
  const container = await containerOf(flags, terminal);
  const name = { container, extension };
  const source =
    flags.source === undefined
      ? undefined
      : await gather(path.resolve(terminal.cwd, flags.source));
  const samples = await samplesFor(flags, terminal, source, () =>
    publishedSource(servicesAt(connection), name),
  );
  const url = new URL(
    `/api/check/${encodeURIComponent(container)}/${encodeURIComponent(extension)}`,
    connection.url,
  );
  const body = {
    runtime: flags.runtime ?? "",
    samples: samples.map(({ payload, contentType, http }) => ({
      payload,
      contentType,
      http,
    })),
    ...(source && {
      files: source.files.map((file) => ({
        path: file.path,
        content: file.content.toString("base64"),
      })),
      entry: flags.entry ?? source.entry,
    }),
  };
  const { token } = connection;
  const answer = answerOf(
    await postJson(url, JSON.stringify(body), {
      baseUrl: connection.url,
      ...(token !== undefined && { token }),
    }),
  );
  tell({ ...name, samples, answer }, flags, terminal);
}

async function samplesFor(
  flags: Flags,
  terminal: Terminal,
  source: GatheredSource | undefined,
  published: () => Promise<GatheredSource["files"]>,
): Promise<Sample[]> {
  const files = flags.sample
    ? await samplesNamed(flags.sample, terminal.cwd)
    : samplesAmong(source ? source.files : await published());
  if (files.length > 0) return files.map(sampleOf);
  const where = flags.source ?? "the active version's source";
  throw new AnnexError(
    "invalid",
    flags.sample
      ? `${flags.sample.join(", ")}: there is no .json file in it`
      : `there are no samples in ${where}; put samples/*.json beside the source, or name them with --sample FILE`,
  );
}

async function publishedSource(
  { extensions }: ReturnType<typeof servicesAt>,
  name: { container: string; extension: string },
): Promise<GatheredSource["files"]> {
  const { extension } = await extensions.getExtension(name);
  const { activeVersion: number } = present(extension);
  if (number === 0)
    throw new AnnexError(
      "precondition",
      `${name.container}/${name.extension} has no active version to check; activate one, or name a source with --source`,
    );
  const { files } = await extensions.getVersion({
    ...name,
    number,
    source: true,
  });
  return files;
}

interface Checked {
  runtime: string;
  digest: string;
  outcomes: unknown;
  active?: {
    version: number;
    runtime: string;
    digest: string;
    outcomes: unknown;
  };
}

function answerOf(value: unknown): Checked {
  if (typeof value === "object" && value !== null && "outcomes" in value) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the control plane's own words
    return value as Checked;
  }
  throw new AnnexError("internal", "the control plane told of no outcomes");
}

function tell(
  checked: {
    container: string;
    extension: string;
    samples: Sample[];
    answer: Checked;
  },
  flags: Flags,
  terminal: Terminal,
): void {
  const { container, extension, samples, answer } = checked;
  const { runtime, digest, active } = answer;
  const count = samples.length;
  const outcomes = outcomesOf(answer.outcomes, count);
  const before = active ? outcomesOf(active.outcomes, count) : [];
  const judged = outcomes.map((outcome, at) => {
    const sample = samples[at];
    if (!sample) throw new Error("a sample got lost");
    return judge(sample, outcome, before[at]);
  });
  const json = {
    container,
    extension,
    runtime,
    digest,
    active: active
      ? {
          version: active.version,
          runtime: active.runtime,
          digest: active.digest,
        }
      : null,
    samples: judged.map((one, at) => judgedJson(one, before[at])),
  };
  const against = active
    ? `version ${active.version} in ${active.runtime}`
    : "nothing: no version is active";
  const heading = `${container}/${extension} in runtime ${runtime}, compared with ${against}`;
  print(terminal, flags, {
    json,
    text: [
      heading,
      tableOf(head, judged.map(rowOf)),
      ...detailsOf(judged),
    ].join("\n\n"),
  });
  const bad = judged.filter(({ isGood }) => !isGood).length;
  if (bad > 0)
    throw new CommandFailed(
      "extension_failed",
      `${bad} of ${count} samples did not come out as they should`,
    );
}

const head = ["SAMPLE", "OUTCOME", "MS", "AS EXPECTED", "AS ACTIVE"];

function rowOf({ sample, outcome, ms, isAsExpected, isSame }: Judged) {
  const same = isSame === undefined ? undefined : isSame ? "same" : "different";
  return [sample, shownOutcome(outcome), ms, isAsExpected, same];
}

function detailsOf(judged: Judged[]): string[] {
  const lines = judged.flatMap(({ sample, differences }) =>
    differences.map((difference) => `${sample}: ${difference}`),
  );
  return lines.length === 0 ? [] : [lines.join("\n")];
}

function judgedJson(one: Judged, active: Judged["outcome"] | undefined) {
  return {
    sample: one.sample,
    ok: one.isGood,
    as_expected: one.isAsExpected ?? null,
    same_as_active: one.isSame ?? null,
    ms: one.ms,
    outcome: outcomeJson(one.outcome),
    active_outcome: active ? outcomeJson(active) : null,
    differences: one.differences,
  };
}

function outcomeJson(outcome: Judged["outcome"]) {
  if (outcome.kind === "failure") {
    const { kind, reason, message, errorName, stack } = outcome;
    return { kind, reason, message, error_name: errorName, stack: stack ?? "" };
  }
  const { kind, status, contentType, headers, digest, bytes } = outcome;
  return {
    kind,
    status,
    content_type: contentType,
    headers,
    digest,
    bytes,
    payload: outcome.payload ?? null,
  };
}
