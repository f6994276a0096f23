/** How Node's library marks what may be cloned or moved; the mark is a symbol here, so it is kept from being listed. */
import type { Exports, RealmParts } from "../../../realm.ts";

const transferableBit = 1;
const cloneableBit = 2;

export function createModule({
  internalBinding,
  require,
}: RealmParts): Exports {
  const symbols = internalBinding("symbols");
  const mode = Reflect.get(
    Object(internalBinding("util")["privateSymbols"]),
    "transfer_mode_private_symbol",
  );
  const native = Object(internalBinding("messaging")["structuredClone"]);
  const markTransferMode = (
    object: unknown,
    cloneable = false,
    transferable = false,
  ) => {
    if (!Object.isExtensible(object)) return;
    Object.defineProperty(object, mode, {
      value:
        (cloneable ? cloneableBit : 0) | (transferable ? transferableBit : 0),
      writable: true,
      configurable: true,
    });
  };
  function structuredClone(value: unknown, options?: unknown): unknown {
    if (arguments.length === 0) {
      const codes = Object(require("internal/errors")["codes"]);
      throw Reflect.construct(codes.ERR_MISSING_ARGS, [
        "The value argument must be specified",
      ]);
    }
    const converters = Object(require("internal/webidl")["converters"]);
    const converted: unknown =
      options === undefined
        ? undefined
        : converters.StructuredSerializeOptions(options, {
            prefix: "Failed to execute 'structuredClone'",
            context: "Options",
          });
    return native(value, converted);
  }
  return {
    markTransferMode,
    setup: () => undefined,
    structuredClone,
    kClone: symbols["messaging_clone_symbol"],
    kDeserialize: symbols["messaging_deserialize_symbol"],
    kTransfer: symbols["messaging_transfer_symbol"],
    kTransferList: symbols["messaging_transfer_list_symbol"],
  };
}
