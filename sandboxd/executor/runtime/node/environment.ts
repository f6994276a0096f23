/** `process.env`: the version's parameters, and what the guest has written since. Every value is text, as in Node. */

type Environment = Record<string, string>;

/** `current` gives the same object until the parameters change: then theirs are taken anew, and the guest's own stay. */
export function environmentProxy(current: () => Environment): object {
  const values: Environment = {};
  let taken: Environment = {};
  const refresh = () => {
    const parameters = current();
    if (parameters === taken) return;
    for (const name of Object.keys(taken)) Reflect.deleteProperty(values, name);
    for (const name of Object.keys(parameters)) put(name, parameters[name]);
    taken = parameters;
  };
  const put = (name: string | symbol, value: unknown) => {
    if (typeof name === "symbol" || typeof value === "symbol")
      throw new TypeError("Cannot convert a Symbol value to a string");
    return Reflect.defineProperty(values, name, {
      value: String(value),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  };
  return new Proxy(values, {
    get: (_target, name) => {
      refresh();
      return Reflect.get(values, name);
    },
    has: (_target, name) => {
      refresh();
      return Reflect.has(values, name);
    },
    set: (_target, name, value) => {
      refresh();
      return put(name, value);
    },
    deleteProperty: (_target, name) => {
      refresh();
      return Reflect.deleteProperty(values, name);
    },
    ownKeys: () => {
      refresh();
      return Reflect.ownKeys(values);
    },
    getOwnPropertyDescriptor: (_target, name) => {
      refresh();
      return Reflect.getOwnPropertyDescriptor(values, name);
    },
    defineProperty: (_target, name, descriptor) => {
      refresh();
      if ("get" in descriptor || "set" in descriptor)
        throw Object.assign(
          new TypeError(
            "'process.env' does not accept an accessor(getter/setter) descriptor",
          ),
          { code: "ERR_INVALID_OBJECT_DEFINE_PROPERTY" },
        );
      return put(name, descriptor.value);
    },
  });
}
