/** Checks of servers, answers and of what both directions share. Nothing listens: connections are handed to the server. */
import http from "node:http";
import { PassThrough, duplexPair } from "node:stream";
import {
  event,
  member,
  nextTurn,
  textOf,
  thrown,
  told,
  type Check,
} from "../check.ts";
import { answerTo, askOver, connectTo, talk } from "./talk.ts";

const get = "GET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

export function serverChecks(): Record<string, Check> {
  return { ...servers(), ...responses(), ...outgoing() };
}

function servers(): Record<string, Check> {
  return {
    createServer: async () => [
      await talk((request, response) => {
        response.setHeader("X-Url", String(request.url));
        response.end("answered");
      }),
      await answerTo((_request, response) => void response.end("raw"), get),
      await nonsenseTo(http.createServer()),
    ],
    Server: async () => {
      const server = new http.Server({ keepAliveTimeout: 5 });
      server.on("request", (_request, response) => response.end("heard"));
      const request = askOver(connectTo(server));
      request.end();
      const [response] = await event(request, "response");
      return [
        await textOf(Object(response)),
        server.listening,
        server.keepAliveTimeout,
        server.maxHeadersCount,
        server.requestTimeout,
      ];
    },
    _connectionListener: async () => {
      const server = http.createServer((_request, response) =>
        response.end("by hand"),
      );
      const [ours, theirs] = duplexPair();
      Reflect.apply(Reflect.get(http, "_connectionListener"), server, [theirs]);
      const request = askOver(ours);
      request.end();
      const [response] = await event(request, "response");
      return textOf(Object(response));
    },
    "Server#close": async () => {
      const error = await new Promise((resolve) => {
        http.createServer().close(resolve);
      });
      return told(error);
    },
    "Server#closeAllConnections": async () => {
      const server = http.createServer();
      const stream = connectTo(server);
      stream.resume().on("error", () => undefined);
      stream.write("GET / HTTP/1.1\r\nHost: a\r\n");
      await nextTurn();
      server.closeAllConnections();
      return stream.writable;
    },
    "Server#closeIdleConnections": () =>
      http.createServer().closeIdleConnections(),
    "Server#setTimeout": () => {
      const server = http.createServer();
      server.setTimeout(50, () => undefined);
      return [server.timeout, server.listenerCount("timeout")];
    },
  };
}

async function nonsenseTo(server: http.Server): Promise<unknown> {
  const failed = event(server, "clientError");
  connectTo(server).write("NONSENSE\r\n\r\n");
  return told((await failed)[0]);
}

function responses(): Record<string, Check> {
  const raw = (handler: http.RequestListener) => answerTo(handler, get);
  return {
    ServerResponse: async () => {
      const response = new http.ServerResponse(
        new http.IncomingMessage(undefined as never),
      );
      const target = new PassThrough();
      response.assignSocket(target as never); // any stream does, as light-my-request has it
      response.setHeader("Date", "now");
      response.end("injected");
      target.end();
      return textOf(target);
    },
    "ServerResponse#statusCode": () =>
      raw((_request, response) => {
        response.statusCode = 418;
        response.end();
      }),
    "ServerResponse#statusMessage": () =>
      raw((_request, response) => {
        response.statusMessage = "Of mine";
        response.end();
      }),
    "ServerResponse#assignSocket": () => {
      const response = new http.ServerResponse(
        new http.IncomingMessage(undefined as never),
      );
      const socket = new PassThrough();
      response.assignSocket(socket as never); // any stream does
      return [
        response.socket === Object(socket),
        thrown(() => response.assignSocket(socket as never)),
      ];
    },
    "ServerResponse#detachSocket": () => {
      const response = new http.ServerResponse(
        new http.IncomingMessage(undefined as never),
      );
      const socket = new PassThrough();
      response.assignSocket(socket as never); // any stream does
      response.detachSocket(socket as never);
      return response.socket;
    },
    "ServerResponse#writeContinue": () =>
      raw((_request, response) => {
        response.writeContinue();
        response.end();
      }),
    "ServerResponse#writeProcessing": () =>
      raw((_request, response) => {
        response.writeProcessing();
        response.end();
      }),
    "ServerResponse#writeInformation": () =>
      raw((_request, response) => {
        member(response, "writeInformation")(103, { "X-Early": "1" });
        response.end();
      }),
    "ServerResponse#writeEarlyHints": () =>
      raw((_request, response) => {
        response.writeEarlyHints({ link: "</s.css>; rel=preload; as=style" });
        response.end();
      }),
    "ServerResponse#writeHead": async () => [
      await raw((_request, response) => {
        response.setHeader("X-Kept", "1");
        response.writeHead(201, "Made", { "X-New": ["2", "3"] });
        response.end("body");
      }),
      await raw((_request, response) => {
        const bad = thrown(() => response.writeHead(1000));
        response.end(JSON.stringify(bad));
      }),
    ],
  };
}

/** What requests and responses share, on one that goes nowhere. */
function outgoing(): Record<string, Check> {
  const made = () => new http.OutgoingMessage();
  const sent = (use: (response: http.ServerResponse) => unknown) => {
    let value: unknown;
    return answerTo((_request, response) => {
      value = use(response);
      if (!response.writableEnded) response.end();
    }, get).then((text) => [value, text]);
  };
  const accessors = [
    "errored",
    "closed",
    "writableFinished",
    "writableObjectMode",
    "writableLength",
    "writableHighWaterMark",
    "writableCorked",
    "headersSent",
    "writableEnded",
    "writableNeedDrain",
  ];
  const checks = accessors.map((name): [string, Check] => [
    `OutgoingMessage#${name}`,
    () =>
      sent((response) => {
        const values = [Reflect.get(made(), name), Reflect.get(response, name)];
        response.write("x".repeat(10));
        values.push(Reflect.get(response, name));
        response.end();
        return [...values, Reflect.get(response, name)];
      }),
  ]);
  return {
    ...Object.fromEntries(checks),
    OutgoingMessage: () => [
      made() instanceof http.OutgoingMessage,
      new http.ServerResponse(
        new http.IncomingMessage(undefined as never),
      ) instanceof http.OutgoingMessage,
      made().sendDate,
    ],
    "OutgoingMessage#connection": () =>
      sent(
        (response) => Reflect.get(response, "connection") === response.socket,
      ),
    "OutgoingMessage#socket": () =>
      sent((response) => response.socket === response.req.socket),
    "OutgoingMessage#cork": () =>
      sent((response) => {
        response.cork();
        response.write("a");
        response.write("b");
        const corked = response.writableCorked;
        response.uncork();
        return corked;
      }),
    "OutgoingMessage#uncork": () =>
      sent((response) => {
        response.cork();
        response.uncork();
        return response.writableCorked;
      }),
    "OutgoingMessage#setTimeout": () => {
      const message = made();
      message.setTimeout(50, () => undefined);
      return message.listenerCount("timeout");
    },
    "OutgoingMessage#destroy": () => {
      const message = made();
      return [message.destroy() === message, message.destroyed];
    },
    "OutgoingMessage#setHeader": () =>
      sent((response) => {
        response.setHeader("X-One", 1).setHeader("Set-Cookie", ["a=1", "b=2"]);
        return [
          thrown(() => response.setHeader("bad name", "x")),
          thrown(() => response.setHeader("x", "bad\r\nvalue")),
          thrown(() => member(response, "setHeader")("x")),
        ];
      }),
    "OutgoingMessage#setHeaders": () =>
      sent((response) => {
        response.setHeaders(new Map([["X-One", "1"]]));
        response.setHeaders(new Headers({ "x-two": "2" }));
      }),
    "OutgoingMessage#appendHeader": () =>
      sent((response) => {
        response.appendHeader("X-One", "1").appendHeader("X-One", "2");
      }),
    "OutgoingMessage#getHeader": () => {
      const message = made().setHeader("X-One", "1");
      return [message.getHeader("x-one"), message.getHeader("none")];
    },
    "OutgoingMessage#getHeaderNames": () =>
      made().setHeader("X-One", "1").getHeaderNames(),
    "OutgoingMessage#getRawHeaderNames": () =>
      member(made().setHeader("X-One", "1"), "getRawHeaderNames")(),
    "OutgoingMessage#getHeaders": () =>
      made().setHeader("X-One", ["1", "2"]).getHeaders(),
    "OutgoingMessage#hasHeader": () => [
      made().setHeader("X-One", "1").hasHeader("x-ONE"),
      made().hasHeader("x"),
    ],
    "OutgoingMessage#removeHeader": () => {
      const message = made().setHeader("X-One", "1");
      message.removeHeader("x-one");
      return message.getHeaders();
    },
    "OutgoingMessage#write": () =>
      sent((response) => {
        response.write("é");
        response.write("6869", "hex");
        return thrown(() => member(response, "write")(1));
      }),
    "OutgoingMessage#addTrailers": () =>
      sent((response) => {
        response.setHeader("Trailer", "X-Last");
        response.write("body");
        response.addTrailers({ "X-Last": "1" });
      }),
    "OutgoingMessage#end": () =>
      sent((response) => {
        response.end("last", "latin1");
        return response.writableEnded;
      }),
    "OutgoingMessage#flushHeaders": () =>
      sent((response) => {
        response.flushHeaders();
        return response.headersSent;
      }),
    "OutgoingMessage#pipe": async () => {
      const message = made();
      const failed = event(message, "error");
      member(message, "pipe")(new PassThrough());
      return (await failed).map(told);
    },
  };
}
