import { readFile } from 'node:fs/promises'

/** The end of what some logs say, in the order given; what can't be read says nothing. */
export async function readLastWords(...logs: string[]): Promise<string> {
  const texts = await Promise.all(logs.map(log => readFile(log, 'utf8').catch(() => '')))
  return texts.flatMap(lastWords).join('\n')
}

/**
 * The last lines of a serial log that mean something to people: without the firmware's escape sequences, and without
 * the stack and the registers that a panicking kernel prints after the line that says why.
 */
export function lastWords(text: string): string[] {
  return text
    .replaceAll(/\x1b(\[[0-9;?=]*[A-Za-z]|c)/g, '')
    .split(/[\r\n]+/)
    .map(line => line.trimEnd())
    .filter(line => line !== '' && !partOfTrace.test(line))
    .slice(-10)
}

const partOfTrace =
  /^\[ *\d+\.\d+\] ( |Call Trace:|CPU: \d|Hardware name:|RIP: |Code: |R[A-Z0-9]{1,2}: |[CDEFG]S: |Kernel Offset:)/
