/** What both sides of the comparison are given: keys, and what plain Node made with them. */
import * as crypto from "node:crypto";

/** Made for these tests alone; the certificate is its own. */
const ecKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0zTFxn2q4xjU4iYA
L04S8VqJ62oOU7PriPC9GGL6sYWhRANCAAQK6UAZ0yuGyaBPoK2La21CsReCYvSb
jrc6jP3M4dV5NqtIXH9zK2C4iNqAC5xA6c2Ofb+iV1kgNVt3RBtZgdlX
-----END PRIVATE KEY-----\n`;
const certificate = `-----BEGIN CERTIFICATE-----
MIICLTCCAdSgAwIBAgIUSHnP42B7Fq3DgB++xZAJOzjxDvswCgYIKoZIzj0EAwIw
LDEUMBIGA1UEAwwLZXhhbXBsZS5jb20xFDASBgNVBAoMC0FubmV4IHRlc3RzMCAX
DTI2MTEyMTEwMzcxM1oYDzIxMjYxMDI4MTAzNzEzWjAsMRQwEgYDVQQDDAtleGFt
cGxlLmNvbTEUMBIGA1UECgwLQW5uZXggdGVzdHMwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQK6UAZ0yuGyaBPoK2La21CsReCYvSbjrc6jP3M4dV5NqtIXH9zK2C4
iNqAC5xA6c2Ofb+iV1kgNVt3RBtZgdlXo4HRMIHOMB0GA1UdDgQWBBT5bfONMQYj
x0xsa4/5lUy90sj0VTAfBgNVHSMEGDAWgBT5bfONMQYjx0xsa4/5lUy90sj0VTAP
BgNVHRMBAf8EBTADAQH/MDAGA1UdEQQpMCeCC2V4YW1wbGUuY29tgg0qLmV4YW1w
bGUub3JnhwR/AAABgQNhQGIwEwYDVR0lBAwwCgYIKwYBBQUHAwEwNAYIKwYBBQUH
AQEEKDAmMCQGCCsGAQUFBzABhhhodHRwOi8vb2NzcC5leGFtcGxlLmNvbS8wCgYI
KoZIzj0EAwIDRwAwRAIge4cs3T6lcsNzCvUi8ykjNQzR7opPBHqxb8HHu8B3XccC
ICAPFqQWyx8zs5QxE7p34L01RwS3ifcRNJd21pFogqX1
-----END CERTIFICATE-----\n`;

const passphrase = "secret";
const data = "data";

/** One signature to be verified on the other side. */
export interface Signed {
  name: string;
  algorithm?: string;
  data: string;
  signature: string;
  options?: Record<string, number | string>;
}

export type Given = ReturnType<typeof makeGiven>;

export function makeGiven() {
  const pair = {
    rsa: crypto.generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ed25519: crypto.generateKeyPairSync("ed25519"),
    ed448: crypto.generateKeyPairSync("ed448"),
    x25519: crypto.generateKeyPairSync("x25519"),
    "ml-dsa-44": crypto.generateKeyPairSync("ml-dsa-44"),
    "ml-kem-768": crypto.generateKeyPairSync("ml-kem-768"),
  };
  const ec = {
    privateKey: crypto.createPrivateKey(ecKey),
    publicKey: crypto.createPublicKey(ecKey),
  };
  const privateKeys: Record<string, string> = { ec: ecKey };
  for (const [name, { privateKey }] of Object.entries(pair))
    privateKeys[name] = pem(privateKey);
  const { sharedKey, ciphertext } = crypto.encapsulate(
    pair["ml-kem-768"].publicKey,
  );
  const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;
  const { publicKey: rsa } = pair.rsa;
  return {
    privateKeys,
    certificate,
    others: {
      x25519: publicPem(crypto.generateKeyPairSync("x25519").publicKey),
      ec: publicPem(
        crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey,
      ),
    },
    encrypted: pair.rsa.privateKey.export({
      format: "pem",
      type: "pkcs8",
      cipher: "aes-128-cbc",
      passphrase,
    }),
    encryptedText: crypto
      .publicEncrypt(rsa, Buffer.from("for your eyes"))
      .toString("hex"),
    encryptedLabel: crypto
      .publicEncrypt(
        { key: rsa, oaepHash: "sha256", oaepLabel: Buffer.from("l") },
        Buffer.from("labelled"),
      )
      .toString("hex"),
    kem: {
      sharedKey: sharedKey.toString("hex"),
      ciphertext: ciphertext.toString("hex"),
    },
    signed: [
      signed("rsa", pair.rsa.privateKey, "sha256"),
      signed("rsa", pair.rsa.privateKey, "sha256", { padding, saltLength: 32 }),
      signed("ec", ec.privateKey, "sha256"),
      signed("ec", ec.privateKey, "sha256", { dsaEncoding: "ieee-p1363" }),
      signed("ed25519", pair.ed25519.privateKey),
      signed("ed448", pair.ed448.privateKey),
      signed("ml-dsa-44", pair["ml-dsa-44"].privateKey),
    ],
  };
}

function pem(key: crypto.KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" });
}

function publicPem(key: crypto.KeyObject): string {
  return key.export({ format: "pem", type: "spki" });
}

function signed(
  name: string,
  key: crypto.KeyObject,
  algorithm?: string,
  options?: Record<string, number | string>,
): Signed {
  const how = { key, ...options };
  const signature = crypto
    .sign(algorithm, Buffer.from(data), how)
    .toString("hex");
  return {
    name,
    data,
    signature,
    ...(algorithm !== undefined && { algorithm }),
    ...(options && { options }),
  };
}
