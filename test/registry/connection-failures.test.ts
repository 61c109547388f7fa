import { expect, test } from 'vitest';
import { connectionFailure } from '../../src/registry/connection-failures.ts';
import { Transient } from '../../src/registry/retry.ts';

test.each([
  ['CERT_HAS_EXPIRED', 'the certificate of h:1 has expired or is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate of h:1 is for another name'],
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'the certificate of h:1 is from an authority that is not trusted here',
  ],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'h:1 does not speak TLS'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'no TLS connection to h:1'],
  ['HPE_INVALID_CONSTANT', 'h:1 does not speak HTTP'],
  ['Proxy response (407) !== 200', 'the proxy on the way to h:1 wants a user name and a password'],
  ['Proxy response (403) !== 200', 'the proxy does not let us through to h:1'],
])('%s will not pass', (code, message) => {
  const failure = connectionFailure(failed(code), new URL('https://h:1/v2/'));
  expect(failure).toMatchObject({ class: 'usage', message });
});

test.each([
  ['Proxy response (502) !== 200', 'h:1 cannot be reached through the proxy'],
  ['ENOTFOUND', 'no address is known for h:1'],
  ['ECONNREFUSED', 'h:1 refuses the connection'],
  ['ETIMEDOUT', 'h:1 cannot be reached'],
  ['UND_ERR_BODY_TIMEOUT', 'h:1 stopped answering'],
  ['ECONNRESET', 'the connection to h:1 broke off'],
])('%s may pass', (code, message) => {
  const failure = connectionFailure(failed(code), new URL('https://h:1/v2/'));
  expect(failure).toBeInstanceOf(Transient);
  expect(failure).toMatchObject({ failure: { class: 'transient', message } });
});

test('behind a proxy it is the proxy that cannot be reached', () => {
  const failure = connectionFailure(failed('ECONNREFUSED'), new URL('https://h:1/v2/'), 'p:3128');
  expect(failure).toMatchObject({
    failure: { message: 'the proxy p:3128 refuses the connection' },
  });
});

test('what is none of these is not judged', () => {
  expect(connectionFailure(new Error('stopped'), new URL('https://h:1/v2/'))).toBeUndefined();
});

/** As fetch fails, with Node's or undici's code inside. */
function failed(code: string): Error {
  // undici has one code for whatever a proxy answers.
  const inner = code.startsWith('Proxy')
    ? Object.assign(new Error(code), { code: 'UND_ERR_ABORTED' })
    : Object.assign(new Error('failed'), { code });
  return new TypeError('fetch failed', { cause: inner });
}
