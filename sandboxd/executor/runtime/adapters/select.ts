/** Which programming model an export follows: what it is, and for functions webtask's rule, by the number of parameters. */
import { isAsyncFunction, isObject } from "../intrinsics.ts";
import { asyncModel } from "./async.ts";
import { callbackModel } from "./callback.ts";
import { contextModel } from "./context.ts";
import { fetchModel, fetchOf } from "./fetch.ts";
import { handlerModel, handlerOf } from "./handler.ts";
import type { GuestFunction, Model } from "./model.ts";
import { requestModel } from "./request.ts";

/** What is called, and how. */
export interface Selected {
  run: GuestFunction;
  model: Model;
}

/** undefined for an export of no model. */
export function select(exported: unknown): Selected | undefined {
  if (!isObject(exported)) return undefined;
  const handler = handlerOf(exported);
  if (handler) return { run: handler, model: handlerModel };
  const fetches = fetchOf(exported);
  if (fetches) return { run: fetches, model: fetchModel };
  if (typeof exported !== "function") return undefined;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any function may be called with anything
  const run = exported as GuestFunction;
  const model = modelOf(run);
  return model && { run, model };
}

function modelOf(run: GuestFunction): Model | undefined {
  if (run.length < 2 && isAsyncFunction(run)) return asyncModel;
  switch (run.length) {
    case 1:
      return callbackModel;
    case 2:
      return contextModel;
    case 3:
      return requestModel;
    default:
      return undefined;
  }
}
