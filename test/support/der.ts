/** What certificates and keys are made of: DER, and PEM around it. */

export function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

export function hex(digits: string): Buffer {
  return Buffer.from(digits, "hex");
}

export function integer(number: bigint): Buffer {
  const digits = number.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return of(0x02, hex(/^[89a-f]/.test(even) ? `00${even}` : even));
}

export function bits(bytes: Buffer): Buffer {
  return of(0x03, Buffer.concat([hex("00"), bytes]));
}

export function sequence(...parts: Buffer[]): Buffer {
  return of(0x30, ...parts);
}

export function of(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const { length } = body;
  const sizes =
    length < 128
      ? [length]
      : length < 256
        ? [0x81, length]
        : length < 65_536
          ? [0x82, length >> 8, length & 0xff]
          : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...sizes]), body]);
}
