/** The members of a TLS socket that tell what was agreed on, and those that ask for what only OpenSSL at hand could do. */
import type { RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";
import { bytesOf, certificateOf, type Certificate } from "./certificates.ts";

/** `TlsState` of protocol.ts. */
export interface State {
  authorized: boolean;
  authorizationError?: string;
  alpnProtocol: string | false;
  protocol: string;
  cipher: object;
  servername: string;
  isSessionReused: boolean;
  certificates: Certificate[];
  ephemeralKey: object;
  finished: string;
  peerFinished: string;
}

/** Bytes; what TLS allows. */
const minFragment = 512;
const maxFragment = 16 * 1024;

/** Adds them to a class, as methods that a class body has. */
export function addTold(
  parts: RealmParts,
  prototype: object,
  stateOf: (socket: object) => State | undefined,
): void {
  const peerCertificate = (socket: object, isDetailed: boolean) =>
    certificateOf(parts, stateOf(socket)?.certificates ?? [], isDetailed);

  const methods = {
    getPeerCertificate(isDetailed = false): Certificate {
      return peerCertificate(this, isDetailed);
    },
    getPeerX509Certificate(): unknown {
      const { raw } = peerCertificate(this, false);
      if (raw === undefined) return undefined;
      const { X509Certificate } = parts.require("crypto");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      return new (X509Certificate as new (raw: unknown) => object)(raw);
    },
    getCipher(): object | undefined {
      return stateOf(this)?.cipher;
    },
    getProtocol(): string | null {
      return stateOf(this)?.protocol ?? null;
    },
    isSessionReused(): boolean {
      return stateOf(this)?.isSessionReused ?? false;
    },
    getCertificate(): object {
      return {};
    },
    getX509Certificate(): undefined {},
    getEphemeralKeyInfo(): object {
      const key = stateOf(this)?.ephemeralKey ?? {};
      // Of a group that has no size Node says so.
      const size: unknown = Reflect.get(key, "size");
      return "name" in key ? { ...key, size } : { ...key };
    },
    getSharedSigalgs(): string[] {
      return [];
    },
    getSession(): undefined {},
    getTLSTicket(): undefined {},
    /** By these both sides know that they speak over the same TLS. */
    getFinished(): Uint8Array | undefined {
      return bytesOf(parts, stateOf(this)?.finished);
    },
    getPeerFinished(): Uint8Array | undefined {
      return bytesOf(parts, stateOf(this)?.peerFinished);
    },
    setSession(): void {},
    setMaxSendFragment(size: number): boolean {
      return size >= minFragment && size <= maxFragment;
    },
    disableRenegotiation(): void {},
    enableTrace(): void {},
    renegotiate(
      options: unknown,
      done?: (error: Error | null) => void,
    ): boolean {
      const { validateObject } = parts.require("internal/validators");
      if (typeof validateObject === "function")
        validateObject(options, "options");
      const error = refusal("renegotiation", "the platform speaks TLS");
      if (done) parts.runtime.soon(() => done(error));
      return false;
    },
    exportKeyingMaterial(): never {
      throw refusal("exportKeyingMaterial", "the platform speaks TLS");
    },
    setKeyCert(): void {},
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(prototype, name, {
      value,
      writable: true,
      configurable: true,
    });
}
