import http from "node:http";
import { member, thrown, valuesOf, type Surface } from "../check.ts";
import { clientChecks } from "../http/client.ts";
import { serverChecks } from "../http/server.ts";

export const surface: Surface = {
  module: "http",
  checks: {
    ...valuesOf(http, ["METHODS", "STATUS_CODES", "maxHeaderSize"]),
    ...clientChecks(),
    ...serverChecks(),
    validateHeaderName: () => [
      http.validateHeaderName("X-Fine"),
      thrown(() => http.validateHeaderName("not fine")),
      thrown(() => member(http, "validateHeaderName")("")),
    ],
    validateHeaderValue: () => [
      http.validateHeaderValue("x", "fine"),
      thrown(() => http.validateHeaderValue("x", "not\nfine")),
      thrown(() => member(http, "validateHeaderValue")("x", undefined)),
    ],
    setMaxIdleHTTPParsers: () => [
      http.setMaxIdleHTTPParsers(1000),
      thrown(() => http.setMaxIdleHTTPParsers(-1)),
    ],
    setGlobalProxyFromEnv: () => {
      const undo = member(http, "setGlobalProxyFromEnv")({});
      return [undo(), thrown(() => member(http, "setGlobalProxyFromEnv")(1))];
    },
    WebSocket: async ({ host, httpPort }) => {
      const socket = new http.WebSocket(`ws://${host}:${httpPort}/`);
      const failed = await new Promise((resolve) => {
        socket.addEventListener("error", () => resolve(socket.readyState));
      });
      return [failed, thrown(() => new http.WebSocket("nonsense:"))];
    },
    CloseEvent: () => {
      const made = new http.CloseEvent("close", { code: 1001, reason: "why" });
      return [made.type, made.code, made.reason, made.wasClean];
    },
    MessageEvent: () => {
      const made = new http.MessageEvent("message", { data: { a: 1 } });
      return [made.type, made.data, made.origin];
    },
  },
};
