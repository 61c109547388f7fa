export const ours = { full_name: 'vendor/app' };
export const theirs = { full_name: 'stranger/app' };

/** An event that a stranger may have a part in: as an object, or as its file's text; and its name. */
export type ForkEvent = [title: string, event: unknown, name?: string];

export const fromForks: readonly ForkEvent[] = [
  ['a pull request', { repository: ours, pull_request: { head: { repo: theirs } } }],
  ['one whose fork is gone', { repository: ours, pull_request: { head: { repo: null } } }],
  ['one whose fork is gone, of nobody', { pull_request: { head: { repo: null } } }],
  ['a run after one', { repository: ours, workflow_run: { head_repository: theirs } }],
  ['one under another name', { repository: ours, pull_request: { head: { repo: theirs } } }, 'x'],
  ['one that tells no head', { repository: ours }, 'pull_request'],
  ['one of another shape', { repository: ours, pull_request: 7 }, 'pull_request_review'],
  ['a run that is no JSON', 'no JSON', 'workflow_run'],
  ['a run of which nothing is told', undefined, 'workflow_run'],
];
