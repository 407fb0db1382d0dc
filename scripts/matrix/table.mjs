/** A Markdown table. */
export function table(header, rows) {
  return [header, header.map(() => '---'), ...rows].map(row).join('\n');
}

function row(cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}
