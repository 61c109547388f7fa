import { count, formatBytes } from '../report/units.ts';
import { imagesBody } from './html-images.ts';
import { sharingBody, waysBody } from './html-pictures.ts';
import { code, html, lines, type Markup, muted } from './markup.ts';
import { page } from './page.ts';
import { facts, navigation, type Section, sections, table, verdictBox } from './parts.ts';
import type { Report } from './report.ts';
import { factsOf, notRecorded, overrideWords, verdictWords } from './words.ts';

/** `report.html`: one file that shows all of the report, with nothing loaded and nothing run. */
export function reportHtml(report: Report): string {
  const { verdict, bundle, at, verb, tools } = report;
  const parts = sectionsOf(report);
  const used = tools.map(({ name, version }) => `${name} ${version}`).join(', ');
  return page({
    title: `${bundle.name} ${bundle.version}: bundle report`,
    body: html`<header>
<h1>${verdict.title}</h1>
${verdictBox(verdict.state, verdictWords[verdict.state], verdict.points)}${navigation(parts)}</header>
<main>
${facts(factsOf(report).map(([label, value]) => [label, factValue(value)]))}${sections(parts)}</main>`,
    footer: html`Report of ${verb}, ${at}. Made with ${used}.`,
  });
}

/** Digests are to be compared. */
function factValue(value: string): Markup {
  const parts = value.split(/(sha256:[0-9a-f]{64})/);
  return html`${parts.map((part, at) => (at % 2 === 1 ? code(part) : part))}`;
}

function sectionsOf(report: Report): Section[] {
  const { errors, checks, map, images } = report;
  const sharing = sharingBody(report);
  return [
    ...(errors.length > 0
      ? [{ id: 'failures', title: 'What failed', body: failuresBody(report) }]
      : []),
    { id: 'overrides', title: 'Switched off on purpose', body: overridesBody(report) },
    { id: 'problems', title: 'Problems', body: problemsBody(report) },
    ...(map.length > 0
      ? [{ id: 'ways', title: 'From where, to where', body: waysBody(report) }]
      : []),
    ...(images.length > 0 ? [{ id: 'images', title: 'Images', body: imagesBody(report) }] : []),
    ...(sharing ? [{ id: 'sharing', title: 'What sharing saves', body: sharing }] : []),
    { id: 'files', title: 'Files', body: filesBody(report) },
    ...(checks.length > 0
      ? [{ id: 'checks', title: 'See for yourself', body: checksBody(report) }]
      : []),
  ];
}

function failuresBody({ errors }: Report): Markup {
  return table({
    caption: 'Each failure once; the images below say which placements it hit',
    head: ['Failure', 'Found', 'Expected', 'What to do'],
    rows: errors.map(({ class: name, exitCode, message, given, expected, next }) => [
      lines([message, muted(`${name}, exit code ${exitCode}`)]),
      given ?? '',
      expected ?? '',
      next ?? '',
    ]),
  });
}

function overridesBody({ overrides }: Report): Markup {
  if (overrides.length === 0)
    return html`<p>Nothing.</p>
`;
  return table({
    caption: 'Who approves the bundle approves these',
    head: ['What', 'What it means'],
    rows: overrides.map(({ kind, message }) => [
      html`<span class="word attention">${overrideWords[kind]}</span>`,
      message,
    ]),
  });
}

function problemsBody({ problems }: Report): Markup {
  if (!problems)
    return html`<p>What was warned of when it was planned is ${notRecorded}.</p>
`;
  if (problems.length === 0)
    return html`<p>None was found.</p>
`;
  return table({
    caption: 'Found when it was planned',
    head: ['Problem', 'What it is', 'Cure'],
    rows: problems.map(({ kind, severity, message, cure }) => [
      html`<span class="word ${severity === 'error' ? 'bad' : 'attention'}">${severity}</span>: ${kind}`,
      message,
      cure,
    ]),
  });
}

function filesBody({ files, contents, bundle }: Report): Markup {
  const rows = (all: readonly { name: string; size: number; sha256: string }[]) =>
    all.map(({ name, size, sha256 }) => [code(name), formatBytes(size), code(sha256)]);
  const head = ['File', 'Size', 'sha256'];
  const inside = contents.map(({ path, ...rest }) => ({ name: path, ...rest }));
  const caption = bundle.carries
    ? 'In the bundle, beside its images; its signature covers these'
    : 'What a bundle of this plan would have beside its images';
  return html`${table({ caption: 'To be carried, with the public key by another way', head, rows: rows(files), kind: 'files' })}<details>
<summary>${count(contents.length, 'file')} in the bundle</summary>
${table({ caption, head, rows: rows(inside), kind: 'files' })}</details>
`;
}

function checksBody({ checks }: Report): Markup {
  return html`${checks.map(
    ({ what, command }) => html`<p>${what}:</p>
<pre><code>${command}</code></pre>
`,
  )}`;
}
