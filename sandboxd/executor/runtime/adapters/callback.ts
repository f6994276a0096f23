/** webtask's `function (cb)`: it sees nothing of the request. */
import type { Model } from "./model.ts";
import { watchRejection } from "./model.ts";

export const callbackModel: Model = {
  name: "callback",
  payload: "none",
  invoke: (run, _request, answer) => {
    const returned = run((error: unknown, value: unknown) =>
      answer.callback(error, value),
    );
    if (returned !== undefined) watchRejection(returned, answer);
  },
};
