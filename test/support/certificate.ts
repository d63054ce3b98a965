// A certificate authority for one test. Node can use certificates and sign bytes, but
// not issue certificates: this writes the few DER structures that takes.
import { createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

export interface Certificate {
  cert: string;
  key: string;
}

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts);
const identifier = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const bits = (content: Buffer): Buffer => der(0x03, Buffer.from([0]), content);
const time = (date: Date): Buffer => der(0x17, Buffer.from(`${date.toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
const name = (common: string): Buffer => sequence(der(0x31, sequence(identifier("550403"), der(0x0c, Buffer.from(common)))));
const extension = (oid: string, value: Buffer): Buffer => sequence(identifier(oid), der(0x01, Buffer.from([0xff])), der(0x04, value));

const ecdsaWithSha256 = sequence(identifier("2a8648ce3d040302"));
const dayMs = 86_400_000;

interface Signer {
  name: string;
  key: KeyObject;
}

function issue(subject: string, subjectKey: KeyObject, issuer: Signer, extensions: Buffer[]): string {
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // A leading bit would make the serial negative.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name(issuer.name),
    sequence(time(new Date(now - dayMs)), time(new Date(now + dayMs))),
    name(subject),
    createPublicKey(subjectKey).export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(body, ecdsaWithSha256, bits(sign("sha256", body, issuer.key)));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString("base64").replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END CERTIFICATE-----\n`;
}

const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;

export class CertificateAuthority {
  readonly cert: string;
  readonly #signer: Signer = { name: `test authority ${randomBytes(4).toString("hex")}`, key: newKey() };

  constructor() {
    const authority = extension("551d13", sequence(der(0x01, Buffer.from([0xff]))));
    this.cert = issue(this.#signer.name, this.#signer.key, this.#signer, [authority]);
  }

  /** For a server on 127.0.0.1 and localhost. */
  serverCertificate(): Certificate {
    const key = newKey();
    const names = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
    return {
      cert: issue("localhost", key, this.#signer, [extension("551d11", names)]),
      key: String(key.export({ type: "pkcs8", format: "pem" })),
    };
  }
}
