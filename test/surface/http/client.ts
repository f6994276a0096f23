/** Checks of requests, of agents and of what comes back. */
import http from "node:http";
import { duplexPair } from "node:stream";
import {
  event,
  member,
  nextTurn,
  textOf,
  thrown,
  told,
  type Check,
  type Origins,
} from "../check.ts";
import { askOver, connectTo, talk } from "./talk.ts";

/** What an origin answers. */
export async function answerOf(request: http.ClientRequest): Promise<unknown> {
  const response = await new Promise<http.IncomingMessage>(
    (resolve, reject) => {
      request.on("response", resolve).on("error", reject);
    },
  );
  const { statusCode, headers } = response;
  return [
    statusCode,
    headers["x-origin"],
    headers["set-cookie"],
    await textOf(response),
  ];
}

const at = ({ host, httpPort }: Origins) => ({ host, port: httpPort });
const hello: http.RequestListener = (_request, response) =>
  void response.end("hello");

export function clientChecks(): Record<string, Check> {
  return { ...calls(), ...requests(), ...agents(), ...messages() };
}

function calls(): Record<string, Check> {
  return {
    get: async (origins) => [
      await answerOf(
        http.get({
          ...at(origins),
          path: "/a?b=c",
          headers: { "x-sent": "yes" },
        }),
      ),
      await answerOf(
        http.get(`http://${origins.host}:${origins.httpPort}/status/404`),
      ),
      thrown(() => http.get("https://wrong.test/")),
    ],
    request: async (origins) => {
      const posting = http.request({
        ...at(origins),
        method: "POST",
        path: "/p",
      });
      posting.write("part one, ");
      posting.end("part two");
      const posted = answerOf(posting);
      const redirected = http.request({ ...at(origins), path: "/redirect" });
      redirected.end();
      const [response] = await event(redirected, "response");
      Object(response).resume();
      return [
        await posted,
        Object(response).statusCode,
        Object(response).headers.location,
        thrown(() => http.request({ path: "/with space" })),
        thrown(() => http.request({ headers: { "bad\nname": "x" } })),
        thrown(() => http.request({ method: "B AD" })),
      ];
    },
  };
}

function requests(): Record<string, Check> {
  const pending = () => {
    const [ours, theirs] = duplexPair();
    Object.assign(ours, { setTimeout: () => ours });
    const request = askOver(ours, { path: "/p" });
    request.on("error", () => undefined);
    return { request, ours, theirs };
  };
  return {
    ClientRequest: () =>
      answerOfTalk((request) => {
        request.setHeader("X-Mine", "1");
        request.end("body");
      }),
    "ClientRequest#path": () => pending().request.path,
    "ClientRequest#abort": async () => {
      const { request } = pending();
      const aborted = event(request, "abort");
      member(request, "abort")();
      await aborted;
      return [Reflect.get(request, "aborted"), request.destroyed];
    },
    "ClientRequest#destroy": async () => {
      const { request } = pending();
      const failed = event(request, "error");
      request.destroy(new Error("why"));
      return [(await failed).map(told), request.destroyed];
    },
    "ClientRequest#onSocket": async () => {
      const { request, ours } = pending();
      const [socket] = await event(request, "socket");
      return socket === ours;
    },
    "ClientRequest#setTimeout": async () => {
      const [ours] = duplexPair();
      Object.assign(ours, {
        setTimeout: () => setImmediate(() => ours.emit("timeout")),
      });
      const request = askOver(ours);
      request.on("error", () => undefined);
      return new Promise((resolve) => {
        request.setTimeout(5, () => resolve("timed out"));
      });
    },
    "ClientRequest#clearTimeout": () => {
      const { request } = pending();
      return member(request, "clearTimeout")(() => undefined) === request;
    },
    "ClientRequest#setNoDelay": async () => {
      const { request, ours } = pending();
      const asked = new Promise((resolve) => {
        Object.assign(ours, { setNoDelay: resolve });
      });
      request.setNoDelay(true);
      return asked;
    },
    "ClientRequest#setSocketKeepAlive": async () => {
      const { request, ours } = pending();
      const asked = new Promise((resolve) => {
        Object.assign(ours, {
          setKeepAlive: (...args: unknown[]) => resolve(args),
        });
      });
      request.setSocketKeepAlive(true, 100);
      return asked;
    },
  };
}

async function answerOfTalk(
  send: (request: http.ClientRequest) => void,
): Promise<unknown> {
  return talk(
    (request, response) => {
      textOf(request).then(
        (body) =>
          response.end(
            JSON.stringify([
              request.method,
              request.url,
              request.headers,
              body,
            ]),
          ),
        () => response.destroy(),
      );
    },
    { method: "PUT", path: "/path?q=1" },
    send,
  );
}

function agents(): Record<string, Check> {
  return {
    Agent: async (origins) => {
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      const ports: unknown[] = [];
      for (const path of ["/1", "/2"]) {
        const request = http.get({ ...at(origins), path, agent });
        const [response] = await event(request, "response");
        ports.push(request.socket?.localPort, request.reusedSocket);
        await textOf(Object(response));
        await nextTurn();
      }
      agent.destroy();
      return [ports[0] === ports[2], ports[1], ports[3], agent.maxSockets];
    },
    globalAgent: () => [
      http.globalAgent instanceof http.Agent,
      http.globalAgent.maxFreeSockets,
      Reflect.get(http.globalAgent, "keepAlive"),
      Reflect.get(http.globalAgent, "protocol"),
    ],
    "Agent.defaultMaxSockets": () =>
      Reflect.get(http.Agent, "defaultMaxSockets"),
    "Agent#getName": () => [
      new http.Agent().getName({ host: "a", port: 1, localAddress: "b" }),
      new http.Agent().getName({ host: "a", port: 1, family: 6 }),
    ],
    "Agent#createConnection": async (origins) => {
      const socket = member(new http.Agent(), "createConnection")(at(origins));
      socket.end("GET /raw HTTP/1.0\r\nConnection: close\r\n\r\n");
      const text = await textOf(socket);
      return [text.split("\r\n")[0], text.includes('"url":"/raw"')];
    },
    "Agent#addRequest": async () => {
      const agent = new http.Agent({ maxSockets: 1 });
      const server = http.createServer(hello);
      Object.assign(agent, { createConnection: () => connectTo(server) });
      const ask = () => http.get({ host: "a.test", agent });
      const [one, two] = [ask(), ask()];
      const waiting = Object.values(agent.requests).flat().length;
      const bodies = [one, two].map(async (request) => {
        const [response] = await event(request, "response");
        return textOf(Object(response));
      });
      return [waiting, await Promise.all(bodies)];
    },
    "Agent#createSocket": () =>
      new Promise((resolve) => {
        const agent = new http.Agent();
        Object.assign(agent, { createConnection: () => duplexPair()[0] });
        const request = askOver(duplexPair()[0]);
        request.on("error", () => undefined);
        member(agent, "createSocket")(
          request,
          { host: "a", port: 1 },
          (error: unknown, socket: unknown) =>
            resolve([
              error,
              Object(socket).writable,
              Object.keys(agent.sockets),
            ]),
        );
      }),
    "Agent#removeSocket": () => {
      const agent = new http.Agent();
      const socket = duplexPair()[0];
      const options = { host: "a", port: 1 };
      const name = agent.getName(options);
      Object.assign(agent.sockets, { [name]: [socket] });
      member(agent, "removeSocket")(socket, options);
      return Object.keys(agent.sockets);
    },
    "Agent#keepSocketAlive": () => {
      const seen: unknown[] = [];
      const socket = {
        setKeepAlive: (...args: unknown[]) => seen.push(args),
        unref: () => seen.push("unref"),
        setTimeout: (...args: unknown[]) => seen.push(args),
      };
      return [
        member(new http.Agent({ keepAlive: true }), "keepSocketAlive")(socket),
        seen,
      ];
    },
    "Agent#reuseSocket": () => {
      const seen: string[] = [];
      const request = { reusedSocket: false };
      member(new http.Agent(), "reuseSocket")(
        {
          ref: () => seen.push("ref"),
          removeListener: (name: string) => seen.push(name),
        },
        request,
      );
      return [seen, request.reusedSocket];
    },
    "Agent#destroy": async (origins) => {
      const agent = new http.Agent({ keepAlive: true });
      const request = http.get({ ...at(origins), path: "/", agent });
      const [response] = await event(request, "response");
      await textOf(Object(response));
      await nextTurn();
      const idle = Object.values(agent.freeSockets).flat();
      agent.destroy();
      return [idle.length, idle.every((socket) => socket?.destroyed)];
    },
  };
}

function messages(): Record<string, Check> {
  /** What a handler sees of a request. */
  const seen = async (
    look: (request: http.IncomingMessage) => unknown,
    send?: (request: http.ClientRequest) => void,
  ) => {
    let value: unknown;
    await talk(
      (request, response) => {
        request.resume();
        request.on("end", () => {
          value = look(request);
          response.end();
        });
      },
      {
        method: "POST",
        headers: [
          "Host",
          "server.test",
          "X-Twice",
          "1",
          "X-Twice",
          "2",
          "Cookie",
          "a=1",
          "Cookie",
          "b=2",
          "Trailer",
          "X-Last",
          "Transfer-Encoding",
          "chunked",
        ] as never, // pairs are allowed, and are the only way to say one name twice
      },
      send,
    );
    return value;
  };
  const withTrailers = (request: http.ClientRequest) => {
    request.write("body");
    request.addTrailers({ "X-Last": "seen" });
    request.end();
  };
  return {
    IncomingMessage: async () => [
      await seen(({ method, url, httpVersion, complete }) => [
        method,
        url,
        httpVersion,
        complete,
      ]),
      new http.IncomingMessage(undefined as never).headers,
    ],
    "IncomingMessage#connection": () =>
      seen((request) => Reflect.get(request, "connection") === request.socket),
    "IncomingMessage#headers": () => seen(({ headers }) => headers),
    "IncomingMessage#headersDistinct": () =>
      seen(({ headersDistinct }) => ({ ...headersDistinct })),
    "IncomingMessage#trailers": () =>
      seen(({ trailers }) => trailers, withTrailers),
    "IncomingMessage#trailersDistinct": () =>
      seen(({ trailersDistinct }) => ({ ...trailersDistinct }), withTrailers),
    "IncomingMessage#signal": () =>
      seen((request) => {
        const signal: AbortSignal = Reflect.get(request, "signal");
        return [signal instanceof AbortSignal, signal.aborted];
      }),
    "IncomingMessage#setTimeout": () => {
      const asked: unknown[] = [];
      const message = new http.IncomingMessage({
        setTimeout: (ms: number) => asked.push(ms),
      } as never); // all that is used of a socket
      message.setTimeout(50, () => undefined);
      return [asked, message.listenerCount("timeout")];
    },
  };
}
