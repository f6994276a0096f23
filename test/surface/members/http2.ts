import http2 from "node:http2";
import { thrown, valuesOf, unavailable, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "http2",
  checks: {
    ...valuesOf(http2, ["constants", "sensitiveHeaders"]),
    getDefaultSettings: () => http2.getDefaultSettings(),
    getPackedSettings: () => [
      http2.getPackedSettings({ enablePush: false, maxFrameSize: 20_000 }),
      thrown(() => http2.getPackedSettings({ maxFrameSize: 1 })),
    ],
    getUnpackedSettings: () =>
      http2.getUnpackedSettings(http2.getPackedSettings({ enablePush: false })),
    connect: unavailable(
      ({ host, httpPort }) =>
        new Promise((resolve, reject) => {
          const session = http2.connect(`http://${host}:${httpPort}`);
          session.once("error", reject);
          session.once("connect", () => {
            session.destroy();
            resolve("connected");
          });
        }),
    ),
    createServer: unavailable(() => http2.createServer().listen(0)),
    createSecureServer: unavailable(() => http2.createSecureServer().listen(0)),
  },
};
