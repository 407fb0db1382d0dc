import { SetMetadata } from '@nestjs/common';
import { ALLOWS_CROSS_SITE } from '../request/decorator-metadata.js';

/**
 * Lets `CrossSiteGuard` pass requests from pages of any site to a handler, or to every handler of a controller: the answer
 * of an identity provider that the browser posts (SAML, OpenID Connect with `form_post`), or a public form. Such a handler
 * must prove by itself that the visitor wanted the request, with a `state` or a signature.
 *
 * @example
 * ```ts
 * @Post('saml/callback') @AllowCrossSite() callback(@Body() body: SamlAnswer) { … }
 * ```
 */
export const AllowCrossSite = (): MethodDecorator & ClassDecorator => SetMetadata(ALLOWS_CROSS_SITE, true);
