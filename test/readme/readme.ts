import { existsSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

export const readme = readFileSync(new URL('README.md', root), 'utf8');

export interface CodeBlock {
  language: string;
  code: string;
  /** The file named by the comment above it: `<!-- test/readme/login.ts -->`. */
  file: string | undefined;
}

export function codeBlocks(): CodeBlock[] {
  let file: string | undefined;
  const blocks: CodeBlock[] = [];
  for (const match of readme.matchAll(/^<!-- (\S+) -->$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, named, language = '', code = ''] = match;
    if (named !== undefined) file = named;
    else blocks.push({ language, code, file });
  }
  return blocks;
}

/** Whether a file of the repository contains the code, with any indentation. */
export function holds(file: string, code: string): boolean {
  return flat(readFileSync(new URL(file, root), 'utf8')).includes(flat(code).replace(/[;,]$/, ''));
}

export function exists(path: string): boolean {
  return existsSync(new URL(path, root));
}

/** The cells of the table with `first` as its first header cell. */
export function table(first: string): string[][] {
  const lines = readme.split('\n');
  const header = lines.findIndex((line) => cells(line)[0] === first);
  const end = lines.findIndex((line, index) => index > header && !line.startsWith('|'));
  return lines.slice(header + 2, end).map(cells);
}

/** The anchors that GitHub generates for the headings. */
export function anchors(): string[] {
  return [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
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
