/** POST /api/check/{container}/{extension}: a check of an extension, and the way of its samples to a host. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { AnnexError, type ErrorCode } from "../../proto/errors.ts";
import { headerOf, type RpcContext } from "../../proto/rpc/service.ts";
import { contextOf, maxBodyBytes, sendError } from "./management.ts";

/** As the services have it. */
export interface CheckOrder {
  container: string;
  extension: string;
  runtime: string;
  source?: { files: { path: string; content: Uint8Array }[]; entry: string };
  samples: unknown[];
}

export interface CheckOptions {
  check: (order: CheckOrder, context: RpcContext) => Promise<object>;
  authenticate: (path: string, context: RpcContext) => Promise<unknown>;
}

const route = "/api/check/:container/:extension";

/** Adds the route. */
export async function addCheck(
  app: FastifyInstance,
  { check, authenticate }: CheckOptions,
): Promise<void> {
  app.setErrorHandler((thrown, _request, reply) => sendError(reply, thrown));
  app.post(
    route,
    {
      bodyLimit: maxBodyBytes,
      onRequest: async (request, reply) => {
        await authenticate(route, contextOf(request, reply));
      },
    },
    async (request, reply) =>
      check(orderOf(request), contextOf(request, reply)),
  );
}

function orderOf({ params, body }: FastifyRequest): CheckOrder {
  const { container, extension } = fieldsOf(params);
  const { runtime = "", files, entry = "", samples } = fieldsOf(body);
  if (
    typeof container !== "string" ||
    typeof extension !== "string" ||
    typeof runtime !== "string" ||
    typeof entry !== "string" ||
    !Array.isArray(samples)
  )
    throw new AnnexError(
      "invalid",
      "a check is JSON with `samples`, and may name a `runtime`, `files` and `entry`",
    );
  const order = { container, extension, runtime, samples };
  if (files === undefined) return order;
  return { ...order, source: { files: filesOf(files), entry } };
}

function filesOf(files: unknown): { path: string; content: Uint8Array }[] {
  if (!Array.isArray(files))
    throw new AnnexError("invalid", "`files` is a list");
  return files.map((file: unknown) => {
    const { path, content } = fieldsOf(file);
    if (typeof path !== "string" || typeof content !== "string")
      throw new AnnexError(
        "invalid",
        "each of `files` has a `path`, and its `content` in base64",
      );
    return { path, content: Buffer.from(content, "base64") };
  });
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** What a host is asked to run. */
interface Trial {
  runUrl: string;
  container: string;
  extension: string;
  runtime: string;
  bundle: { content: Uint8Array; sourceMap: Uint8Array };
  samples: unknown[];
}

/** Has a host run samples, in its caller's name; sandboxd/gateway/trial.ts reads the frame. */
export async function runTrial(
  { runUrl, container, extension, runtime, bundle, samples }: Trial,
  { metadata, signal }: RpcContext,
): Promise<unknown[]> {
  const head = Buffer.from(
    JSON.stringify({ runtime, samples, bundleBytes: bundle.content.length }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  const names = [container, extension].map(encodeURIComponent).join("/");
  let response: Response;
  let said: Record<string, unknown>;
  try {
    response = await fetch(new URL(`/api/trial/${names}`, runUrl), {
      method: "POST",
      headers: {
        authorization: headerOf(metadata, "authorization") ?? "",
        "content-type": "application/octet-stream",
      },
      body: Buffer.concat([length, head, bundle.content, bundle.sourceMap]),
      signal,
    });
    said = fieldsOf(await response.json());
  } catch (cause) {
    throw new AnnexError(
      "unavailable",
      "the host that was to run the samples did not answer; try again",
      { cause },
    );
  }
  const { outcomes, error, message } = said;
  if (response.ok && Array.isArray(outcomes)) return outcomes;
  throw new AnnexError(codeOf(error), String(message));
}

const codes: readonly ErrorCode[] = [
  "invalid",
  "unauthenticated",
  "denied",
  "not_found",
  "precondition",
  "exhausted",
  "unavailable",
];

function codeOf(said: unknown): ErrorCode {
  return codes.find((code) => code === said) ?? "internal";
}
