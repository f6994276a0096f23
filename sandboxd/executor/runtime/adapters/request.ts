/** webtask's `function (ctx, req, res)`: the HTTP exchange itself, of Node's own classes where the extension uses `http`. */
import { createContext } from "../context.ts";
import { createRequest, createResponse } from "../http.ts";
import { createNodeExchange } from "../node-http.ts";
import type { Model } from "./model.ts";
import { watchRejection } from "./model.ts";

export const requestModel: Model = {
  name: "request",
  payload: "bytes",
  invoke: (run, request, answer) => {
    const { head, body, realm } = request;
    const context = createContext({
      ...request,
      head: { ...head, bodyKind: "none" },
    });
    const exchange = realm.usesHttp()
      ? createNodeExchange(realm, { head, body, context }, answer)
      : {
          request: createRequest(realm, head, body, context),
          response: createResponse(realm, answer),
        };
    const returned = run(context, exchange.request, exchange.response);
    if (returned !== undefined) watchRejection(returned, answer);
  },
};
