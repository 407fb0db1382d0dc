import { Optional, Token } from './expectations.js';

/** The header that carries the session's credential, for clients without cookies. */
export class HeaderOptions {
  /**
   * The name of the header, in requests and in answers. Converted to lower case, as Node does with header names.
   * @example 'authorization'
   */
  @Token('a header name such as "authorization"')
  readonly name!: string;

  /**
   * The authentication scheme before the credential.
   * @default 'Bearer' if the header is `authorization`, otherwise none
   * @example 'Session'
   */
  @Optional()
  @Token('an authentication scheme such as "Bearer"')
  readonly scheme?: string;
}
