/** What a check of one member is, and what many of them use. It runs inside the isolate and under plain Node alike. */

/** Uses one member for real and gives what came of it: plain data that is the same at every run. */
export type Check = (origins: Origins) => unknown;

/** A member that cannot be offered: to use it must throw an error that says so. It counts as absent. */
export interface Unavailable {
  unavailable: Check;
}

/** The checks of one builtin; a member of a class is `Class#name`, one of the class itself `Class.name`. */
export interface Surface {
  module: string;
  checks: Record<string, Check | Unavailable>;
}

/** Servers on loopback that the runner starts. */
export interface Origins {
  host: string;
  /** Echoes the request as JSON; `/status/N`, `/redirect`, `/slow` do what they say. */
  httpPort: number;
  /** The same over TLS, as origin.test. */
  httpsPort: number;
  /** Sends back what it gets. */
  tcpPort: number;
  /** The same over TLS, as origin.test. */
  tlsPort: number;
  /** Nobody listens there any more. */
  closedPort: number;
  /** The certificate of the TLS servers, which signs itself, and its key. */
  certificate: string;
  key: string;
}

export function unavailable(check: Check): Unavailable {
  return { unavailable: check };
}

/** For members whose value is the whole behaviour: constants. */
export function valuesOf(
  module: object,
  names: readonly string[],
): Record<string, Check> {
  const checks = names.map((name): [string, Check] => [
    name,
    () => sorted(Reflect.get(module, name)),
  ]);
  return Object.fromEntries(checks);
}

/** A table of constants in an order of its own. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, each]): [string, unknown] => [name, sorted(each)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What a call throws, as data. */
export function thrown(call: () => unknown): unknown {
  try {
    return { returned: call() };
  } catch (error) {
    return told(error);
  }
}

/** What a promise rejects with, as data. */
export async function rejected(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { resolved: await promise };
  } catch (error) {
    return told(error);
  }
}

/** Of an error what programs look at. */
export function told(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message } = error;
  return { name, message, code: Reflect.get(error, "code") };
}

/** Waits for a callback, whose arguments it gives. */
export function called(
  call: (callback: (...args: unknown[]) => void) => unknown,
): Promise<unknown[]> {
  return new Promise((resolve) => {
    call((...args) => resolve(args.map(told)));
  });
}

/** Waits for an event of whatever emits some, whose arguments it gives. */
export function event(emitter: object, name: string): Promise<unknown[]> {
  return new Promise((resolve) => {
    member(emitter, "once")(name, (...args: unknown[]) => resolve(args));
  });
}

/** All that a readable gives, as text. */
export async function textOf(
  readable: AsyncIterable<unknown>,
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable)
    chunks.push(
      typeof chunk === "string"
        ? Buffer.from(chunk)
        : Buffer.from(chunk as Uint8Array), // streams of these checks give bytes or text
    );
  return Buffer.concat(chunks).toString();
}

/** A turn of the loop later. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A member that no type declares yet. */
export function member(holder: object, name: string): Callable {
  return (...args) => Reflect.apply(Reflect.get(holder, name), holder, args);
}

/** An instance of a class that no type declares, or not so. */
export function instance(
  holder: object,
  name: string,
  ...args: unknown[]
): ReturnType<Callable> {
  return Reflect.construct(Reflect.get(holder, name), args);
}

// The checks look at what comes back, whatever it is.
// oxlint-disable-next-line typescript/no-explicit-any
export type Callable = (...args: unknown[]) => any;
