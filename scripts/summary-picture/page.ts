import { marked } from 'marked';

/** A job summary as a page, close to how GitHub shows it; each Mermaid fence becomes a `pre.mermaid`. */
export async function summaryPage(summary: string): Promise<string> {
  const body = await marked.parse(summary, { gfm: true });
  const drawn = body.replace(
    /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g,
    '<pre class="mermaid">$1</pre>',
  );
  return `<!doctype html><meta charset="utf-8"><style>${style}</style><main>${drawn}</main>`;
}

const style = `
  body { margin: 0; background: #fff; }
  main { width: 980px; padding: 24px; color: #1f2328;
         font: 14px/1.5 "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
  h2 { margin: 0 0 12px; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; font-size: 21px; }
  h3 { margin: 20px 0 8px; font-size: 17px; }
  p { margin: 0 0 10px; }
  code { padding: 2px 5px; border-radius: 6px; background: #818b981f;
         font: 85% "Noto Sans Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
  pre { padding: 12px; border-radius: 6px; background: #f6f8fa; overflow: auto; }
  pre code { padding: 0; background: none; white-space: pre-wrap; }
  pre.mermaid { background: none; padding: 0; text-align: center; }
  table { border-collapse: collapse; margin: 0 0 12px; }
  th, td { padding: 5px 10px; border: 1px solid #d1d9e0; text-align: left; vertical-align: top; }
  tr:nth-child(2n) { background: #f6f8fa; }
  details { margin: 0 0 12px; }
  summary { cursor: pointer; }
`;
