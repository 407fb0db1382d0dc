// The parts of the clouds' packages that the documentation shows.
declare module '@azure/identity' {
  export class DefaultAzureCredential {
    getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number }>;
  }
}

declare module '@aws-sdk/credential-providers' {
  export function fromNodeProviderChain(): unknown;
}

declare module '@aws-sdk/util-format-url' {
  export function formatUrl(request: unknown): string;
}

declare module '@aws-crypto/sha256-js' {
  export const Sha256: unknown;
}

declare module '@smithy/protocol-http' {
  export const HttpRequest: new (options: object) => object;
}

declare module '@smithy/signature-v4' {
  export class SignatureV4 {
    constructor(options: object);
    presign(request: unknown, options: { expiresIn: number }): Promise<unknown>;
  }
}
