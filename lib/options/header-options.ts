import { Optional, Token } from './expectations.js';

/** The header that carries the session's credential, for clients that keep no cookies. */
export class HeaderOptions {
  /**
   * Names the header, in requests and in answers. Kept in lower case, as Node gives the names of headers.
   * @example 'authorization'
   */
  @Token('a header name such as "authorization"')
  readonly name!: string;

  /**
   * The word before the credential.
   * @default 'Bearer' where the header is `authorization`, otherwise none
   * @example 'Session'
   */
  @Optional()
  @Token('an authentication scheme such as "Bearer"')
  readonly scheme?: string;
}
