import https from "node:https";
import {
  event,
  textOf,
  thrown,
  told,
  type Origins,
  type Surface,
} from "../check.ts";
import { answerOf } from "../http/client.ts";

const at = ({ host, httpsPort, certificate }: Origins) => ({
  host,
  port: httpsPort,
  servername: "origin.test",
  ca: certificate,
});

export const surface: Surface = {
  module: "https",
  checks: {
    Agent: async (origins) => {
      const agent = new https.Agent({ ...at(origins), keepAlive: true });
      const reused: unknown[] = [];
      for (const path of ["/1", "/2"]) {
        const request = https.get({ ...at(origins), path, agent });
        const [response] = await event(request, "response");
        await textOf(Object(response));
        reused.push(request.reusedSocket);
      }
      agent.destroy();
      return [
        reused,
        new https.Agent().getName({ host: "a", port: 1, servername: "b" }),
      ];
    },
    globalAgent: () => [
      https.globalAgent instanceof https.Agent,
      Reflect.get(https.globalAgent, "defaultPort"),
      Reflect.get(https.globalAgent, "protocol"),
    ],
    Server: (origins) => {
      const server = new https.Server({
        key: origins.key,
        cert: origins.certificate,
      });
      return [
        server.listening,
        server.keepAliveTimeout,
        thrown(() => new https.Server({ cert: "nonsense" })),
      ];
    },
    createServer: (origins) => {
      const server = https.createServer(
        { key: origins.key, cert: origins.certificate },
        () => undefined,
      );
      return [
        server instanceof https.Server,
        server.listenerCount("request"),
        server.listening,
      ];
    },
    get: async (origins) => [
      await answerOf(
        https.get({
          ...at(origins),
          path: "/a",
          headers: { "x-sent": "yes" },
        }),
      ),
      // Nobody vouches for a certificate that signs itself.
      await failureOf(
        https.get({ ...at(origins), ca: undefined, agent: false }),
      ),
      await failureOf(
        https.get({ ...at(origins), servername: "other.test", agent: false }),
      ),
      thrown(() => https.get("http://wrong.test/")),
    ],
    request: async (origins) => {
      const posting = https.request({
        ...at(origins),
        method: "POST",
        path: "/p",
        rejectUnauthorized: false,
        ca: undefined,
      });
      posting.end("body");
      return answerOf(posting);
    },
  },
};

async function failureOf(request: object): Promise<unknown> {
  const failed: unknown[] = await new Promise((resolve) => {
    Reflect.apply(Reflect.get(request, "once"), request, [
      "error",
      (...args: unknown[]) => resolve(args),
    ]);
  });
  return failed.map(told);
}
