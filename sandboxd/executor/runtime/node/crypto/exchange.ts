/** Diffie-Hellman, over primes and curves. What one consists of is kept here; the host keeps it ready, or makes it again. */
import type { HostValue } from "../realm.ts";
import type { Members, Tools } from "./tools.ts";

/** Of OpenSSL. */
const pointForms = new Map<unknown, string>([
  [2, "compressed"],
  [6, "hybrid"],
]);

interface State {
  [name: string]: HostValue;
}

export function exchangeMembers(tools: Tools): Members {
  const { host, copy, buffer, nextId } = tools;

  const ask = (question: string, state: State, ...parameters: HostValue[]) =>
    host(`crypto.exchange${question}`, state, ...parameters);

  class Exchange {
    readonly #state: State;
    readonly verifyError: unknown;

    constructor(origin: State) {
      this.#state = { id: nextId(), ...origin };
      const made = ask("", this.#state);
      this.#take(made);
      this.verifyError = Reflect.get(Object(made), "verifyError");
    }

    /** What the host tells of it, beside what it was made of. */
    #take(told: HostValue): void {
      if (typeof told !== "object" || told === null) return;
      for (const [name, value] of Object.entries(told))
        if (value instanceof Uint8Array) this.#state[name] = value;
    }

    generateKeys(): unknown {
      this.#take(ask(".generate", this.#state));
      return buffer(copy(this.#state["publicKey"]));
    }

    computeSecret(key: unknown): unknown {
      return buffer(ask(".secret", this.#state, copy(key)));
    }

    getPrime(): unknown {
      return buffer(copy(this.#state["prime"]));
    }

    getGenerator(): unknown {
      return buffer(copy(this.#state["generator"]));
    }

    getPublicKey(form?: unknown): unknown {
      return buffer(
        ask(".public", this.#state, pointForms.get(form) ?? "uncompressed"),
      );
    }

    getPrivateKey(): unknown {
      return buffer(ask(".private", this.#state));
    }

    setPublicKey(key: unknown): void {
      const bytes = copy(key);
      ask(".setPublic", this.#state, bytes);
      this.#state["publicKey"] = bytes;
    }

    setPrivateKey(key: unknown): void {
      const bytes = copy(key);
      const told = ask(".setPrivate", this.#state, bytes);
      this.#state["privateKey"] = bytes;
      this.#take(told);
    }
  }

  class DiffieHellman extends Exchange {
    constructor(prime: unknown, generator: unknown) {
      super({ prime: sizeOrBytes(prime), generator: sizeOrBytes(generator) });
    }
  }

  class DiffieHellmanGroup extends Exchange {
    constructor(name: unknown) {
      super({ group: String(name) });
    }
  }

  class ECDH extends Exchange {
    constructor(curve: string) {
      super({ curve });
    }
  }

  const sizeOrBytes = (value: unknown): HostValue =>
    typeof value === "number" ? value : copy(value);

  return {
    DiffieHellman,
    DiffieHellmanGroup,
    ECDH,
    ECDHConvertKey: (key: unknown, curve: string, form: unknown) =>
      buffer(
        host(
          "crypto.exchange.convert",
          copy(key),
          curve,
          pointForms.get(form) ?? "uncompressed",
        ),
      ),
    getCurves: () => host("crypto.curves"),
  };
}
