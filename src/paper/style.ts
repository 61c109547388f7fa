/** The looks of a page: light and dark, narrow and wide, and on paper. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f4f6f8; --text: #1a2027; --muted: #525c68; --line: #d3d9e0;
  --accent: #0b5cad; --fill: #2f7fd1; --rest: #dfe5ec;
  --good: #176b35; --attention: #855300; --bad: #b01e18;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151b; --panel: #18202a; --text: #e7ebf0; --muted: #a9b4c1; --line: #303b48;
    --accent: #7cbcff; --fill: #4d97e0; --rest: #2a3542;
    --good: #62cf87; --attention: #e6b84d; --bad: #ff938a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: anywhere;
}
header, main, footer { max-width: 74rem; margin: 0 auto; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0; display: inline; }
p { margin: .5rem 0; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
code { unicode-bidi: isolate; direction: ltr; }
pre { margin: .25rem 0 1rem; padding: .6rem .8rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; }
.muted { color: var(--muted); font-size: .875rem; }
.line { display: block; }
.verdict { border: 1px solid var(--line); border-left: 6px solid var(--state); background: var(--panel); border-radius: 6px; padding: 1rem 1.25rem; margin: 0 0 1.5rem; }
.verdict ul { margin: .5rem 0 0; padding-left: 1.25rem; }
.verdict .state { margin: 0; font-size: 1.2rem; font-weight: 700; color: var(--state); }
.state svg { width: 1.1em; height: 1.1em; vertical-align: -.15em; margin-right: .4em; fill: currentColor; }
.good { --state: var(--good); } .attention { --state: var(--attention); } .bad { --state: var(--bad); }
.word { color: var(--state); font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0 0 1.5rem; padding: 0; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: .75rem 2rem; margin: 0; }
dt { color: var(--muted); font-size: .875rem; }
dd { margin: 0; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; margin: .5rem 0 1.5rem; }
caption { text-align: left; color: var(--muted); font-size: .875rem; padding: 0 0 .5rem; }
th, td { text-align: left; vertical-align: top; padding: .55rem .75rem .55rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--muted); font-size: .875rem; font-weight: 600; vertical-align: bottom; }
th:last-child, td:last-child { padding-right: 0; }
.attached th { padding-left: 1.25rem; }
.images col:nth-child(1) { width: 25%; } .images col:nth-child(2) { width: 29%; }
.images col:nth-child(3) { width: 10%; } .images col:nth-child(4) { width: 9%; }
.named col:nth-child(1) { width: 20%; } .named col:nth-child(2) { width: 28.5%; } .named col:nth-child(6) { width: 13%; }
.bars col:nth-child(1) { width: 60%; }
.compared col:nth-child(3) { width: 12%; } .compared col:nth-child(2) { width: 30%; }
.files col:nth-child(1) { width: 34%; } .files col:nth-child(2) { width: 10%; }
details { margin: .5rem 0; }
summary { cursor: pointer; padding: .35rem 0; }
td details, th details { margin: .15rem 0 0; }
td summary, th summary { padding: 0; color: var(--accent); font-size: .875rem; }
svg.bar { display: block; width: 100%; max-width: 34rem; height: .5rem; margin-top: .35rem; border-radius: 3px; }
.bar .rest { fill: var(--rest); } .bar .fill { fill: var(--fill); }
.scroll { overflow-x: auto; margin: .5rem 0 1rem; }
svg.map { display: block; width: 100%; min-width: 40rem; max-width: 62rem; height: auto; }
.map text { fill: var(--text); font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: 13px; }
.map .small { fill: var(--muted); font-family: system-ui, sans-serif; font-size: 11.5px; }
.map .node { fill: var(--accent); }
.map .edge { fill: none; stroke: var(--fill); stroke-opacity: .45; }
.map .containerd { stroke-dasharray: 10 4; } .map .webhook { stroke-opacity: .3; }
.map .none { stroke: var(--bad); stroke-dasharray: 3 4; stroke-opacity: .9; }
.map .lost { fill: var(--bad); }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: .875rem; }
@media screen and (max-width: 46rem) {
  body { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.4rem; }
  table, tbody, tr, th, td, caption { display: block; width: auto; }
  colgroup { display: none; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  tbody tr { border-bottom: 1px solid var(--line); padding: .75rem 0; }
  tbody th, tbody td { border: 0; padding: .15rem 0; }
  td[data-label]::before { content: attr(data-label); display: block; color: var(--muted); font-size: .875rem; }
  .attached { padding-left: 1rem !important; } .attached th { padding-left: 0; }
}
@page { margin: 13mm 12mm; }
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --panel: #ffffff; --text: #000000; --muted: #444444; --line: #b5b5b5;
    --accent: #0b5cad; --fill: #2f7fd1; --rest: #dfe5ec; --good: #176b35; --attention: #855300; --bad: #b01e18;
  }
  body { padding: 0; font-size: 8.5pt; line-height: 1.35; }
  nav { display: none; }
  h1 { font-size: 16pt; } h2 { font-size: 12pt; margin-top: 6mm; }
  h2, h3, caption { break-after: avoid; }
  tr, .verdict, pre, svg { break-inside: avoid; }
  .muted, dt, caption, thead th, footer, td summary, th summary { font-size: 7.5pt; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  summary { list-style: none; break-after: avoid; }
  .scroll { overflow: visible; } svg.map { min-width: 0; }
  .bar, .map { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
