import { inflateSync } from 'node:zlib';

/**
 * What a PDF of Chromium's says, without white space, and how many pages it has: glyphs are turned into letters by each
 * font's ToUnicode map.
 */
export function pdfText(bytes: Uint8Array): { readonly pages: number; readonly text: string } {
  const objects = objectsOf(Buffer.from(bytes).toString('latin1'));
  const fonts = new Map([...objects].map(([id, body]) => [`F${id}`, lettersOf(body, objects)]));
  const pages = [...objects.values()].filter((body) => /\/Type\s*\/Page\b/.test(body));
  const contents = pages.flatMap((body) => {
    const id = /\/Contents (\d+) 0 R/.exec(body)?.[1];
    return id === undefined ? [] : [stream(objects.get(id) ?? '')];
  });
  return { pages: pages.length, text: contents.map((one) => shown(one, fonts)).join('') };
}

function objectsOf(text: string): Map<string, string> {
  const found = text.matchAll(/(?:^|\n)(\d+) 0 obj\b([\s\S]*?)\nendobj/g);
  return new Map([...found].map(([, id = '', body = '']) => [id, body]));
}

function stream(body: string): string {
  const start = /stream\r?\n/.exec(body);
  if (!start) return '';
  const raw = body.slice(start.index + start[0].length, body.lastIndexOf('endstream'));
  const bytes = Buffer.from(raw, 'latin1');
  return /FlateDecode/.test(body) ? inflateSync(bytes).toString('latin1') : raw;
}

type Letters = ReadonlyMap<number, string>;

function lettersOf(font: string, objects: ReadonlyMap<string, string>): Letters {
  const id = /\/ToUnicode (\d+) 0 R/.exec(font)?.[1];
  const letters = new Map<number, string>();
  if (id === undefined) return letters;
  const map = stream(objects.get(id) ?? '');
  for (const [, lines = ''] of map.matchAll(/beginbfchar([\s\S]*?)endbfchar/g)) {
    for (const [, glyph = '', to = ''] of lines.matchAll(/<(\w+)>\s*<(\w+)>/g))
      letters.set(Number.parseInt(glyph, 16), unicode(to));
  }
  for (const [, lines = ''] of map.matchAll(/beginbfrange([\s\S]*?)endbfrange/g)) {
    for (const [, from = '', to = '', first = ''] of lines.matchAll(
      /<(\w+)>\s*<(\w+)>\s*<(\w+)>/g,
    )) {
      const [start, end] = [from, to].map((hex) => Number.parseInt(hex, 16)) as [number, number];
      for (let at = start; at <= end; at++)
        letters.set(at, String.fromCodePoint(Number.parseInt(first, 16) + at - start));
    }
  }
  return letters;
}

function unicode(hex: string): string {
  return Buffer.from(hex, 'hex').swap16().toString('utf16le');
}

/** Text that is shown, font by font. */
function shown(content: string, fonts: ReadonlyMap<string, Letters>): string {
  let letters: Letters = new Map();
  let text = '';
  for (const [, font, hex] of content.matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>/g)) {
    if (font) letters = fonts.get(font) ?? new Map();
    else
      for (const glyph of hex?.match(/.{4}/g) ?? [])
        text += letters.get(Number.parseInt(glyph, 16)) ?? '';
  }
  return text.replace(/\s/g, '');
}
