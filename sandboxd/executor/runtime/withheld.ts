/** What of the language no guest has, in any of its contexts: what a limit would not see. */
import {
  construct,
  defineProperty,
  deleteProperty,
  dictionary,
  TypeErrorIntrinsic,
} from "./intrinsics.ts";

/** Takes it from the context that this is evaluated in; before any guest code. */
export function withhold(): void {
  removeSharedMemory();
  fixArrayBuffer();
  // V8's own, which Node takes away too.
  deleteProperty(Intl, "v8BreakIterator");
}

/** Without them a guest has no timer of its own making and no memory its limit does not see. */
function removeSharedMemory(): void {
  deleteProperty(globalThis, "WebAssembly");
  deleteProperty(globalThis, "SharedArrayBuffer");
  deleteProperty(globalThis, "Atomics");
}

/** A resizable buffer reserves memory past the isolate's limit; so the constructor knows no second argument. */
function fixArrayBuffer(): void {
  const Native = ArrayBuffer;
  const { prototype } = Native;
  function GuestArrayBuffer(this: unknown, byteLength: unknown) {
    if (!new.target)
      throw new TypeErrorIntrinsic("Constructor ArrayBuffer requires 'new'");
    return construct(Native, [byteLength], new.target);
  }
  defineHidden(GuestArrayBuffer, "name", "ArrayBuffer");
  // A function's own `prototype` can be assigned, not redefined.
  GuestArrayBuffer.prototype = prototype;
  defineHidden(GuestArrayBuffer, "isView", Reflect.get(Native, "isView"));
  const species = Reflect.getOwnPropertyDescriptor(Native, Symbol.species);
  if (species) defineProperty(GuestArrayBuffer, Symbol.species, species);
  defineHidden(prototype, "constructor", GuestArrayBuffer);
  deleteProperty(prototype, "resize");
  defineHidden(globalThis, "ArrayBuffer", GuestArrayBuffer);
}

export function defineHidden(
  owner: object,
  name: string,
  value: unknown,
): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}
