/** `async function (ctx)`, also without parameters: what it resolves to is the result. */
import { createContext } from "../context.ts";
import type { Model } from "./model.ts";
import { awaitValue } from "./model.ts";

export const asyncModel: Model = {
  name: "async",
  payload: "parsed",
  invoke: (run, request, answer) => {
    const returned = run(createContext(request));
    void awaitValue(returned, answer.result, answer);
  },
};
