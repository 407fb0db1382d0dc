// The parts that the tests use of packages without types.

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

declare module 'express-session' {
  export const Store: new () => object;
  export type Store = InstanceType<typeof Store>;
  interface SessionOptions {
    name?: string;
    secret: string | string[];
    store?: Store;
    resave: boolean;
    saveUninitialized: boolean;
    cookie?: { maxAge?: number; path?: string };
  }
  function session(options: SessionOptions): import('express').RequestHandler;
  export default session;
}
