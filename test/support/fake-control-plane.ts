/** A control plane for tests of its clients: the real wire, with answers that each test gives. */
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { AnnexError } from "../../proto/errors.ts";
import { ContainerServiceDefinition } from "../../proto/gen/annex/control/v1/container.ts";
import { EgressServiceDefinition } from "../../proto/gen/annex/control/v1/egress.ts";
import { ExtensionServiceDefinition } from "../../proto/gen/annex/control/v1/extension.ts";
import { HostServiceDefinition } from "../../proto/gen/annex/control/v1/host.ts";
import { PointServiceDefinition } from "../../proto/gen/annex/control/v1/point.ts";
import { SecretServiceDefinition } from "../../proto/gen/annex/control/v1/secret.ts";
import { TokenServiceDefinition } from "../../proto/gen/annex/control/v1/token.ts";
import { connectErrorOf, unaryRoutes } from "../../proto/rpc/connect.ts";

const definitions = [
  ContainerServiceDefinition,
  EgressServiceDefinition,
  ExtensionServiceDefinition,
  HostServiceDefinition,
  PointServiceDefinition,
  SecretServiceDefinition,
  TokenServiceDefinition,
];

/** What a method answers, by its name, e.g. createContainer; it may throw. */
// oxlint-disable-next-line typescript/no-explicit-any -- each test reads the request of the one method it answers
export type Answers = Record<string, (request: any) => unknown>;

/** A call that came. */
export interface SeenCall {
  method: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  request: any;
  authorization: string | undefined;
}

/** A call of /api/run that came. */
export interface SeenRun {
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

/** What /api/run answers. */
export interface RunAnswer {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/** A running fake. */
export interface FakeControlPlane extends AsyncDisposable {
  url: string;
  calls: SeenCall[];
  runs: SeenRun[];
}

/** Starts a fake on a free port of 127.0.0.1. */
export async function startFakeControlPlane(
  answers: Answers,
  runAnswer: RunAnswer = { status: 404, body: "" },
): Promise<FakeControlPlane> {
  const calls: SeenCall[] = [];
  const runs: SeenRun[] = [];
  const routes = definitions.flatMap((definition) =>
    unaryRoutes(
      definition,
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of the definition's own method names
      implementationOf(definition, answers, calls) as never,
    ),
  );
  const server = createServer((request, response) => {
    void bodyOf(request).then(async (body) => {
      const url = request.url ?? "";
      if (url.startsWith("/api/run/")) {
        runs.push({ url, headers: request.headers, body });
        return respond(
          response,
          runAnswer.status,
          runAnswer.body,
          runAnswer.headers,
        );
      }
      const route = routes.find(({ path }) => path === url);
      if (!route) return respond(response, 200, "not ours");
      try {
        const authorization = request.headers.authorization;
        const metadata = { get: () => authorization };
        const answer = await route.handle(JSON.parse(body), {
          metadata,
          signal: new AbortController().signal,
        });
        respond(response, 200, JSON.stringify(answer));
      } catch (thrown) {
        const error = connectErrorOf(thrown);
        respond(response, error.status, JSON.stringify(error.body));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    calls,
    runs,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function implementationOf(
  definition: { methods: object },
  answers: Answers,
  calls: SeenCall[],
) {
  const methods = Object.keys(definition.methods).map((method) => {
    const call = async (
      request: unknown,
      context: { metadata: { get(name: string): string | undefined } },
    ) => {
      calls.push({
        method,
        request,
        authorization: context.metadata.get("authorization"),
      });
      const answer = answers[method];
      if (!answer) throw new AnnexError("internal", `no answer for ${method}`);
      return answer(request);
    };
    return [method, call];
  });
  return Object.fromEntries(methods);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function respond(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(body);
}
