import { type Extension, word } from '../syntax.ts'
import { network } from '../values/address.ts'
import { upperList } from '../values/list.ts'
import { range } from '../values/number.ts'
import { ports } from '../values/port.ts'
import { protocol } from '../values/protocol.ts'

const tracked = word(network)

export const conntrack: Extension = {
  '--ctstate': word(upperList),
  '--ctproto': word(protocol),
  '--ctorigsrc': tracked,
  '--ctorigdst': tracked,
  '--ctreplsrc': tracked,
  '--ctrepldst': tracked,
  '--ctorigsrcport': word(ports),
  '--ctorigdstport': word(ports),
  '--ctreplsrcport': word(ports),
  '--ctrepldstport': word(ports),
  '--ctstatus': word(upperList),
  '--ctexpire': word(text => range(text, 0xffffffff)),
  '--ctdir': word(direction => direction.toUpperCase()),
}

/** The older spelling of `conntrack --ctstate`, which iptables-save keeps apart. */
export const state: Extension = { '--state': word(upperList) }
