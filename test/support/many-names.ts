/** A certificate for names of the test's choice, by origin.test's key and name, and so as good as one that origin.test's own has signed. */
import { sign, X509Certificate } from "node:crypto";
import { bits, hex, integer, of, pem, sequence } from "./der.ts";
import { originCertificate, originKey } from "./certificate.ts";

export function certificateOf(names: readonly string[]): string {
  const signing = sequence(of(0x06, hex("2a8648ce3d040302")));
  const times = ["200101000000Z", "491231000000Z"];
  const publicKey = new X509Certificate(originCertificate).publicKey.export({
    type: "spki",
    format: "der",
  });
  const alternatives = names.map((text) => of(0x82, Buffer.from(text)));
  const extension = sequence(
    of(0x06, hex("551d11")),
    of(0x04, sequence(...alternatives)),
  );
  const told = sequence(
    of(0xa0, integer(2n)),
    integer(7n),
    signing,
    nameOf("origin.test"),
    sequence(...times.map((text) => of(0x17, Buffer.from(text)))),
    nameOf("leaf"),
    publicKey,
    of(0xa3, sequence(extension)),
  );
  const signature = sign("sha256", told, originKey);
  return pem("CERTIFICATE", sequence(told, signing, bits(signature)));
}

function nameOf(text: string): Buffer {
  const name = of(0x0c, Buffer.from(text));
  return sequence(of(0x31, sequence(of(0x06, hex("550403")), name)));
}
