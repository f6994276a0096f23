/** webtask's `function (ctx, cb)`. */
import { createContext } from "../context.ts";
import type { Model } from "./model.ts";
import { watchRejection } from "./model.ts";

export const contextModel: Model = {
  name: "context",
  payload: "parsed",
  invoke: (run, request, answer) => {
    const callback = (error: unknown, value: unknown) =>
      answer.callback(error, value);
    const returned = run(createContext(request), callback);
    if (returned !== undefined) watchRejection(returned, answer);
  },
};
