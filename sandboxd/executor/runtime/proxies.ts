/** The global Proxy, which remembers what it makes: nothing in the language tells a proxy from its target. */
import {
  apply,
  createNotes,
  defineProperty,
  isObject,
  valueProperty,
} from "./intrinsics.ts";

/** What a proxy stands for; null both when it was revoked. */
export interface ProxyDetails {
  target: object | null;
  handler: object | null;
}

export interface Proxies {
  /** undefined for what is no proxy. */
  detailsOf: (value: unknown) => ProxyDetails | undefined;
  /** One that is taken for what it shows, as Node's own objects with handlers of names are. */
  createUnseen: (target: object, handler: ProxyHandler<object>) => object;
}

/** Puts it in the place of the language's own; before any guest code. */
export function installProxies(): Proxies {
  const Native = Proxy;
  const makeRevocable: unknown = Reflect.get(Native, "revocable");
  const made = createNotes<ProxyDetails>();
  const note = (proxy: object, target: object, handler: object) => {
    const details: ProxyDetails = { target, handler };
    made.set(proxy, details);
    return details;
  };
  const remembering: ProxyHandler<ProxyConstructor> = {
    construct: (_target, list: unknown[]) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is none, the language refuses
      const target = list[0] as object;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      const handler = list[1] as object;
      const proxy: object = new Native(target, handler);
      note(proxy, target, handler);
      return proxy;
    },
  };
  Object.setPrototypeOf(remembering, null);
  const revocable = (target: object, handler: object): unknown => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the language's own function
    const native = makeRevocable as typeof Proxy.revocable;
    const pair = apply(native, Native, [target, handler]);
    const details = note(pair.proxy, target, handler);
    const { revoke } = pair;
    const property = valueProperty(() => {
      details.target = null;
      details.handler = null;
      revoke();
    });
    defineProperty(pair, "revoke", property);
    return pair;
  };
  hide(Native, "revocable", revocable);
  hide(globalThis, "Proxy", new Native(Native, remembering));
  return {
    detailsOf: (value) => (isObject(value) ? made.get(value) : undefined),
    createUnseen: (target, handler) => new Native(target, handler),
  };
}

function hide(owner: object, name: string, value: unknown): void {
  const property = valueProperty(value);
  property.enumerable = false;
  defineProperty(owner, name, property);
}
