/** CipherBase, and what an algorithm wants. */
import { cipherJobs } from "./cipher-jobs.ts";
import { Session, type Bytes } from "./cipher-session.ts";
import { secretOf } from "./keys.ts";
import { invalidState, type Members, type Tools } from "./tools.ts";

export function cipherMembers(tools: Tools): Members {
  const { host, copy, buffer } = tools;

  class CipherBase {
    readonly #session: Session;
    readonly #encrypts: boolean;
    #isFinal = false;
    #tag: Bytes | undefined;

    constructor(
      encrypts: boolean,
      name: string,
      key: unknown,
      iv: unknown,
      authTagLength: number,
      ctsMode?: string,
      xtsStandard?: string,
    ) {
      this.#encrypts = encrypts;
      this.#session = new Session(
        tools,
        encrypts,
        name,
        secretOf(tools, key),
        iv === null ? null : copy(iv),
        {
          authTagLength: authTagLength === -1 ? undefined : authTagLength,
          ctsMode,
          xtsStandard,
        },
      );
    }

    update(data: unknown, encoding: unknown): unknown {
      if (this.#isFinal)
        throw new Error("Trying to add data in unsupported state");
      return buffer(this.#session.update(copy(data, encoding)));
    }

    final(): unknown {
      if (this.#isFinal) throw invalidState("Invalid state");
      this.#isFinal = true;
      const [last, tag] = this.#session.end();
      this.#tag = tag;
      return buffer(last);
    }

    setAutoPadding(isOn: boolean): boolean {
      if (this.#isFinal) return false;
      this.#session.ask("padding", isOn);
      return true;
    }

    getAuthTag(): unknown {
      if (!this.#encrypts || !this.#tag) return undefined;
      return buffer(copy(this.#tag));
    }

    setAuthTag(tag: unknown): boolean {
      if (this.#isFinal || this.#encrypts) return false;
      this.#session.ask("tag", copy(tag));
      return true;
    }

    setAAD(extra: unknown, plaintextLength: number): boolean {
      if (this.#isFinal) return false;
      this.#session.ask(
        "extra",
        copy(extra),
        plaintextLength === -1 ? undefined : plaintextLength,
      );
      return true;
    }
  }

  return {
    CipherBase,
    getCiphers: () => host("crypto.ciphers"),
    getSSLCiphers: () => host("crypto.tlsCiphers"),
    getCipherInfo: (
      name: string | number,
      keyLength?: number,
      ivLength?: number,
    ) => {
      const info = host("crypto.cipher.info", name, { keyLength, ivLength });
      return info === undefined
        ? undefined
        : Object.assign(Object.create(null), info);
    },
    ...cipherJobs(tools),
  };
}
