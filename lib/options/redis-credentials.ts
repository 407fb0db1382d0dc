/** A user and a password that Redis accepts for a while: a token of Microsoft Entra ID or AWS IAM, for example. */
export interface RedisCredentials {
  /** The ACL user of Redis. @default Redis's user `default` */
  readonly username?: string | undefined;
  /** The password, or the token that takes its place. */
  readonly password: string;
  /**
   * When Redis stops accepting it: a Date, or milliseconds since the epoch. Open connections get a new password before then.
   * @default never
   */
  readonly expiresAt?: Date | number | undefined;
}

/** Returns credentials that Redis accepts now. Called for each connection that is opened, and before credentials expire. */
export type RedisCredentialsProvider = () => Promise<RedisCredentials>;
