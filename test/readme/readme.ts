import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = new URL('../../', import.meta.url);

/** The pages for users: the README and those in docs. */
export const pages = ['README.md', ...readdirSync(new URL('docs', root)).map((file) => `docs/${file}`)]
  .filter((path) => path.endsWith('.md'))
  .toSorted();

/** All pages that people read. */
export const allPages = [...pages, 'SECURITY.md', 'CONTRIBUTING.md', 'test/README.md'];

export interface CodeBlock {
  page: string;
  language: string;
  code: string;
  /** The file named by the comment above it: `<!-- test/readme/login.ts -->`. */
  file: string | undefined;
}

export function textOf(page: string): string {
  return readFileSync(new URL(page, root), 'utf8');
}

/** The code blocks of all pages. */
export function codeBlocks(): CodeBlock[] {
  return pages.flatMap((page) => {
    let file: string | undefined;
    const blocks: CodeBlock[] = [];
    for (const match of textOf(page).matchAll(/^<!-- (\S+) -->$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
      const [, named, language = '', code = ''] = match;
      if (named !== undefined) file = named;
      else blocks.push({ page, language, code, file });
    }
    return blocks;
  });
}

/** Whether a file of the repository contains the code, with any indentation. */
export function holds(file: string, code: string): boolean {
  return flat(textOf(file)).includes(flat(code).replace(/[;,]$/, ''));
}

/** The links of a page that lead to nothing in the repository. Those to other sites are not followed. */
export function brokenLinks(page: string): string[] {
  const targets = [...textOf(page).matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!);
  return targets.filter((target) => {
    if (/^https?:/.test(target)) return false;
    const [file, anchor] = target.split('#') as [string, string?];
    const path = file === '' ? page : normalize(join(dirname(page), file));
    return !existsSync(new URL(path, root)) || (anchor !== undefined && !anchors(path).includes(anchor));
  });
}

/** The cells of the page's table with `first` as its first header cell. */
export function table(page: string, first: string): string[][] {
  const lines = textOf(page).split('\n');
  const header = lines.findIndex((line) => cells(line)[0] === first);
  const end = lines.findIndex((line, index) => index > header && !line.startsWith('|'));
  return lines.slice(header + 2, end).map(cells);
}

/** The anchors that GitHub generates for the headings. */
function anchors(page: string): string[] {
  return [...textOf(page).matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

function cells(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function flat(code: string): string {
  return code
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim();
}
