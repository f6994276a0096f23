/** Checks of key exchange. */
import * as crypto from "node:crypto";
import { member, thrown, type Check } from "../check.ts";
import { ecPrivateKey, xPrivateKey, xPublicKey } from "../keys.ts";

function fixedDh(): crypto.DiffieHellman {
  const made = crypto.createDiffieHellman(modp5(), 2);
  made.setPrivateKey(Buffer.from("0123456789", "hex"));
  made.setPublicKey(Buffer.from("1f2e3d4c5b6a", "hex"));
  return made;
}

function modp5(): Buffer {
  return crypto.getDiffieHellman("modp5").getPrime();
}

function fixedEcdh(): crypto.ECDH {
  const made = crypto.createECDH("prime256v1");
  made.setPrivateKey(Buffer.alloc(32, 7));
  return made;
}

export function exchangeChecks(): Record<string, Check> {
  return {
    ...diffieHellmanChecks(),
    ...groupChecks(),
    ...ecdhChecks(),
    diffieHellman: () => {
      const privateKey = crypto.createPrivateKey(xPrivateKey);
      return [
        crypto.diffieHellman({
          privateKey,
          publicKey: crypto.createPublicKey(xPublicKey),
        }),
        thrown(() =>
          crypto.diffieHellman({
            privateKey,
            publicKey: crypto.createPublicKey(ecPrivateKey),
          }),
        ),
      ];
    },
    encapsulate: () => {
      const { sharedKey, ciphertext } = member(
        crypto,
        "encapsulate",
      )(xPublicKey);
      return [sharedKey.length, ciphertext.length];
    },
    decapsulate: () => {
      const made = member(
        crypto,
        "encapsulate",
      )(crypto.createPublicKey(xPrivateKey));
      const got = member(crypto, "decapsulate")(xPrivateKey, made.ciphertext);
      return Buffer.compare(got, made.sharedKey);
    },
  };
}

function diffieHellmanChecks(): Record<string, Check> {
  return {
    createDiffieHellman: () => [
      fixedDh().getPrime("hex"),
      thrown(() => member(crypto, "createDiffieHellman")(true)),
    ],
    DiffieHellman: () => [
      fixedDh() instanceof crypto.DiffieHellman,
      Reflect.get(fixedDh(), "verifyError"),
    ],
    "DiffieHellman#generateKeys": () => {
      const [a, b] = [fixedDh(), crypto.createDiffieHellman(modp5(), 2)];
      a.generateKeys();
      const publicKey = b.generateKeys();
      const secret = b.computeSecret(a.getPublicKey());
      return secret.equals(a.computeSecret(publicKey));
    },
    "DiffieHellman#computeSecret": () =>
      fixedDh().computeSecret(Buffer.from("abcdef", "hex"), undefined, "hex"),
    "DiffieHellman#getPrime": () => fixedDh().getPrime(),
    "DiffieHellman#getGenerator": () => fixedDh().getGenerator("hex"),
    "DiffieHellman#getPublicKey": () => fixedDh().getPublicKey("hex"),
    "DiffieHellman#getPrivateKey": () => fixedDh().getPrivateKey("base64"),
    "DiffieHellman#setPublicKey": () => {
      const made = fixedDh();
      made.setPublicKey("aabb", "hex");
      return made.getPublicKey();
    },
    "DiffieHellman#setPrivateKey": () => {
      const made = fixedDh();
      made.setPrivateKey("aabb", "hex");
      return made.computeSecret(Buffer.from([5]));
    },
  };
}

function groupChecks(): Record<string, Check> {
  const group = () => crypto.getDiffieHellman("modp5");
  return {
    getDiffieHellman: () => [
      group().getPrime("hex"),
      thrown(() => crypto.getDiffieHellman("modp99")),
    ],
    createDiffieHellmanGroup: () =>
      crypto.createDiffieHellmanGroup("modp2").getPrime(),
    DiffieHellmanGroup: () =>
      Reflect.construct(crypto.DiffieHellmanGroup, ["modp5"]).getGenerator(
        "hex",
      ),
    "DiffieHellmanGroup#generateKeys": () => group().generateKeys().length,
    "DiffieHellmanGroup#computeSecret": () => {
      const [a, b] = [group(), group()];
      a.generateKeys();
      b.generateKeys();
      const ours = a.computeSecret(b.getPublicKey());
      return ours.equals(b.computeSecret(a.getPublicKey()));
    },
    "DiffieHellmanGroup#getPrime": () => group().getPrime().length,
    "DiffieHellmanGroup#getGenerator": () => group().getGenerator(),
    "DiffieHellmanGroup#getPublicKey": () => {
      const made = group();
      return made.generateKeys().equals(made.getPublicKey());
    },
    "DiffieHellmanGroup#getPrivateKey": () => {
      const made = group();
      made.generateKeys();
      return made.getPrivateKey().length > 0;
    },
  };
}

function ecdhChecks(): Record<string, Check> {
  return {
    getCurves: () => crypto.getCurves(),
    createECDH: () => [
      fixedEcdh().getPublicKey("hex"),
      thrown(() => crypto.createECDH("nonsense")),
    ],
    ECDH: () => fixedEcdh() instanceof crypto.ECDH,
    "ECDH#computeSecret": () => {
      const other = crypto.createECDH("prime256v1");
      other.setPrivateKey(Buffer.alloc(32, 9));
      return [
        fixedEcdh().computeSecret(other.getPublicKey(), undefined, "hex"),
        thrown(() => fixedEcdh().computeSecret(Buffer.from("no point"))),
      ];
    },
    "ECDH#setPrivateKey": () => [
      fixedEcdh().getPublicKey("base64"),
      thrown(() => fixedEcdh().setPrivateKey(Buffer.alloc(32))),
    ],
    "ECDH#setPublicKey": () => {
      const made = crypto.createECDH("prime256v1");
      member(made, "setPublicKey")(fixedEcdh().getPublicKey());
      return made.getPublicKey("hex");
    },
    "ECDH#getPrivateKey": () => fixedEcdh().getPrivateKey("hex"),
    "ECDH#generateKeys": () => {
      const made = crypto.createECDH("secp256k1");
      return [made.generateKeys("hex", "compressed").length];
    },
    "ECDH#getPublicKey": () => [
      fixedEcdh().getPublicKey("hex", "compressed"),
      fixedEcdh().getPublicKey(undefined, "hybrid"),
    ],
    "ECDH.convertKey": () =>
      crypto.ECDH.convertKey(
        fixedEcdh().getPublicKey(),
        "prime256v1",
        undefined,
        "hex",
        "compressed",
      ),
  };
}
