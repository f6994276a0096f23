/** webtask's `function (ctx, req, res)`: the HTTP exchange itself. */
import { createContext } from "../context.ts";
import { createRequest, createResponse } from "../http.ts";
import type { Model } from "./model.ts";
import { watchRejection } from "./model.ts";

export const requestModel: Model = {
  name: "request",
  payload: "bytes",
  invoke: (run, request, answer) => {
    const { head, body } = request;
    const context = createContext({
      ...request,
      head: { ...head, bodyKind: "none" },
    });
    const incoming = createRequest(head, body, context);
    const returned = run(context, incoming, createResponse(answer));
    if (returned !== undefined) watchRejection(returned, answer);
  },
};
