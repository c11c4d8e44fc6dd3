import { type Extension, flag, word } from '../syntax.ts'
import { named } from '../values/list.ts'
import { decimal } from '../values/number.ts'

const level = named({
  panic: '0',
  emerg: '0',
  alert: '1',
  crit: '2',
  err: '3',
  error: '3',
  warn: '4',
  warning: '4',
  notice: '5',
  info: '6',
  debug: '7',
})

export const log: Readonly<Record<string, Extension>> = {
  LOG: {
    '--log-prefix': word(),
    '--log-level': word(level, { standard: ['4'] }),
    '--log-tcp-sequence': flag(),
    '--log-tcp-options': flag(),
    '--log-ip-options': flag(),
    '--log-uid': flag(),
    '--log-macdecode': flag(),
  },
  NFLOG: {
    '--nflog-prefix': word(),
    '--nflog-group': word(decimal, { standard: ['0'] }),
    '--nflog-range': word(decimal),
    '--nflog-size': word(decimal),
    '--nflog-threshold': word(decimal),
  },
  NFQUEUE: {
    '--queue-num': word(decimal, { standard: ['0'] }),
    '--queue-balance': word(),
    '--queue-bypass': flag(),
    '--queue-cpu-fanout': flag(),
  },
}
