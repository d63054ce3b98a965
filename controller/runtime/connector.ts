// Opens connections with the TLS material of the moment. Certificates and CAs are
// rotated on disk: they are asked for at each new connection (rare, with HTTP/2) and
// a connector with its session cache is kept for as long as they stay the same.
import { buildConnector } from "undici";
import type { Credentials, TlsMaterial } from "./credentials.ts";

type Connector = buildConnector.connector;

export function credentialConnector(credentials: Credentials, connectTimeoutMs: number): Connector {
  let fingerprint: string | undefined;
  let current: Connector | undefined;

  const connectorFor = (material: TlsMaterial): Connector => {
    const print = JSON.stringify(material);
    if (current === undefined || print !== fingerprint) {
      current = buildConnector({ allowH2: true, timeout: connectTimeoutMs, ...tlsOptions(material) });
      fingerprint = print;
    }
    return current;
  };

  return (options, callback) => {
    // The promise is not returned: undici reports through the callback alone.
    void Promise.resolve()
      .then(() => credentials.tls())
      .then(
        (material) => connectorFor(material)(material.servername === undefined ? options : { ...options, servername: material.servername }, callback),
        (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
      );
  };
}

function tlsOptions(material: TlsMaterial): object {
  return {
    ...(material.ca === undefined ? {} : { ca: material.ca }),
    ...(material.cert === undefined ? {} : { cert: material.cert }),
    ...(material.key === undefined ? {} : { key: material.key }),
    ...(material.insecure === true ? { rejectUnauthorized: false } : {}),
  };
}
