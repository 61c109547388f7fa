import type { OwnAnswer } from '../registry/own-api.ts';
import { AirgapError, type ErrorClass } from '../report/error.ts';

/** What to tell of a 401, which says no more: the CLI secret of an OIDC user is for pushes and some reads alone. */
export function notLoggedIn(error: AirgapError): AirgapError {
  return new AirgapError(error.class, error.message, {
    given: error.given,
    next:
      `${error.next}, or give --push-username; ` +
      'the CLI secret of who logs in by OIDC may be for pushes alone: take a robot account, or a local administrator',
    cause: error,
  });
}

export function proxyCache(name: string, host: string): AirgapError {
  const path = `${host}/${name}`;
  return new AirgapError('refused', `${path} is a proxy cache: nothing can be pushed to it`, {
    next: `write pullThrough: [${path}] into bundle.yaml, or into the site file; or choose another project`,
  });
}

export function notToldAbout(name: string, answer: OwnAnswer, host: string): AirgapError {
  const errorClass = answer.status === 403 ? 'authentication' : 'refused';
  return new AirgapError(errorClass, `${host} does not tell whether it has project ${name}`, {
    given: given(answer),
    next: 'give the account of --push-username the right to list projects',
  });
}

export function notMade(name: string, answer: OwnAnswer, host: string): AirgapError {
  const { errorClass, next } = refusals[answer.status] ?? otherRefusal;
  return new AirgapError(errorClass, `${host} does not make the project ${name}`, {
    given: given(answer),
    next,
  });
}

interface Refusal {
  readonly errorClass: ErrorClass;
  readonly next: string;
}

const otherRefusal: Refusal = { errorClass: 'refused', next: 'see what Harbor logs about it' };

const refusals: Readonly<Record<number, Refusal>> = {
  400: {
    errorClass: 'refused',
    next: 'Harbor wants lower-case letters and digits, with one of . _ - between them: choose another base path or map',
  },
  403: {
    errorClass: 'refused',
    next:
      'push as a system administrator, or as a robot account of the system that may create projects; ' +
      'or have an administrator make the project',
  },
};

export function outsideOfProjects(host: string, path: string): AirgapError {
  return new AirgapError('usage', `${host}/${path} lies in no project, and Harbor needs one`, {
    given: path,
    expected: 'PROJECT/REPOSITORY',
    next: 'give the map a target with a path, or set baseContentPath',
  });
}

function given({ status, words }: OwnAnswer): string {
  return `${status}${words && `: ${words}`}`;
}
