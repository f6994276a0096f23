/** Which programming model an exported function follows: webtask's rule, by the number of its parameters. */
import { isAsyncFunction } from "../intrinsics.ts";
import { asyncModel } from "./async.ts";
import { callbackModel } from "./callback.ts";
import { contextModel } from "./context.ts";
import type { GuestFunction, Model } from "./model.ts";
import { requestModel } from "./request.ts";

/** undefined for a function of no model. */
export function selectModel(run: GuestFunction): Model | undefined {
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
