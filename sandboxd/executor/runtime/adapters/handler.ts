/**
 * What would serve on Node: Express's and connect's apps, Koa's, Fastify's, a Server of its `http`. Each is called with
 * Node's own request and response; none of them listens.
 */
import { createContext } from "../context.ts";
import {
  apply,
  defineProperty,
  isObject,
  readProperty,
  valueProperty,
} from "../intrinsics.ts";
import { createNodeExchange } from "../node-http.ts";
import { watchRejection, type GuestFunction, type Model } from "./model.ts";
import { urlBelowMount } from "./mount.ts";

export const handlerModel: Model = {
  name: "request",
  payload: "bytes",
  invoke: (run, request, answer) => {
    const { body, realm } = request;
    const head = { ...request.head, bodyKind: "none" as const };
    const context = createContext({ ...request, head });
    const below = { ...head, url: urlBelowMount(head) };
    const exchange = createNodeExchange(
      realm,
      { head: below, body, context },
      answer,
    );
    if (head.mount !== "") {
      // As apps mounted by others read where they are.
      defineProperty(exchange.request, "originalUrl", valueProperty(head.url));
      defineProperty(exchange.request, "baseUrl", valueProperty(head.mount));
    }
    const returned = run(exchange.request, exchange.response);
    if (returned !== undefined) watchRejection(returned, answer);
  },
};

/** A function of request and response for what an extension exports, where that is such an app. */
export function handlerOf(exported: object): GuestFunction | undefined {
  const method = (name: string): GuestFunction | undefined => {
    const value = readProperty(exported, name);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any function may be called with anything
    return typeof value === "function" ? (value as GuestFunction) : undefined;
  };
  if (typeof exported === "function")
    return method("handle") && method("use") ? call(exported) : undefined;
  const ready = method("ready");
  const routing = method("routing");
  if (ready && routing) return fastify(exported, ready, routing);
  const callback = method("callback");
  if (callback && method("use")) return koa(exported, callback);
  const emit = method("emit");
  if (emit && method("listen"))
    return (request, response) => {
      apply(emit, exported, ["request", request, response]);
    };
  return undefined;
}

/** What an app returns is its own: a router, a promise. */
function call(app: object): GuestFunction {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- asked before
  const run = app as GuestFunction;
  return (request, response) => promiseOf(run(request, response));
}

function fastify(
  app: object,
  ready: GuestFunction,
  routing: GuestFunction,
): GuestFunction {
  return async (request, response) => {
    await apply(ready, app, []);
    apply(routing, app, [request, response]);
  };
}

function koa(app: object, callback: GuestFunction): GuestFunction {
  let handle: unknown;
  return (request, response) => {
    handle ??= apply(callback, app, []);
    if (typeof handle !== "function") return undefined;
    return promiseOf(apply(handle, undefined, [request, response]));
  };
}

function promiseOf(returned: unknown): unknown {
  return isObject(returned) && returned instanceof Promise
    ? returned
    : undefined;
}
