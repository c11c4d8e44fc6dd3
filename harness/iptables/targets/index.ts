import { type Extension, flag, shorthand, word } from '../syntax.ts'
import { codepoint, serviceType } from '../values/dscp.ts'
import { decimal } from '../values/number.ts'
import { log } from './log.ts'
import { marks } from './marks.ts'
import { nat } from './nat.ts'
import { reject } from './reject.ts'

/** The targets whose options are known; the options of any other one are kept as they were written. */
export const targets: Readonly<Record<string, Extension>> = {
  ACCEPT: {},
  DROP: {},
  RETURN: {},
  REJECT: reject,
  ...nat,
  ...marks,
  ...log,
  TCPMSS: { '--set-mss': word(decimal), '--clamp-mss-to-pmtu': flag() },
  TOS: { '--set-tos': word(serviceType) },
  DSCP: {
    '--set-dscp': word(codepoint),
    '--set-dscp-class': shorthand(1, ['--set-dscp'], ([name = '']) => [codepoint(name)]),
  },
  TTL: { '--ttl-set': word(decimal), '--ttl-inc': word(decimal), '--ttl-dec': word(decimal) },
  HL: { '--hl-set': word(decimal), '--hl-inc': word(decimal), '--hl-dec': word(decimal) },
  CLASSIFY: { '--set-class': word(handle) },
}

/** '1:2' → '0001:0002', hexadecimal as tc writes it. */
function handle(text: string): string {
  return text
    .toLowerCase()
    .split(':')
    .map(part => part.padStart(4, '0'))
    .join(':')
}
