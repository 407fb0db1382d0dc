// The packages under test that come without types: as much of them as the tests use.

declare module 'passport' {
  interface AuthenticateOptions {
    session?: boolean;
    keepSessionInfo?: boolean;
  }
  interface PassportStatic {
    session(): (request: object, response: object, next: (error?: unknown) => void) => void;
  }
  const passport: PassportStatic;
  export type { AuthenticateOptions, PassportStatic };
  export default passport;
}

declare module 'passport-local' {
  export const Strategy: new (options?: object, verify?: unknown) => object;
}

declare module 'connect-flash' {
  function flash(): (request: object, response: object, next: () => void) => void;
  export default flash;
}
