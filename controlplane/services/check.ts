/**
 * A check of an extension: its source is built, and its samples are run on a host, in a runtime that need not be the one that
 * serves, beside what the active version makes of them. Nothing is stored, and nothing that serves changes.
 */
import { AnnexError } from "../../proto/errors.ts";
import type { RpcContext } from "../../proto/rpc/service.ts";
import type { Extension } from "../domain/extension.ts";
import { isSubscribed, type Host } from "../domain/host.ts";
import type { SourceFile, Version } from "../domain/version.ts";
import type { Authenticator } from "./authenticate.ts";
import type { Build } from "./bounded-build.ts";
import { checkBundleBytes, checkSourceBytes } from "./publish.ts";

/** What is checked. */
export interface CheckRequest {
  container: string;
  extension: string;
  /** Empty: the active version's, or the newest. */
  runtime: string;
  /** Absent: the active version's source. */
  source?: { files: SourceFile[]; entry: string };
  /** As a host takes them; it looks into them. */
  samples: unknown[];
}

/** What came of it. */
export interface Checked {
  runtime: string;
  digest: string;
  outcomes: unknown[];
  /** Absent where no version is active, or no host holds its runtime. */
  active?: {
    version: number;
    runtime: string;
    digest: string;
    outcomes: unknown[];
  };
}

/** Code for a host to run on samples. */
export interface TrialOrder {
  /** Of the host's HTTP gateway. */
  runUrl: string;
  container: string;
  extension: string;
  runtime: string;
  bundle: { content: Uint8Array; sourceMap: Uint8Array };
  samples: unknown[];
}

/** What a check needs. */
export interface CheckDeps {
  may: Authenticator;
  extensions: {
    get(name: { container: string; extension: string }): Promise<Extension>;
  };
  versions: {
    get(name: {
      container: string;
      extension: string;
      number: number;
    }): Promise<Version>;
    readSource(name: {
      container: string;
      extension: string;
      number: number;
    }): Promise<{ files: SourceFile[]; entry: string }>;
    readBundle(digest: string): Promise<TrialOrder["bundle"] | undefined>;
  };
  build: Build;
  fleet: { hosts(): Host[] };
  /** Has a host run samples, with the caller's own rights. */
  runTrial: (order: TrialOrder, context: RpcContext) => Promise<unknown[]>;
}

/** Makes checks over a store, a build and the fleet. */
export function createCheck(deps: CheckDeps) {
  return async (
    request: CheckRequest,
    context: RpcContext,
  ): Promise<Checked> => {
    const { container, extension, samples } = request;
    await deps.may.managerOf(context, container);
    const name = { container, extension };
    const active = await activeVersion(deps, request);
    const hosts = deps.fleet.hosts().filter(({ connected }) => connected);
    const runtime = request.runtime || active?.runtime || newestOf(hosts);
    const host = hostWith(hosts, container, runtime);
    const source = request.source ?? (await sourceOf(deps, request, active));
    checkSourceBytes(source.files);
    const built = await deps.build(source, { signal: context.signal });
    checkBundleBytes(built);
    const order = { ...name, samples, runtime, runUrl: host.runUrl };
    const outcomes = await deps.runTrial({ ...order, bundle: built }, context);
    const checked = { runtime, digest: built.digest, outcomes };
    if (!active) return checked;
    const told = await runActive(deps, { order, active, hosts }, context);
    return told ? { ...checked, active: told } : checked;
  };
}

async function runActive(
  { versions, runTrial }: CheckDeps,
  {
    order,
    active,
    hosts,
  }: { order: Omit<TrialOrder, "bundle">; active: Version; hosts: Host[] },
  context: RpcContext,
): Promise<Checked["active"]> {
  const { runtime, digest, number: version } = active;
  const bundle = await versions.readBundle(digest);
  const host = hosts.find((one) => isAble(one, order.container, runtime));
  if (!bundle || !host) return undefined;
  const { runUrl } = host;
  const outcomes = await runTrial(
    { ...order, runtime, runUrl, bundle },
    context,
  );
  return { version, runtime, digest, outcomes };
}

/** A source may be checked before its extension exists. */
async function activeVersion(
  { extensions, versions }: CheckDeps,
  { container, extension, source }: CheckRequest,
): Promise<Version | undefined> {
  try {
    const { activeVersion: number } = await extensions.get({
      container,
      extension,
    });
    if (number === 0) return undefined;
    return await versions.get({ container, extension, number });
  } catch (thrown) {
    const isMissing =
      thrown instanceof AnnexError && thrown.code === "not_found";
    if (isMissing && source) return undefined;
    throw thrown;
  }
}

function sourceOf(
  { versions }: CheckDeps,
  { container, extension }: CheckRequest,
  active: Version | undefined,
): Promise<{ files: SourceFile[]; entry: string }> {
  if (active)
    return versions.readSource({ container, extension, number: active.number });
  throw new AnnexError(
    "precondition",
    `${container}/${extension} has no active version to check; activate one, or name a source`,
  );
}

function newestOf(hosts: Host[]): string {
  return runtimesOf(hosts).at(-1) ?? "";
}

function runtimesOf(hosts: Host[]): string[] {
  return [...new Set(hosts.flatMap(({ runtimes }) => runtimes))].toSorted();
}

function hostWith(hosts: Host[], container: string, runtime: string): Host {
  const host = hosts.find((one) => isAble(one, container, runtime));
  if (host) return host;
  const known = runtimesOf(hosts);
  if (known.length > 0 && !known.includes(runtime))
    throw new AnnexError(
      "not_found",
      `no host holds a runtime ${JSON.stringify(runtime)}; ${known.length === 1 ? "there is" : "there are"} ${known.join(", ")}`,
    );
  throw new AnnexError(
    "unavailable",
    `no host that serves container ${JSON.stringify(container)} and holds runtime ${JSON.stringify(runtime)} is connected; see "annex host list"`,
  );
}

function isAble(host: Host, container: string, runtime: string): boolean {
  return (
    host.caughtUp &&
    host.runUrl !== "" &&
    isSubscribed(host.subscription, container) &&
    host.runtimes.includes(runtime)
  );
}
