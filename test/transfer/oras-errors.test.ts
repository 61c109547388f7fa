import { describe, expect, test } from 'vitest';
import { OrasFailure } from '../../src/transfer/oras-errors.ts';

const digest = 'sha256:2eed55229d7ab5e7c58858607dd7cb125f26fe2eb27dc2ec236b9030369ee3e5';
const at = (end: 'source' | 'destination') =>
  `Error from ${end} registry for "127.0.0.1:5200/c/x${end === 'source' ? `@${digest}` : ''}": `;
const target = at('destination');
const source = at('source');
const upload =
  'PUT "http://127.0.0.1:5200/v2/c/x/blobs/uploads/01a2?_state=s3cr3t&digest=sha256%3Ae2": ';
const resolving = `Error response from registry: HEAD "http://127.0.0.1:5200/v2/s/one/manifests/${digest}": `;
const advice =
  '\nPlease check whether the registry credential stored in the authentication file at "/tmp/x/login.json" is correct';

/** What oras 1.3.6 wrote, with real registries behind a proxy that answered as the first column says. */
describe('stderr of oras', () => {
  test.each([
    ['target 401 on POST', `${target}basic credential not found${advice}`, 'authentication'],
    ['target 403', `${target}denied: requested access to the resource is denied`, 'refused'],
    ['target 404', `${target}name unknown: repository name not known to registry`, 'refused'],
    [
      'target 413',
      `${target}${upload}response status code 413: Request Entity Too Large`,
      'refused',
    ],
    ['target 507', `${target}${upload}response status code 507: Insufficient Storage`, 'refused'],
    ['target 412', `${target}precondition: tag is immutable`, 'refused'],
    ['target 400 on an index', `${target}manifest invalid: manifest invalid`, 'refused'],
    [
      'target without a child',
      `${target}manifest blob unknown: blob unknown to registry`,
      'refused',
    ],
    ['target 429', `${target}toomanyrequests: slow down`, 'transient'],
    ['target 503', `${target}${upload}response status code 503: Service Unavailable`, 'transient'],
    [
      'target resets',
      `${target}${upload}read tcp 127.0.0.1:45422->127.0.0.1:5212: read: connection reset by peer`,
      'transient',
    ],
    [
      'target not listening',
      `${target}Head "http://127.0.0.1:5999/v2/t/x1/manifests/${digest}": dial tcp 127.0.0.1:5999: connect: connection refused`,
      'transient',
    ],
    [
      'target unknown to DNS',
      `${target}Head "http://no.such.host.invalid/v2/t/x1/manifests/${digest}": dial tcp: lookup no.such.host.invalid on 10.0.0.2:53: no such host`,
      'transient',
    ],
    [
      'target speaks plain HTTP',
      `${target}Head "https://127.0.0.1:5102/v2/t/x1/manifests/${digest}": http: server gave HTTP response to HTTPS client`,
      'usage',
    ],
    ['the bundle was written over', 'Error: archive/tar: invalid tar header', 'integrity'],
    [
      'bytes differ from the digest',
      `${target}digest invalid: provided digest did not match uploaded content: invalid digest for referenced layer: ${digest}, content does not match digest`,
      'integrity',
    ],
    [
      'target 401 on PUT, the token has run out',
      `${target}PUT "http://127.0.0.1:5200/v2/c/x/blobs/uploads/01a2?_state=s3cr3t": request body is not rewindable`,
      'authentication',
    ],
    [
      'source ends a body early',
      `${target}Put "http://127.0.0.1:5200/v2/c/x/blobs/uploads/01a2?_state=s3cr3t": net/http: HTTP/1.x transport connection broken: http: ContentLength=3146240 with Body length 500`,
      'transient',
    ],
    ['target 503 with a code alone', `${target}unavailable`, 'transient'],
    ['target 429 with a code alone', `${target}toomanyrequests`, 'transient'],
    ['target 500 with a code alone', `${target}unknown`, 'transient'],
    ['target 401 with a code alone', `${target}unauthorized`, 'authentication'],
    ['target 403 with a code alone', `${target}denied`, 'refused'],
    ['target 404 with a code alone', `${target}name unknown`, 'refused'],
    ['source 404 with a code alone', `${source}name unknown`, 'usage'],
    ['target 507 with a code of its own', `${target}quota: full`, 'refused'],
    ['target 503 with a code of its own', `${target}weird: what`, 'refused'],
    ['target 500 with a code', `${target}unknown: unknown error`, 'transient'],
    ['target 401 with a code', `${target}unauthorized: no`, 'authentication'],
    ['source 401 on HEAD', `${resolving}response status code 401: Unauthorized`, 'authentication'],
    ['source 401 on a blob', `${source}basic credential not found${advice}`, 'authentication'],
    ['source 403 on HEAD', `${resolving}response status code 403: Forbidden`, 'authentication'],
    ['source 403 on a blob', `${source}denied: denied`, 'authentication'],
    ['source 429', `${source}toomanyrequests: You have reached your pull rate limit`, 'transient'],
    ['source 502 on HEAD', `${resolving}response status code 502: Bad Gateway`, 'transient'],
    [
      'source cuts the body',
      `${source}GET "http://127.0.0.1:5221/v2/s/one/blobs/${digest}": mismatch Content-Length`,
      'transient',
    ],
    [
      'source not listening',
      `Error: failed to resolve ${digest}: Head "http://127.0.0.1:5999/v2/s/one/manifests/${digest}": dial tcp 127.0.0.1:5999: connect: connection refused`,
      'transient',
    ],
    ['source lacks a blob', `${source}${digest}: not found`, 'usage'],
    [
      'source lacks the manifest',
      `Error response from registry: failed to resolve ${digest}: 127.0.0.1:5101/s/one@${digest}: not found`,
      'usage',
    ],
    [
      'bundle gone',
      `Error: invalid argument "lay.tar@${digest}": failed to find path "lay.tar": stat lay.tar: no such file or directory`,
      'io',
    ],
    [
      'bundle cut short',
      'Error: "tr.tar" does not look like a tar archive: unexpected EOF',
      'integrity',
    ],
    ['something new', 'Error: the moon is in the wrong place', 'tool'],
    ['nothing', '', 'tool'],
  ])('%s', (_, stderr, expected) => {
    expect(new OrasFailure(stderr, 'x').class).toBe(expected);
  });

  describe.each(['team/timeout-svc', 'quota-manager', 'a/forbidden-x', 'immutable/eof'])(
    'is not judged by the name of a repository, %s',
    (name) => {
      const copying = `r.example/${name}@${digest} to t.example:5000/${name}`;
      const of = (end: string) => `Error from ${end} registry for "t.example:5000/${name}": `;
      test.each([
        [`${of('source')}the moon is in the wrong place`, 'tool'],
        [`${of('source')}GET "https://r.example/v2/${name}/blobs/x": the moon`, 'tool'],
        [`${of('source')}what r.example/${name}@${digest}`, 'tool'],
        [`${of('source')}name unknown: repository ${name} is not there`, 'usage'],
        [`${of('destination')}unavailable: t.example:5000/${name}`, 'transient'],
        [`${of('destination')}weird: ${name}, no`, 'refused'],
      ])('%s', (stderr, expected) => {
        expect(new OrasFailure(stderr, copying)).toMatchObject({
          class: expected,
          isUnderstood: /unknown|unavailable/.test(stderr),
        });
      });
    },
  );

  test('is told in one line, without the secrets of upload URLs or the paths of our private files', () => {
    const put = `${target}${upload}response status code 503: Service Unavailable${advice}`;
    expect(new OrasFailure(put, 'a@b to c').given).toBe(
      `${target}PUT "http://127.0.0.1:5200/v2/c/x/blobs/uploads/01a2?…": response status code 503: Service Unavailable`,
    );
  });

  test('of a login names the registry to log in to', () => {
    expect(new OrasFailure(`${source}denied: denied`, 'x').next).toContain('source registry');
    expect(new OrasFailure(`${target}basic credential not found`, 'x').next).toContain(
      'target registry',
    );
  });
});
