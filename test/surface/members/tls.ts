import tls from "node:tls";
import {
  event,
  member,
  textOf,
  thrown,
  told,
  valuesOf,
  type Check,
  type Origins,
  type Surface,
} from "../check.ts";

const at = ({ host, tlsPort, certificate }: Origins) => ({
  host,
  port: tlsPort,
  servername: "origin.test",
  ca: certificate,
  ALPNProtocols: ["annex"],
});

/** Uses a socket whose handshake is over, and closes it. */
function secured(
  use: (socket: tls.TLSSocket, origins: Origins) => unknown,
  more: tls.ConnectionOptions = {},
): Check {
  return async (origins) => {
    const socket = tls.connect({ ...at(origins), ...more });
    await new Promise((resolve, reject) => {
      socket.once("secureConnect", resolve).once("error", reject);
    });
    try {
      return await use(socket, origins);
    } finally {
      socket.destroy();
    }
  };
}

export const surface: Surface = {
  module: "tls",
  checks: {
    ...valuesOf(tls, [
      "CLIENT_RENEG_LIMIT",
      "CLIENT_RENEG_WINDOW",
      "DEFAULT_CIPHERS",
      "DEFAULT_ECDH_CURVE",
      "DEFAULT_MIN_VERSION",
      "DEFAULT_MAX_VERSION",
    ]),
    ...socketChecks(),
    getCiphers: () => tls.getCiphers(),
    getCertificateCompressionAlgorithms: () =>
      member(tls, "getCertificateCompressionAlgorithms")(),
    rootCertificates: () => [
      tls.rootCertificates.length,
      tls.rootCertificates[0],
      Object.isFrozen(tls.rootCertificates),
    ],
    getCACertificates: () => [
      tls.getCACertificates("bundled").length,
      tls.getCACertificates("extra"),
      thrown(() => member(tls, "getCACertificates")("nonsense")),
    ],
    setDefaultCACertificates: ({ certificate }) => {
      const before = tls.getCACertificates("default");
      tls.setDefaultCACertificates([certificate]);
      const changed = tls.getCACertificates("default");
      tls.setDefaultCACertificates(before);
      return changed;
    },
    convertALPNProtocols: () => {
      const out: { ALPNProtocols?: Buffer } = {};
      member(tls, "convertALPNProtocols")(["h2", "http/1.1"], out);
      return out;
    },
    checkServerIdentity: () => {
      const certificate = {
        subject: { CN: "a.test" },
        subjectaltname: "DNS:*.b.test, IP Address:1.2.3.4",
      };
      return ["x.b.test", "a.test", "1.2.3.4", "y.x.b.test"].map((host) =>
        told(member(tls, "checkServerIdentity")(host, certificate)),
      );
    },
    createSecureContext: ({ certificate, key }) => [
      Object.keys(tls.createSecureContext({ cert: certificate, key })),
      thrown(() => tls.createSecureContext({ cert: "nonsense" })),
      thrown(() =>
        tls.createSecureContext({ minVersion: "nonsense" as never }),
      ),
    ],
    SecureContext: () =>
      tls.createSecureContext() instanceof Reflect.get(tls, "SecureContext"),
    TLSSocket: secured(async (socket) => {
      socket.end("secret");
      return [
        socket instanceof tls.TLSSocket,
        socket.encrypted,
        socket.authorized,
        socket.alpnProtocol,
        await textOf(socket),
      ];
    }),
    Server: ({ certificate, key }) => {
      const server = new tls.Server({ cert: certificate, key });
      return [server.listening, thrown(() => new tls.Server({ cert: "x" }))];
    },
    createServer: ({ certificate, key }) => {
      const server = tls.createServer(
        { cert: certificate, key },
        () => undefined,
      );
      return [
        server instanceof tls.Server,
        server.listenerCount("secureConnection"),
        server.getTicketKeys().length,
      ];
    },
    connect: async (origins) => {
      const failure = async (options: tls.ConnectionOptions) =>
        (await event(tls.connect({ ...at(origins), ...options }), "error")).map(
          told,
        );
      const socket = tls.connect(at(origins), () => socket.end("echoed"));
      return [
        await textOf(socket),
        await failure({ ca: undefined }),
        await failure({ servername: "other.test" }),
        thrown(() => tls.connect({ port: 99_999 })),
      ];
    },
  },
};

function socketChecks(): Surface["checks"] {
  const tls12 = { maxVersion: "TLSv1.2" } as const;
  return {
    "TLSSocket#disableRenegotiation": secured((socket) =>
      socket.disableRenegotiation(),
    ),
    "TLSSocket#renegotiate": secured(
      (socket) => thrown(() => member(socket, "renegotiate")(1)),
      tls12,
    ),
    "TLSSocket#exportKeyingMaterial": secured((socket) => {
      const make = () =>
        socket.exportKeyingMaterial(16, "label", Buffer.from("c"));
      return [make().length, make().equals(make())];
    }),
    "TLSSocket#setMaxSendFragment": secured((socket) => [
      socket.setMaxSendFragment(512),
      socket.setMaxSendFragment(1),
    ]),
    "TLSSocket#setServername": secured((socket) =>
      thrown(() => member(socket, "setServername")(1)),
    ),
    "TLSSocket#setSession": secured((socket) =>
      thrown(() => member(socket, "setSession")("text")),
    ),
    "TLSSocket#getSession": secured(
      (socket) => Number(socket.getSession()?.length) > 0,
      tls12,
    ),
    "TLSSocket#getPeerCertificate": secured((socket) => {
      const { subject, subjectaltname, valid_to, fingerprint256 } =
        socket.getPeerCertificate();
      return [{ ...subject }, subjectaltname, valid_to, fingerprint256];
    }),
    "TLSSocket#getCertificate": secured((socket) => socket.getCertificate()),
    "TLSSocket#getPeerX509Certificate": secured(
      (socket) => socket.getPeerX509Certificate()?.fingerprint256,
    ),
    "TLSSocket#getX509Certificate": secured((socket) =>
      socket.getX509Certificate(),
    ),
    "TLSSocket#setKeyCert": secured((socket) =>
      thrown(() => member(socket, "setKeyCert")({})),
    ),
    "TLSSocket#getCipher": secured((socket) => socket.getCipher()),
    "TLSSocket#getSharedSigalgs": secured((socket) =>
      socket.getSharedSigalgs(),
    ),
    "TLSSocket#getEphemeralKeyInfo": secured((socket) =>
      socket.getEphemeralKeyInfo(),
    ),
    "TLSSocket#getFinished": secured(
      (socket) => Number(socket.getFinished()?.length) > 0,
    ),
    "TLSSocket#getPeerFinished": secured(
      (socket) => Number(socket.getPeerFinished()?.length) > 0,
    ),
    "TLSSocket#getProtocol": secured((socket) => socket.getProtocol()),
    "TLSSocket#getTLSTicket": secured(
      (socket) => Number(socket.getTLSTicket()?.length) > 0,
      tls12,
    ),
    "TLSSocket#isSessionReused": secured((socket) => socket.isSessionReused()),
    "TLSSocket#enableTrace": secured((socket) => socket.enableTrace()),
  };
}
