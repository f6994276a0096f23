/** The bases of KeyObject and CryptoKey: what one of them holds, no property shows. */
import type { Members } from "./tools.ts";

type Slots = unknown[];
type Make<Base> = (base: Base) => unknown;
/** Makes a CryptoKey that nothing but Node's library can make. */
export type MakeCryptoKey = new (
  handle: object,
  algorithm: unknown,
  usages: unknown,
  extractable: unknown,
) => object;

export interface KeyClasses {
  members: Members;
  /** The class that Node's library made; there once it has loaded. */
  cryptoKey: () => MakeCryptoKey;
}

export function keyClasses(): KeyClasses {
  const keyObjects = new WeakMap<object, unknown>();
  const cryptoKeys = new WeakMap<object, Slots>();
  let made: MakeCryptoKey | undefined;

  // oxlint-disable-next-line typescript/no-extraneous-class -- Node's library derives its own from it
  class NativeKeyObject {
    constructor(handle: unknown) {
      keyObjects.set(this, handle);
    }
  }

  // oxlint-disable-next-line typescript/no-extraneous-class -- Node's library derives its own from it
  class NativeCryptoKey {
    constructor(
      handle: object,
      algorithm: unknown,
      usages: unknown,
      extractable: unknown,
      secondary: unknown,
      seed: unknown,
    ) {
      cryptoKeys.set(this, [
        typeOf(handle),
        extractable,
        algorithm,
        usages,
        handle,
        secondary,
        seed,
      ]);
    }
  }

  return {
    members: {
      createNativeKeyObjectClass: (make: Make<typeof NativeKeyObject>) =>
        named(make(NativeKeyObject)),
      isKeyObject: (value: object) => keyObjects.has(value),
      getKeyObjectSlots: (key: object) => {
        const handle = keyObjects.get(key);
        if (typeof handle !== "object" || handle === null)
          throw new TypeError("Illegal invocation");
        return [typeOf(handle), handle];
      },
      createCryptoKeyClass: (make: Make<typeof NativeCryptoKey>) => {
        const classes = named(make(NativeCryptoKey));
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's library gives the public class and this
        made = (classes as [unknown, MakeCryptoKey])[1];
        return classes;
      },
      isCryptoKey: (value: object) => cryptoKeys.has(value),
      getCryptoKeySlots: (key: object) => [...(cryptoKeys.get(key) ?? [])],
    },
    cryptoKey: () => {
      if (made) return made;
      throw new Error("there are no CryptoKeys yet");
    },
  };
}

/** The minifier numbers classes whose names an outer variable has too; who asks for the name wants it as in Node. */
export function named(classes: unknown): unknown {
  if (!Array.isArray(classes)) return classes;
  for (const each of classes)
    if (typeof each === "function")
      Object.defineProperty(each, "name", {
        value: each.name.replace(/\d$/, ""),
        configurable: true,
      });
  return classes;
}

function typeOf(handle: object): unknown {
  const getType: unknown = Reflect.get(handle, "getKeyType");
  return typeof getType === "function"
    ? Reflect.apply(getType, handle, [])
    : undefined;
}
