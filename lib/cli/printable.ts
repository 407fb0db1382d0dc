// Control characters move the cursor or change colours; format characters reverse or hide text; some line separators of
// Unicode break a line. Others may have chosen what sessions are called and what they contain.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Text that is safe to print: `\x1b` in place of the character that begins a terminal command. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** A value as JSON that is safe to print. */
export function printableJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  // JSON.stringify escapes only some of them. The line breaks are its own.
  return `${text.replaceAll(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, jsonEscape)}\n`;
}

// Characters above U+FFFF are two code units, and two escapes.
function jsonEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
