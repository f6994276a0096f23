/** The numbers of asynchronous operations. Hooks are taken and called for what is made in JavaScript. */
import type { Exports, RealmParts } from "../realm.ts";

/** As long as Node's; more nested ones are kept in a list. */
const stackSlots = 32;

export function createBinding({ loadScript }: RealmParts): Exports {
  const {
    kCheck,
    kStackLength,
    kExecutionAsyncId,
    kTriggerAsyncId,
    kAsyncIdCounter,
    kDefaultTriggerAsyncId,
  } = constantsOf(loadScript);
  const fields = new Uint32Array(9);
  const ids = new Float64Array(4);
  const stack = new Float64Array(stackSlots);
  const deeper: [execution: number, trigger: number][] = [];
  const resources: unknown[] = [];
  fields[kCheck] = 1;
  ids[kExecutionAsyncId] = 1;
  ids[kAsyncIdCounter] = 1;
  ids[kDefaultTriggerAsyncId] = -1;
  const clear = () => {
    fields[kStackLength] = 0;
    ids[kExecutionAsyncId] = 1;
    ids[kTriggerAsyncId] = 0;
    deeper.length = 0;
    resources.length = 0;
  };
  return {
    async_hook_fields: fields,
    async_id_fields: ids,
    async_ids_stack: stack,
    execution_async_resources: resources,
    setupHooks: () => undefined,
    setCallbackTrampoline: () => undefined,
    setPromiseHooks: () => undefined,
    getPromiseHooks: () => [undefined, undefined, undefined, undefined],
    registerDestroyHook: () => undefined,
    queueDestroyAsyncId: () => undefined,
    executionAsyncResource: (index: number) => resources[index],
    clearAsyncIdStack: clear,
    pushAsyncContext: (execution: number, trigger: number) => {
      deeper.push([ids[kExecutionAsyncId] ?? 0, ids[kTriggerAsyncId] ?? 0]);
      fields[kStackLength] = (fields[kStackLength] ?? 0) + 1;
      ids[kExecutionAsyncId] = execution;
      ids[kTriggerAsyncId] = trigger;
    },
    popAsyncContext: () => {
      const length = fields[kStackLength] ?? 0;
      if (length === 0) return false;
      const [execution, trigger] = deeper.pop() ?? [
        stack[2 * (length - 1)] ?? 0,
        stack[2 * (length - 1) + 1] ?? 0,
      ];
      fields[kStackLength] = length - 1;
      ids[kExecutionAsyncId] = execution;
      ids[kTriggerAsyncId] = trigger;
      return length > 1;
    },
  };
}

type Constants = Record<
  | "kCheck"
  | "kStackLength"
  | "kExecutionAsyncId"
  | "kTriggerAsyncId"
  | "kAsyncIdCounter"
  | "kDefaultTriggerAsyncId",
  number
>;

function constantsOf(loadScript: RealmParts["loadScript"]): Constants {
  const facts = loadScript("facts:async_wrap");
  const binding: unknown = typeof facts === "function" ? facts() : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build found them in Node
  return Reflect.get(Object(binding), "constants") as Constants;
}
