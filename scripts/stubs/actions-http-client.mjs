/**
 * Stands in for @actions/http-client in the bundles. @actions/core needs it to fetch OIDC tokens
 * alone, which nothing here does; the real one would bring a second undici along.
 */
export class HttpClient {
  constructor() {
    throw new Error('OIDC tokens are not available: @actions/http-client is not bundled');
  }
}

export class BearerCredentialHandler {}
