/** Checks of signatures. Those of RSA with PKCS#1 padding and of Ed25519 are the same at every run. */
import * as crypto from "node:crypto";
import { called, member, thrown, type Check } from "../check.ts";
import { ecPrivateKey, edPrivateKey, rsaPrivateKey } from "../keys.ts";

const data = Buffer.from("signed data");
const rsaPublicKey = () => crypto.createPublicKey(rsaPrivateKey);

export function signatureChecks(): Record<string, Check> {
  const signing = () => crypto.createSign("RSA-SHA256");
  const verifying = () => crypto.createVerify("RSA-SHA256");
  return {
    sign: async () => [
      crypto.sign("sha256", data, rsaPrivateKey),
      crypto.sign(null, data, edPrivateKey),
      await called((callback) =>
        crypto.sign("sha512", data, rsaPrivateKey, callback),
      ),
      thrown(() => crypto.sign("nonsense", data, rsaPrivateKey)),
    ],
    verify: () => {
      const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
      const key = { key: rsaPrivateKey, padding, saltLength: 20 };
      const raw = { key: ecPrivateKey, dsaEncoding: "ieee-p1363" } as const;
      return [
        crypto.verify(
          "sha256",
          data,
          { ...key, key: rsaPublicKey() },
          crypto.sign("sha256", data, key),
        ),
        crypto.verify(
          "sha256",
          data,
          { ...raw, key: crypto.createPublicKey(ecPrivateKey) },
          crypto.sign("sha256", data, raw),
        ),
        crypto.verify("sha256", data, rsaPublicKey(), Buffer.alloc(256)),
      ];
    },
    createSign: () => [
      signing().update(data).sign(rsaPrivateKey, "hex"),
      thrown(() => crypto.createSign("nonsense")),
    ],
    createVerify: () => [
      verifying()
        .update(data)
        .verify(rsaPublicKey(), crypto.sign("sha256", data, rsaPrivateKey)),
      thrown(() => crypto.createVerify("nonsense")),
    ],
    Sign: () => {
      const made = signing();
      made.end(data);
      return [made instanceof crypto.Sign, made.sign(rsaPrivateKey, "base64")];
    },
    "Sign#update": () => [
      signing().update("é", "latin1").update(data).sign(rsaPrivateKey),
      thrown(() => member(signing(), "update")(1)),
    ],
    "Sign#sign": () => [
      signing().sign({ key: rsaPrivateKey }, "latin1"),
      thrown(() => signing().sign(rsaPublicKey())),
      thrown(() => member(signing(), "sign")(null)),
    ],
    Verify: () => verifying() instanceof crypto.Verify,
    "Verify#update": () => {
      const signature = crypto.sign("sha256", data, rsaPrivateKey);
      return [
        verifying().update("signed ").update("data", "utf8"),
        verifying().update("other"),
      ].map((made) => made.verify(rsaPublicKey(), signature));
    },
    "Verify#verify": () => [
      verifying().verify(rsaPublicKey(), "6869", "hex"),
      thrown(() => member(verifying(), "verify")(rsaPublicKey(), 1)),
    ],
  };
}
