/** What TLS on a connection came to, as plain data that fits a note. */
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { maxNoteBytes } from "../frames.ts";
import type { TlsState } from "../protocol.ts";

/** The peer's certificate and its issuers'. */
const maxCertificates = 6;

/** As JSON; certificates that are too long for it are left out, the last first. */
export function tlsStateText(socket: TLSSocket): Buffer {
  const state = tlsStateOf(socket);
  for (;;) {
    const bytes = Buffer.from(JSON.stringify(state));
    if (bytes.length <= maxNoteBytes || state.certificates.length === 0)
      return bytes;
    state.certificates.pop();
  }
}

function tlsStateOf(socket: TLSSocket): TlsState {
  const { name, standardName, version } = socket.getCipher();
  // An Error or a code, whatever the types say.
  const error: unknown = socket.authorizationError;
  return {
    authorized: socket.authorized,
    ...(!socket.authorized && error !== null && error !== undefined
      ? { authorizationError: authorizationText(error) }
      : {}),
    alpnProtocol: socket.alpnProtocol || false,
    protocol: socket.getProtocol() ?? "",
    cipher: { name, standardName, version },
    servername: socket.servername || "",
    isSessionReused: socket.isSessionReused(),
    certificates: certificatesOf(socket.getPeerCertificate(true)),
    ephemeralKey: socket.getEphemeralKeyInfo() ?? {},
    finished: socket.getFinished()?.toString("base64") ?? "",
    peerFinished: socket.getPeerFinished()?.toString("base64") ?? "",
  };
}

function authorizationText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string"
    ? error.code
    : error.message;
}

function certificatesOf(
  leaf: DetailedPeerCertificate,
): Record<string, unknown>[] {
  const certificates: Record<string, unknown>[] = [];
  let next: DetailedPeerCertificate | undefined = leaf;
  while (next && Object.keys(next).length > 0) {
    certificates.push(plain(next));
    const issuer: DetailedPeerCertificate | undefined = next.issuerCertificate;
    // A root is its own issuer.
    if (issuer === next || certificates.length === maxCertificates) break;
    next = issuer;
  }
  return certificates;
}

function plain(certificate: DetailedPeerCertificate): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(certificate)
      .filter(([name]) => name !== "issuerCertificate")
      .map(([name, value]: [string, unknown]) => [
        name,
        Buffer.isBuffer(value) ? { base64: value.toString("base64") } : value,
      ]),
  );
}
